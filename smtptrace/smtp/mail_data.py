"""The client's content: up to the end mark after DATA, by count after BDAT, and in between what a gap leaves of it."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from smtptrace import grammar
from smtptrace.smtp.content import Body, DotReader, Fork
from smtptrace.smtp.evidence import choose_end, earlier
from smtptrace.smtp.streams import PATIENCE
from smtptrace.wire import GapReason, Side, Span

if TYPE_CHECKING:
    from smtptrace.smtp.conversation import Conversation
    from smtptrace.smtp.pending import PendingData

Reading = Generator[None, None, None]

_NEW_LINE = frozenset({GapReason.SNAPLEN, GapReason.NOT_LOGGED})
"""Gaps that end with a frame or a row of a log: the next one most likely begins a line."""


def dotted(talk: Conversation, pending: PendingData, *, late: bool = False) -> Reading:
    """Read a content up to its end mark; `late` where its beginning is missing."""
    stream = talk.stream
    start = stream.position
    reader = DotReader(Body(stream.span(start), keep=talk.keep), start)
    if late:
        reader.lose(None, new_line=False)
    over, fork = False, None
    while not (over or reader.ended or fork):
        over = yield from _stretch(talk, pending, reader)
        if not reader.ended:
            reader.rest()
        if reader.forks:
            fork = yield from choose_end(talk, pending, reader)
            reader.give_up_forks()
    _finish(talk, pending, reader, fork)


def _stretch(talk: Conversation, pending: PendingData, reader: DotReader) -> Generator[None, None, bool]:
    """Read until the end mark, or until a fork has to be judged; whether the content is over without either."""
    stream = talk.stream
    while not reader.ended:
        if len(stream):
            if reader.body.gappy and stream.fresh and _over(talk, pending):
                return True
            reader.body.known(stream.exactness(stream.position))
            stream.give_back(reader.feed(stream.take()))
            stream.mark(reader.needed)
            if reader.forks and stream.position - reader.forks[0].stop > PATIENCE:
                return False
        elif stream.exhausted and reader.needed is not None:
            return stream.ended and stream.gap is None
        elif stream.gap is not None:
            _cross(talk, reader)
        elif stream.ended:
            return True
        else:
            yield
    return False


def _cross(talk: Conversation, reader: DotReader) -> None:
    gap = talk.stream.cross()
    reader.lose(gap.size, new_line=gap.reason in _NEW_LINE)
    talk.lose_sight(gap)


def _over(talk: Conversation, pending: PendingData) -> bool:
    """Whether the content ended in a gap: a lone dot or a command begins the frame, or the reply came before it."""
    stream = talk.stream
    ahead = stream.peek(512)
    if ahead[:3] == b".\r\n" and (len(ahead) == 3 or grammar.is_command(ahead[3:])):
        stream.take(3)
        return True
    reply = pending.replies[0] if pending.replies else None
    here = stream.span(stream.position)
    answered = reply is not None and earlier(reply.span, here) is not False
    if grammar.is_command(ahead):
        return answered or talk.unsized
    return answered and reply is not None and reply.code < 300


def _finish(talk: Conversation, pending: PendingData, reader: DotReader, fork: Fork | None) -> None:
    """The content is over: settle where it ended, and tell what was odd about it."""
    stream = talk.stream
    ended, stop, body = reader.ended, stream.position, reader.body
    if fork is not None:
        stream.rewind(fork.stop)
        ended, stop, body = True, fork.start, fork.body
    elif ended:
        stop -= 3
    stream.mark(None)
    talk.adrift = reader.body.gappy and not ended
    _tell(talk, reader, fork, stop)
    pending.exchange.content = body.content(stop, ended=ended)


def _tell(talk: Conversation, reader: DotReader, fork: Fork | None, stop: int) -> None:
    span = reader.body.span

    def where(start: int, stop: int) -> Span:
        return Span(Side.CLIENT, start, stop, span.time_ns, span.frame)

    for kind, at in reader.bare.items():
        if at < stop:
            talk.odd.tell(kind, f"a {kind[-2:].upper()} stands alone in the content", where(at, at + 1))
    if fork is not None:
        told = f"the server took {fork.form} for the end of the content"
        talk.odd.tell("end-of-data-disagreement", told, where(fork.start, fork.stop))
    elif reader.odd_end is not None:
        form, at = reader.odd_end
        told = f"{form} stands in the content, which some servers take for its end"
        talk.odd.tell("end-of-data-disagreement", told, where(at, at + 1))


def counted(talk: Conversation, size: int, bodies: tuple[Body, ...]) -> Reading:
    """Read a chunk of `size` octets into all `bodies` (RFC 3030, 2)."""
    stream = talk.stream
    stop = stream.position + size
    while stream.position < stop:
        if len(stream):
            if talk.unsized and stream.fresh and grammar.is_command(stream.peek(512)):
                break
            exactness, piece = stream.exactness(stream.position), stream.take(stop - stream.position)
            for body in bodies:
                body.known(exactness)
                body.add(piece)
        elif stream.gap is not None:
            gap = stream.cross()
            for body in bodies:
                body.lose(gap.size)
            talk.lose_sight(gap)
        elif stream.ended:
            break
        else:
            yield
    talk.adrift = stream.position < stop
