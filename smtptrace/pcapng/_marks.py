"""What no packet can say of a connection, as one-line comments, and back again.

A mark is `smtptrace: NUMBER KIND JSON`: the number of the connection in its file, what it is, and its fields. It stands
on a packet and tells what came just before that packet's octets. `docs/pcapng.md` describes the kinds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, NamedTuple

from smtptrace.wire import Certificate, Exactness, Gap, GapReason, Irregularity, Note, Secured, Side, Typed

PREFIX = "smtptrace: "
LONGEST = 10_000
"""Characters of one text in a mark; the rest is cut, and a mark at its end says so."""

_MARK = re.compile(r"smtptrace: ([0-9]{1,9}) ([a-z]+) (\{.*\})", re.DOTALL)
_MOST = 100
_PLACE = ("time_ns", "frame")

Marked = Secured | Note | Gap | Typed | Irregularity | Exactness | dict[str, Any]
"""An event; how exact the octets of this packet are; or what is known of the whole connection (kind `connection`)."""


class Mark(NamedTuple):
    """One mark: the number of its connection, its kind, and what it says."""

    number: int
    kind: str
    said: Marked


def written(number: int, said: Marked) -> str:
    """The comment that says it."""
    if isinstance(said, dict):
        kind, facts = "connection", _plain(said)
    elif isinstance(said, Exactness):
        kind, facts = "octets", {"exactness": said.value}
    else:
        kind, facts = type(said).__name__.lower(), _plain(said)
    return f"{PREFIX}{number} {kind} {json.dumps(facts, ensure_ascii=False)}"


def read(comment: str) -> Mark | None:
    """The mark that a comment holds, None where it is no mark or a damaged one."""
    found = _MARK.fullmatch(comment)
    if found is None or found[2] not in _READERS:
        return None
    try:
        said = _READERS[found[2]](json.loads(found[3]))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return None
    return Mark(int(found[1]), found[2], said)


def _plain(value: Any) -> Any:
    """A value as JSON has it: defaults and places left out, octets as characters of the same number."""
    if isinstance(value, str | bytes):
        return _short(value)
    if isinstance(value, Enum):
        return value.name.lower() if isinstance(value, Side) else value.value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value[:_MOST]]
    if is_dataclass(value):
        named = [(each.name, getattr(value, each.name), each.default) for each in fields(value)]
        value = {name: item for name, item, default in named if name not in _PLACE and item != default}
    if isinstance(value, dict):
        return {_short(key): _plain(item) for key, item in list(value.items())[:_MOST]}
    return value


def _short(text: str | bytes) -> str:
    text = text.decode("latin-1") if isinstance(text, bytes) else text
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} [cut]"


def _side(name: str) -> Side:
    return Side[name.upper()]


def _secured(facts: dict[str, Any]) -> Secured:
    certificate, alert = facts.get("certificate"), facts.get("alert")
    return Secured(
        opened=facts.get("opened") is True,
        implicit=facts.get("implicit") is True,
        version=_text(facts, "version"),
        cipher=_text(facts, "cipher"),
        sni=_text(facts, "sni"),
        offered=_texts(facts, "offered"),
        certificate=_certificate(certificate) if certificate else None,
        alert=(_side(alert[0]), str(alert[1])) if alert else None,
        octets_after_alert=_count(facts, "octets_after_alert") or 0,
    )


def _certificate(facts: dict[str, Any]) -> Certificate:
    return Certificate(
        subject=_text(facts, "subject") or "",
        issuer=_text(facts, "issuer") or "",
        names=_texts(facts, "names"),
        not_before_ns=_count(facts, "not_before_ns"),
        not_after_ns=_count(facts, "not_after_ns"),
        sha256=_text(facts, "sha256") or "",
    )


def _note(facts: dict[str, Any]) -> Note:
    return Note(str(facts["text"]))


def _gap(facts: dict[str, Any]) -> Gap:
    return Gap(_side(facts["side"]), _count(facts, "size"), GapReason(facts["reason"]))


def _typed(facts: dict[str, Any]) -> Typed:
    return Typed(facts["raw"].encode("latin-1"), facts["meant"].encode("latin-1"))


def _irregularity(facts: dict[str, Any]) -> Irregularity:
    return Irregularity(str(facts["kind"]), str(facts["detail"]), _side(facts["side"]))


def _octets(facts: dict[str, Any]) -> Exactness:
    return Exactness(facts["exactness"])


def _connection(facts: dict[str, Any]) -> dict[str, Any]:
    return dict(facts)


def _text(facts: dict[str, Any], name: str) -> str | None:
    value = facts.get(name)
    return value if isinstance(value, str) else None


def _texts(facts: dict[str, Any], name: str) -> tuple[str, ...]:
    return tuple(str(each) for each in facts.get(name, ()))


def _count(facts: dict[str, Any], name: str) -> int | None:
    value = facts.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise ValueError(name)
    return value


_READERS: dict[str, Callable[[dict[str, Any]], Marked]] = {
    "connection": _connection,
    "octets": _octets,
    "secured": _secured,
    "note": _note,
    "gap": _gap,
    "typed": _typed,
    "irregularity": _irregularity,
}
