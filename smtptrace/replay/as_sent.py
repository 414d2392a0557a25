"""Session -> steps as they were sent: the client's octets, typing errors and all, and what it waited for."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from smtptrace import masks
from smtptrace.auth import Credential, read_credentials, stray_spans
from smtptrace.clean import clear_octets, dialogue_begins
from smtptrace.replay.expect import directions
from smtptrace.replay.script import ABSENT, act_of, fields_in, fields_of, framed, greeting_of, login_as, said
from smtptrace.replay.step import Act, LoginAs, NotPlayableError, Said, Script, Step
from smtptrace.replay.timing import Part, Timeline
from smtptrace.secret import MASK
from smtptrace.smtp import AuthExchange, DataExchange, Exchange, Reply, read_session
from smtptrace.trace import Trace
from smtptrace.wire import Event, Exactness, Gap, Octets, Side, Span

_END = re.compile(rb"\.(?:\r\n|\n|\r)")
"""What ends a message, in the forms that some server takes for it."""


def script_as_sent(trace: Trace, name: str, *, recorded: bool = False) -> Script:
    """The steps of a session with its very octets; the trace must hold the events of its connection and no masks.

    Logins are steps without octets, for they are made anew, unless `recorded` says that those of the trace are wanted.

    Raises:
        NotPlayableError: octets of commands are missing, or there are several replies to one message.
        UsageError: an expectation cannot be read.
    """
    script = framed(trace, name, lambda: _Reader(trace, name, recorded).steps())
    supplied = any(
        isinstance(event, Octets) and event.side is Side.CLIENT and event.exactness is Exactness.LINE_END_SUPPLIED
        for event in trace.session.connection.events
    )
    notes = [script.unread] if script.unread else []
    notes += ["the source keeps no line ends, CRLF is sent"] if supplied else []
    return replace(script, unread="; ".join(notes))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an exchange stands in the client's stream: cut into what was sent up to each reply."""

    exchange: Exchange
    starts: tuple[int, ...]
    stop: int
    replies: tuple[Reply | None, ...]


