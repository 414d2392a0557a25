"""Rules under which two texts of replies are the same: what differs from run to run gets a name (docs/replay.md)."""

from __future__ import annotations

import re

_LONGEST = 4096

RULES: dict[str, tuple[re.Pattern[str], str]] = {
    "time": (
        re.compile(
            r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?[0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{5,8}"
            r"(?: [+-][0-9]{4}| [A-Z]{2,4})?"
            r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{5,8}(?:\.[0-9]{1,9})?Z?"
        ),
        "<time>",
    ),
    "address": (re.compile(r"\[?\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b\]?|\[(?:IPv6:)?[0-9a-fA-F:]{2,39}\]"), "<address>"),
    "message-id": (re.compile(r"<[^<>\s@]{8,200}@[^<>\s]{1,200}>(?= \[?(?:InternalId|Queued))"), "<message-id>"),
    "queue-id": (
        re.compile(
            r"(?i:(?<=queued as )|(?<=id=)|(?<=id ))[A-Za-z0-9-]{6,40}"
            r"|\b(?=[A-Za-z0-9-]*[0-9])(?=[A-Za-z0-9-]*[A-Za-z])[A-Za-z0-9]{6,16}-[A-Za-z0-9]{6,16}-[A-Za-z0-9]{2,4}\b"
        ),
        "<queue-id>",
    ),
    "host": (
        re.compile(r"\b(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z][a-z0-9-]{1,20}\b", re.IGNORECASE),
        "<host>",
    ),
    "size": (
        re.compile(r"(?<![0-9.])[0-9]{3,12}(?:\.[0-9]+)?(?= ?(?:bytes|octets|kb|kib|mb|sec|ms)\b)", re.IGNORECASE),
        "<size>",
    ),
    "space": (re.compile(r"\s+"), " "),
    "case": (re.compile(r".+"), ""),
}
"""Name, what is found and what is put in its place; `case` is done at last."""


def normalised(text: str) -> tuple[str, frozenset[str]]:
    """The text under all rules, and the names of those that changed it."""
    applied = set()
    text = text[:_LONGEST]
    for name, (pattern, place) in RULES.items():
        changed = text.casefold() if name == "case" else pattern.sub(place, text)
        if changed != text:
            applied.add(name)
        text = changed
    return text.strip(), frozenset(applied)


def same(one: str, two: str) -> tuple[bool, tuple[str, ...]]:
    """Whether two texts say the same, and the rules that were needed for it."""
    if one == two:
        return True, ()
    (left, first), (right, second) = normalised(one), normalised(two)
    return left == right, tuple(name for name in RULES if name in first | second)
