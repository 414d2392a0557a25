"""What stands before something said in a log whose form nobody knows: it is learnt from several lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST = 400
CODED = re.compile(rb"[ \t]*\[(?P<code>[2-5][0-5][0-9])\](?P<more>[- ])?[ ]*(?P<text>.*)")
IN_BRACKETS = b"[CODE] "
BRACKETS = re.compile(rb"\[[^\]\s0-9]{1,20}\]|<[^>\s0-9]{1,20}>|\([^)\s0-9]{1,20}\)")

VARYING = re.compile(
    rb"\[[^\]]{1,100}\]|<[^>]{1,100}>|\([^)]{1,200}\)|\{[^}]{1,200}\}|0x[0-9a-fA-F]+"
    rb"|(?<![A-Za-z])(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|SUCCESS)(?![A-Za-z])"
    rb"|[0-9][0-9a-fA-F]*+|[a-fA-F]{1,12}[0-9][0-9a-fA-F]*+|#\w{1,40}"
)
"""What differs from line to line before the same mark: numbers, levels, and whatever stands in brackets."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands before something said: texts with something varying between; `coded` puts the code in brackets."""

    parts: tuple[bytes, ...]
    coded: bool = False

    def match(self, line: bytes) -> tuple[int, list[bytes]] | None:
        """Where the mark ends in a line, and what varies in it; None where the line does not begin with it.

        Without going back: each part is looked for only where the one before it ends.
        """
        if self.coded:
            return (0, []) if CODED.match(line) else None
        at, varying = 0, list[bytes]()
        for number, part in enumerate(self.parts):
            if number:
                found = VARYING.match(line, at, at + LONGEST)
                if found is None:
                    return None
                varying.append(found.group())
                at = found.end()
            if not line.startswith(part, at):
                return None
            at += len(part)
        return at, varying


def template(before: bytes, telling: frozenset[bytes] = frozenset()) -> bytes:
    """What stands before something said, with NUL for what differs; brackets that tell who spoke stay."""
    if before == IN_BRACKETS:
        return before
    return VARYING.sub(lambda found: found[0] if found[0] in telling else b"\0", before)


def mark(of: bytes) -> Mark:
    """The mark of a template."""
    return Mark((), coded=True) if of == IN_BRACKETS else Mark(tuple(of.split(b"\0")))


def telling(places: Iterable[tuple[bytes, bool]]) -> frozenset[bytes]:
    """The brackets that stand before replies alone or before commands alone, such as `[rx]` and `[tx]`.

    Args:
        places: what stands before something said, and whether that is a reply.
    """
    replies, commands = Counter[bytes](), Counter[bytes]()
    for before, is_reply in places:
        (replies if is_reply else commands).update(set(BRACKETS.findall(before)))
    apart = (replies.keys() - commands.keys(), commands.keys() - replies.keys())
    return frozenset(apart[0] | apart[1]) if all(apart) else frozenset()
