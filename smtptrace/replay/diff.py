"""Two sessions side by side, matched by what their commands mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from smtptrace.replay.normal import same
from smtptrace.replay.report import said_object, text
from smtptrace.replay.script import Said
from smtptrace.smtp import AuthExchange, DataExchange, Exchange, Reply, Session
from smtptrace.trace import Trace

SCHEMA = "smtptrace.diff/1"

_SAME_PURPOSE = {"HELO": "EHLO", "LHLO": "EHLO", "X-EXPS": "AUTH", "BDAT": "DATA", None: "*"}
_MOST = 2000
"""Exchanges of a session that are matched; matching takes time that grows with their product."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One command (the greeting has none) with its reply, and what it means.

    `counted` are facts of which a difference is one of the sessions, `named` those that differ from client to client.
    """

    verb: str
    sent: str = ""
    said: Said | None = None
    frame: int | None = None
    counted: dict[str, str] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two turns that mean the same, or one that the other session does not have.

    `differences` are those that count, `remarks` those that do not.
    """

    left: Turn | None
    right: Turn | None
    differences: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def pairs(left: Trace, right: Trace) -> tuple[Pair, ...]:
    """The turns of both sessions in order; the traces are masked or revealed beforehand."""
    one, two = _turns(left), _turns(right)
    matcher = SequenceMatcher(None, [_key(turn) for turn in one], [_key(turn) for turn in two], autojunk=False)
    found: list[Pair] = []
    for kind, start, stop, first, last in matcher.get_opcodes():
        if kind == "equal":
            found += [_pair(a, b) for a, b in zip(one[start:stop], two[first:last], strict=True)]
        else:
            found += [Pair(turn, None, ("only on the left",)) for turn in one[start:stop]]
            found += [Pair(None, turn, ("only on the right",)) for turn in two[first:last]]
    return tuple(found)


def _key(turn: Turn) -> str:
    return _SAME_PURPOSE.get(turn.verb, turn.verb)


def _turns(trace: Trace) -> list[Turn]:
    session = trace.session
    found = [Turn("greeting", said=_said(session.greeting, None), counted=_tls_at_once(session))]
    return found + [_turn(each, trace) for each in session.exchanges[:_MOST] if each.command]


def _tls_at_once(session: Session) -> dict[str, str]:
    return {"TLS": "from the beginning" if session.tls and session.tls.implicit else "none"}


def _turn(exchange: Exchange, trace: Trace) -> Turn:
    command = exchange.command
    assert command is not None
    counted: dict[str, str] = {}
    named: dict[str, str] = {}
    if command.verb in ("AUTH", "X-EXPS", "MAIL"):
        counted["TLS"] = "inside" if exchange.tls else "none"
    if command.verb in ("MAIL", "RCPT"):
        path, _, parameters = text(command.argument).partition(">")
        named["path"] = path.partition("<")[2]
        counted["parameters"] = " ".join(sorted(word.partition("=")[0].upper() for word in parameters.split()))
    elif command.verb in ("EHLO", "HELO", "LHLO"):
        counted["verb"], named["name"] = command.verb, text(command.argument)
    elif isinstance(exchange, AuthExchange):
        counted |= _login(exchange, trace, named)
    elif isinstance(exchange, DataExchange) and exchange.content:
        counted["verb"], named["octets"] = str(command.verb), str(exchange.content.seen)
    said = _said(exchange.reply, exchange.latency_ns)
    return Turn(command.verb or "*", text(command.line), said, command.span.frame, counted, named)


def _login(exchange: AuthExchange, trace: Trace, named: dict[str, str]) -> dict[str, str]:
    """How the login was made; who logged in goes to `named`."""
    start = exchange.command.span.start if exchange.command else None
    login = next((each for each in trace.credentials if each.span and each.span.start == start), None)
    if login is not None:
        named["user"] = login.authcid or ""
    return {
        "mechanism": exchange.mechanism,
        "initial response": "yes" if exchange.initial is not None else "no",
        "problems": ", ".join(login.problems) if login else "",
    }


def _said(reply: Reply | None, latency_ns: int | None) -> Said | None:
    return None if reply is None else Said(reply.code, tuple(reply.lines), latency_ns)


def _pair(left: Turn, right: Turn) -> Pair:
    differences = [*_facts(left.counted, right.counted), *_replies(left.said, right.said)]
    if left.verb in ("EHLO", "HELO"):
        differences += _offers(left.said, right.said)
    remarks = [*_facts(left.named, right.named), *_texts(left, right)]
    return Pair(left, right, tuple(differences), tuple(remarks))


def _facts(one: dict[str, str], two: dict[str, str]) -> Iterator[str]:
    for name in dict.fromkeys((*one, *two)):
        left, right = one.get(name, ""), two.get(name, "")
        if left != right:
            yield f"{name}: {left or 'none'} | {right or 'none'}"


def _replies(one: Said | None, two: Said | None) -> Iterator[str]:
    """Codes that differ; an enhanced code that one server does not use is no difference by itself."""
    left, right = _code(one), _code(two)
    if one and two and one.code == two.code and None in (one.enhanced, two.enhanced):
        return
    if left != right:
        yield f"reply: {left} | {right}"


def _code(said: Said | None) -> str:
    return "none" if said is None else f"{said.code} {said.enhanced or ''}".strip()


def _offers(one: Said | None, two: Said | None) -> Iterator[str]:
    left, right = _extensions(one), _extensions(two)
    if left - right:
        yield f"offered on the left only: {', '.join(sorted(left - right))}"
    if right - left:
        yield f"offered on the right only: {', '.join(sorted(right - left))}"


def _extensions(said: Said | None) -> set[str]:
    return set() if said is None else {text(line[4:]).strip().upper() for line in said.lines[1:]}


def _texts(left: Turn, right: Turn) -> Iterator[str]:
    """Whether the texts of the replies say something else, where the codes do not already."""
    one, two = left.said, right.said
    if one is None or two is None or one.code != two.code or left.verb in ("EHLO", "HELO", "greeting"):
        return
    if not same("\n".join(map(text, one.texts)), "\n".join(map(text, two.texts)))[0]:
        yield f"text: {text(one.lines[-1][4:])} | {text(two.lines[-1][4:])}"


def diff_object(found: Sequence[Pair], left: dict[str, str], right: dict[str, str]) -> dict[str, Any]:
    """The pairs as plain values; `left` and `right` name file and session."""
    rows = [
        {
            "left": _turn_object(pair.left),
            "right": _turn_object(pair.right),
            "differences": list(pair.differences),
            "remarks": list(pair.remarks),
        }
        for pair in found
    ]
    first = next((at for at, pair in enumerate(found, 1) if pair.differences), None)
    return {
        "schema": SCHEMA,
        "left": left,
        "right": right,
        "same": first is None,
        "first_difference": first,
        "rows": rows,
    }


def _turn_object(turn: Turn | None) -> dict[str, Any] | None:
    if turn is None:
        return None
    verb = None if turn.verb == "greeting" else turn.verb
    return {"verb": verb, "sent": turn.sent or None, "reply": said_object(turn.said), "frame": turn.frame}
