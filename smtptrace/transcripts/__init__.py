"""Text <-> Connection: one dialect a file, found by content.

The contract of a dialect module:

    `HIDES: frozenset[str]`
        what it does not show, in words of `HIDDEN`.
    `MARK: re.Pattern[bytes] | None`
        what its lines begin with, for telling where in a text it stands; None for a dialect without marks, which is
        asked about every stretch of text.
    `def confidence(text: Text) -> float`
        how sure it is that the text is its own, 0 (not at all) to 1.
    `def read(text: Text) -> Iterable[Connection]`
        the connections, each as soon as it is over; never raises for what stands in the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import tzinfo

from smtptrace._registry import Registry
from smtptrace.transcripts import _envelope, _regions
from smtptrace.transcripts._text import Text, parts, source_lines
from smtptrace.wire import Connection, Octets

__all__ = ["DIALECTS", "HIDDEN", "read", "recognise", "source_lines", "stream"]

DIALECTS = Registry(__name__)

HIDDEN = frozenset("line-ends greeting commands replies content credentials closing tls times endpoints".split())
"""What dialects may hide: line ends, the greeting, what the client or the server says at all, the octets of content,
the secrets of AUTH, the end (QUIT), where TLS begins, when and between whom it was said."""

LAST_RESORT = "bare"


def read(raw: bytes, *, path: str = "-", zone: tzinfo | None = None, year: int | None = None) -> tuple[Connection, ...]:
    """The connections that a text shows, in the order they stand in it; none where it shows no dialogue.

    Args:
        raw: the text as stored.
        path: its name, for the origin.
        zone: the time zone to assume for stamps that have none; without it they only count from the first.
        year: the year to assume for stamps that have none.
    """
    return tuple(stream(raw, path=path, zone=zone, year=year))


def stream(raw: bytes, *, path: str = "-", zone: tzinfo | None = None, year: int | None = None) -> Iterator[Connection]:
    """The same, each connection as soon as it is over; many that are interleaved come in the order they end."""
    texts = list(parts(raw, path=path, zone=zone, year=year))
    found = (connection for text in texts for connection in _read_part(text))
    silent: list[Connection] = []
    for connection in found:
        if _tells(connection):
            yield from silent
            yield connection
            yield from found
            return
        silent.append(connection)
    yield from _last_resort(texts, silent)


def _last_resort(texts: Iterable[Text], silent: Sequence[Connection]) -> Iterable[Connection]:
    """What a text without a dialogue tells: what it quotes, unless all it tells is that a server was called."""
    lone = [connection for text in texts for connection in DIALECTS[LAST_RESORT].read(text)]
    names_server = any(connection.server.host for connection in silent)
    return silent if names_server and not any(map(_says, lone)) else lone or silent


def _tells(connection: Connection) -> bool:
    """Whether it shows something said, or is certain to be all there is."""
    return connection.origin.confidence == 1.0 or _says(connection)


def _says(connection: Connection) -> bool:
    return any(isinstance(event, Octets) for event in connection.events)


def recognise(text: Text, names: Iterable[str] | None = None) -> list[tuple[float, str]]:
    """The dialects that a text may be written in with their confidence, the surest first."""
    rated = ((DIALECTS[name].confidence(text), name) for name in (DIALECTS.names() if names is None else names))
    return sorted((rating for rating in rated if rating[0] > 0), key=lambda rating: (-rating[0], rating[1]))


def _read_part(text: Text) -> Iterator[Connection]:
    marks = {name: DIALECTS[name].MARK for name in DIALECTS if DIALECTS[name].MARK is not None}
    plain = frozenset(DIALECTS.names()) - marks.keys() - {LAST_RESORT}
    text = _envelope.opened(text, _regions.anything(marks))
    for stretch, agreed in _regions.regions(text, marks):
        yield from _read_stretch(stretch, agreed | plain)


def _read_stretch(text: Text, names: Iterable[str]) -> Iterator[Connection]:
    """The connections in the surest dialect that finds any."""
    for rating, name in recognise(text, names):
        found: Iterator[Connection] = iter(DIALECTS[name].read(replace(text, confidence=round(rating, 3))))
        first = next(found, None)
        if first is not None:
            yield first
            yield from found
            return