class _Reader:
    """Cuts the stream of the client at its commands; no octet of it is left out."""

    def __init__(self, trace: Trace, name: str, recorded: bool) -> None:
        connection = trace.session.connection
        self._name = name
        self._recorded = recorded
        self._session = read_session(connection, keep_content=True)
        self._timeline = Timeline(connection)
        self._directions = directions(connection, self._session)
        self._fields = fields_of(connection)
        self._logins = {each.span.start: each for each in read_credentials(self._session) if each.span}
        self._secrets = _merged([*_secret_spans(self._logins.values()), *stray_spans(self._session)])
        self._forms = sorted(masks.secret_forms(self._logins.values()), key=len, reverse=True)
        self._gaps, self._sent = _gaps(connection.events)
        self._limit = min(clear_octets(self._session), self._sent)
        self._end = dialogue_begins(self._session)
        self._due: deque[int] = deque()

    def steps(self) -> Iterator[Step]:
        """The greeting, each exchange, and what the client had begun to say at its end."""
        yield greeting_of(self._session, self._directions)
        self._await(self._session.greeting)
        for at, place in self._places():
            yield self._step(at, place)
        rest = self._rest()
        if rest is not None:
            yield rest

    def _places(self) -> Iterator[tuple[int, _Place]]:
        for at, exchange in enumerate(self._session.exchanges):
            if exchange.command is not None and exchange.command.span.start < self._limit:
                starts, stop, replies = _cut(exchange, self._timeline)
                yield at, _Place(exchange, (self._end, *starts), stop, replies)
                self._end = stop

    def _step(self, at: int, place: _Place) -> Step:
        exchange = place.exchange
        command = exchange.command
        assert command is not None
        if len(exchange.replies) > 1:
            raise NotPlayableError(f"session {self._name}: one message has several replies: it is played as meant only")
        login = self._login(at, exchange) if isinstance(exchange, AuthExchange) else None
        anew = login is not None and not self._recorded
        content = exchange.content if isinstance(exchange, DataExchange) else None
        absent = content is not None and (content.data in (None, ABSENT) or not content.complete)
        if absent and command.verb == "BDAT":
            raise NotPlayableError(f"session {self._name}: a chunk is not all in the recording")
        parts = self._parts(place, alone=anew or command.verb == "STARTTLS")
        self._whole(place, content.span if content and absent else None)
        return Step(
            Act.AUTH if login else act_of(command),
            command.verb or "*",
            b"" if login else self._shown(command.line, command.span.start),
            login is None and command.exactness is Exactness.MASKED,
            self._said(place.replies[-1], exchange.latency_ns),
            self._said(exchange.intermediate) if isinstance(exchange, DataExchange) else None,
            self._directions.expects.get(at),
            login,
            None if content is None or absent else content.data,
            absent,
            frame=command.span.frame,
            parts=() if anew else parts[:1] if absent else parts,
            pause_ns=self._timeline.pause_ns(command.span.start),
            captures=self._directions.captures.get(at, ()),
            fields=fields_in(content.data, self._fields) if content and command.verb == "DATA" else frozenset(),
            leaks=login is None and not self._recorded and self._bears(place.starts[0], place.stop),
            bears=not anew and self._bears(place.starts[0], place.stop),
        )

    def _login(self, at: int, exchange: AuthExchange) -> LoginAs | None:
        start = exchange.command.span.start if exchange.command else -1
        return login_as(exchange, self._logins.get(start), self._directions.logins.get(at, ""))

    def _parts(self, place: _Place, *, alone: bool) -> tuple[Part, ...]:
        """The octets up to each reply; after what has to be waited for (`alone`), nothing is owed any more."""
        stops = (*place.starts[1:], place.stop)
        parts = []
        for start, stop, reply in zip(place.starts, stops, place.replies, strict=True):
            parts.append(Part(self._timeline.pieces(start, stop), self._owed(start)))
            self._await(reply)
        if alone:
            self._due.clear()
        return tuple(parts)

    def _owed(self, start: int) -> int:
        """How many replies had not come when the octet at `start` was sent."""
        first = self._timeline.sent(start)
        while self._due and self._due[0] <= first:
            self._due.popleft()
        return len(self._due)

    def _await(self, reply: Reply | None) -> None:
        if reply is not None:
            self._due.append(self._timeline.come(reply.span.stop))

    def _whole(self, place: _Place, absent: Span | None) -> None:
        """See that no octet is missing but those of a message that is given anew."""
        lost = [gap for gap in self._gaps if place.starts[0] <= gap < place.stop]
        if any(absent is None or not absent.start <= gap <= absent.stop for gap in lost):
            raise NotPlayableError(
                f"session {self._name}: octets of the client are missing: it is played as meant only"
            )

    def _bears(self, start: int, stop: int) -> bool:
        """Whether a secret stands there: where it was said as one, or again in any form."""
        octets = b"".join(piece.octets for piece in self._timeline.pieces(start, stop))
        said_there = any(first < stop and start < last for first, last in self._secrets)
        return said_there or any(form in octets for form in self._forms)

    def _shown(self, line: bytes, start: int) -> bytes:
        """A line as it may be shown; it is sent by its parts."""
        for first, last in reversed(self._secrets):
            if first < start + len(line) and start < last:
                line = line[: max(first - start, 0)] + MASK.encode() + line[last - start :]
        return self._without_forms(line)

    def _said(self, reply: Reply | None, latency_ns: int | None = None) -> Said | None:
        """A reply as it may be shown: servers repeat what they refuse."""
        found = said(reply, latency_ns)
        return found and replace(found, lines=tuple(map(self._without_forms, found.lines)))

    def _without_forms(self, line: bytes) -> bytes:
        for form in self._forms:
            line = line.replace(form, MASK.encode())
        return line

    def _rest(self) -> Step | None:
        """What stands behind the last exchange: a line that never ended, so that no reply is due."""
        pieces = self._timeline.pieces(self._end, self._limit)
        if not pieces:
            return None
        part = Part(pieces, self._owed(self._end))
        line = self._shown(part.octets.rstrip(b"\r\n"), self._end)
        bears = self._bears(self._end, self._limit)
        return Step(Act.OTHER, "*", line, parts=(part,), leaks=bears and not self._recorded, bears=bears)


def _cut(exchange: Exchange, timeline: Timeline) -> tuple[tuple[int, ...], int, tuple[Reply | None, ...]]:
    """Where what followed a reply within the exchange begins, where the exchange ends, and the replies."""
    command = exchange.command
    assert command is not None
    if isinstance(exchange, AuthExchange):
        spans = [each.response_span for each in exchange.rounds if each.response is not None and each.response_span]
        challenges = [each.challenge for each in exchange.rounds][: len(spans)]
        stop = max([command.span.stop, *(span.stop for span in spans)])
        return tuple(span.start for span in spans), stop, (*challenges, exchange.reply)
    if not isinstance(exchange, DataExchange):
        return (), command.span.stop, (exchange.reply,)
    content = exchange.content
    if content is None or content.span is None:
        return (), command.span.stop, (exchange.reply or exchange.intermediate,)
    if command.verb == "BDAT":
        return (), content.span.stop, (exchange.reply,)
    start, stop = content.span.start, content.span.stop
    end = _END.match(b"".join(piece.octets for piece in timeline.pieces(stop, stop + 3)))
    return (start,), stop + (end.end() if end else 0), (exchange.intermediate, exchange.reply)


def _secret_spans(credentials: Iterable[Credential]) -> Iterator[Span]:
    return (span for each in credentials for span in each.secret_spans if span.side is Side.CLIENT)


def _merged(spans: Sequence[Span]) -> tuple[tuple[int, int], ...]:
    return tuple(sorted({(span.start, span.stop) for span in spans}))


def _gaps(events: Iterable[Event]) -> tuple[list[int], int]:
    """Where octets of the client are missing, and how many there are in all."""
    gaps, at = [], 0
    for event in events:
        if isinstance(event, Octets) and event.side is Side.CLIENT:
            at += len(event.data)
        elif isinstance(event, Gap) and event.side is Side.CLIENT:
            gaps.append(at)
            at += event.size or 0
    return gaps, at
