"""Base64 that a page or a document wrapped, put together again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from smtptrace.transcripts._source import Line

PIECE = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
CALLED = re.compile(rb"(?P<head>(?:334|(?:AUTH|X-EXPS)[ \t]+[\w-]+)[ \t]*)(?P<piece>[A-Za-z0-9+/]*={0,2})", re.I)
REPLY = re.compile(rb"[2-5][0-9][0-9](?:[ -]|$)")
TOKEN = re.compile(rb"TlRMTVNTUA|YII|YH|oY|oI")
"""How NTLM, Kerberos and SPNEGO messages begin."""

NARROWEST = 56
"""Characters below which nobody wraps a line."""

LONGEST = 16384
"""Octets of a line that are put together from pieces; an AUTH line has 12288 (RFC 4954, 4)."""

SLACK = 8
"""Characters by which the first piece may be shorter, for what stands before it."""


def goes_on(said: bytes, line: bytes) -> bool:
    """Whether a line without a mark goes on with the base64 of what was said above it, in AUTH."""
    if len(said) > LONGEST or not PIECE.fullmatch(line.strip()):
        return False
    called = CALLED.fullmatch(said)
    piece = called["piece"] if called else said
    empty = called is not None and not piece and said[:3] == b"334"
    whole = len(piece) < NARROWEST or piece.endswith(b"=") or not PIECE.fullmatch(piece)
    return empty or not whole


def joined(said: bytes, line: bytes) -> bytes:
    """Both pieces as one line."""
    return said.rstrip() + (b" " if said[:3] == b"334" and len(said.rstrip()) == 3 else b"") + line.strip()


def unfolded(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines of a dialogue without marks, with those put together that are the pieces of one challenge or response.

    A challenge and the response to it stand below each other, so the pieces are counted: what follows 334 up to the
    next reply is one line in a dialogue that nobody wrapped.
    """
    held: list[Line] = []
    for line in lines:
        if held and PIECE.fullmatch(line.data.strip()):
            held.append(line)
            continue
        yield from _put_together(held) if held and REPLY.match(line.data) else held
        held = [line] if CALLED.fullmatch(line.data) else []
        if not held:
            yield line
    yield from held


def _put_together(lines: Sequence[Line]) -> Sequence[Line]:
    """The lines of a round: the challenge and the response, or AUTH with its argument."""
    opened = CALLED.fullmatch(lines[0].data)
    width = max(len(line.data.strip()) for line in lines)
    if opened is None or len(lines) < 2 or width < NARROWEST:
        return lines
    challenges = opened["head"][:3] == b"334"
    groups = _groups(lines, width, challenges and bool(opened["piece"]))
    if challenges and not opened["piece"] and len(groups) == 3:
        groups = [[*groups[0], *groups[1]], groups[2]]
    if len(groups) != (2 if challenges else 1):
        return lines
    return [_one(group) for group in groups]


def _groups(lines: Sequence[Line], width: int, wrapped: bool) -> list[list[Line]]:
    """The pieces that belong together: each but the last of them is as wide as the widest."""
    groups = [[lines[0]]]
    first = CALLED.fullmatch(lines[0].data)
    full = wrapped or (first is not None and first["head"][:3] != b"334" and bool(first["piece"]))
    full = full and len(lines[0].data) + SLACK >= width and not lines[0].data.endswith(b"=")
    for line in lines[1:]:
        piece = line.data.strip()
        if full and not TOKEN.match(piece):
            groups[-1].append(line)
        else:
            groups.append([line])
        full = len(piece) + SLACK >= width and not piece.endswith(b"=")
    return groups


def _one(lines: Sequence[Line]) -> Line:
    said = lines[0].data
    for line in lines[1:]:
        said = joined(said, line.data)
    return lines[0]._replace(data=said)
