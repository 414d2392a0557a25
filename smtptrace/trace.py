"""The river: the one place that knows the order of the stages."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from smtptrace import sources, tcp, transcripts
from smtptrace.auth import Credential, read_credentials
from smtptrace.diagnosis import Cause, diagnose
from smtptrace.errors import UnreadableError
from smtptrace.findings import Finding, judge
from smtptrace.smtp import Dialogue, Session
from smtptrace.sources import SourceReport
from smtptrace.wire import Connection, Event, Octets, Open, Opening, Origin


@dataclass(slots=True)
class Trace:
    """One session with everything that was concluded from it.

    `digests` are the SHA-256 of the octets seen from client and server, None unless they were asked for.
    """

    session: Session
    credentials: Sequence[Credential] = ()
    findings: Sequence[Finding] = ()
    causes: Sequence[Cause] = ()
    digests: tuple[str, str] | None = None


@dataclass(slots=True)
class Options:
    """How to read; the defaults suit an unattended listing.

    `engine` names a source engine, None lets the format decide. `keep_content` keeps message octets in memory,
    `digests` hashes both streams, `attempts` yields connections without a word as sessions too.
    """

    engine: str | None = None
    keep_content: bool = False
    digests: bool = False
    attempts: bool = False
    limits: tcp.Limits = field(default_factory=tcp.Limits)


def trace_session(session: Session) -> Trace:
    """The session decoded, judged and explained."""
    credentials = read_credentials(session)
    findings = judge(session, credentials)
    return Trace(session, credentials, findings, diagnose(session, credentials, findings))


class _Course:
    """One connection on its way through the stages above the waist."""

    __slots__ = ("_dialogue", "_hashes", "_spoken")

    def __init__(self, connection: Connection, options: Options) -> None:
        self._dialogue = Dialogue(connection, keep_content=options.keep_content)
        self._hashes = (hashlib.sha256(), hashlib.sha256()) if options.digests else None
        self._spoken = False

    def feed(self, events: Sequence[Event]) -> None:
        for event in events:
            self._dialogue.feed(event)
            if type(event) is Octets:
                self._spoken = True
                if self._hashes is not None:
                    self._hashes[event.side].update(event.data)

    def finish(self) -> Trace:
        trace = trace_session(self._dialogue.finish())
        if self._hashes is not None:
            trace.digests = (self._hashes[0].hexdigest(), self._hashes[1].hexdigest())
        return trace

    @property
    def spoken(self) -> bool:
        return self._spoken


class Reading:
    """One input being read: iterate over it for its traces, ask `report` afterwards for what else it held.

    Args:
        path: a file, or "-" for standard input.
        options: how to read.

    Raises:
        UnreadableError: the input cannot be opened, or holds neither packets nor a dialogue.
    """

    def __init__(self, path: str, options: Options | None = None) -> None:
        self.options = options or Options()
        self.input = sources.open_input(path)
        self.report = SourceReport(path=self.input.path)
        self.attempts: Counter[Opening | None] = Counter()
        self.sessions = 0

    def __iter__(self) -> Iterator[Trace]:
        engine = self.options.engine or sources.engine_for(self.input.head)
        for trace in self._packets(engine) if engine else self._text():
            self.sessions += 1
            yield trace

    def _packets(self, engine: str) -> Iterator[Trace]:
        self.report.engine = engine
        origin = Origin(self.input.path, self.report.format)
        segments = sources.ENGINES[engine].segments(self.input.stream, self.report)
        courses: dict[int, _Course] = {}
        for connection, events, ended in tcp.follow(segments, origin, self.options.limits):
            course = courses.get(id(connection))
            if course is None:
                origin.format = self.report.format
                course = courses[id(connection)] = _Course(connection, self.options)
            course.feed(events)
            if ended:
                del courses[id(connection)]
                if course.spoken or self.options.attempts:
                    yield course.finish()
                if not course.spoken:
                    self._count_attempt(events)

    def _count_attempt(self, events: Sequence[Event]) -> None:
        how = next((event.how for event in events if type(event) is Open), None)
        self.attempts[how] += 1

    def _text(self) -> Iterator[Trace]:
        text = self.input.stream.read()
        connections = transcripts.read(text, path=self.input.path)
        self.report.engine = "transcripts"
        self.report.format = connections[0].origin.format if connections else "text"
        if not connections:
            raise UnreadableError(
                f"{self.input.path}: neither a packet capture nor a text with an SMTP dialogue in it; "
                "'smtptrace list --help' names what can be read"
            )
        for connection in connections:
            course = _Course(connection, self.options)
            course.feed(connection.events)
            yield course.finish()


def read(path: str, options: Options | None = None) -> Iterator[Trace]:
    """The traces of a capture or transcript, each as soon as its session ends.

    Raises:
        UnreadableError: the input cannot be opened, holds nothing to read, or is damaged (after what could be read).
    """
    reading = Reading(path, options)
    yield from reading
    if reading.report.damage:
        raise UnreadableError(f"{reading.report.path}: {reading.report.damage}")


def read_text(text: str | bytes) -> tuple[Trace, ...]:
    """The traces of a transcript given as text; empty where it holds no dialogue."""
    octets = text.encode() if isinstance(text, str) else text
    return tuple(_finished(connection) for connection in transcripts.read(octets, path="-"))


def _finished(connection: Connection) -> Trace:
    course = _Course(connection, Options(keep_content=True, digests=True))
    course.feed(connection.events)
    return course.finish()
