"""The river: the one place that knows the order of the stages."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from itertools import chain
from typing import BinaryIO

from smtptrace import sources, tcp, timeline
from smtptrace.auth import Credential, read_credentials
from smtptrace.citing import cited
from smtptrace.diagnosis import Cause, diagnose
from smtptrace.errors import UnreadableError
from smtptrace.findings import Finding, judge
from smtptrace.opening import opened
from smtptrace.segment import Segment
from smtptrace.smtp import Dialogue, Session
from smtptrace.sources import SourceReport
from smtptrace.tls import KeyLog, marks
from smtptrace.wire import PART_BITS, Connection, Event, Gap, Octets, Open, Opening, Origin

_LONGEST_TEXT = 512 * 1024 * 1024
"""Octets of a text that are read; a transcript is held in memory as a whole."""


@dataclass(slots=True)
class Trace:
    """One session with everything that was concluded from it.

    `digests` are the SHA-256 of the octets seen from client and server, None unless they were asked for. `attempt`
    says what came of a connection in which no word was seen: "refused", "no-answer", "silent-server", or
    "headers-only" where there were words and none of them is in the capture; None for a session.
    """

    session: Session
    credentials: Sequence[Credential] = ()
    findings: Sequence[Finding] = ()
    causes: Sequence[Cause] = ()
    digests: tuple[str, str] | None = None
    attempt: str | None = None


@dataclass(slots=True)
class Options:
    """How to read; the defaults suit an unattended listing.

    `engine` names a source engine, None lets the format decide; `keylog` is a file of TLS keys. `keep_content` keeps
    message octets in memory, `keep_events` the events of each connection in it, `digests` hashes both streams,
    `attempts` yields connections without a word as sessions too. `silence_s` reports stretches without a packet.
    `assume_tz` and `assume_year` complete the times of texts, `clock_offsets` are nanoseconds to add by file.
    """

    engine: str | None = None
    keylog: str | None = None
    keep_content: bool = False
    keep_events: bool = False
    digests: bool = False
    attempts: bool = False
    silence_s: float | None = None
    assume_tz: tzinfo | None = None
    assume_year: int | None = None
    clock_offsets: dict[str, int] = field(default_factory=dict)
    limits: tcp.Limits = field(default_factory=tcp.Limits)


def trace_session(session: Session) -> Trace:
    """The session decoded, judged and explained."""
    credentials = read_credentials(session)
    findings = judge(session, credentials)
    return Trace(session, credentials, findings, diagnose(session, credentials, findings))


class Course:
    """One connection on its way through the stages above the waist; `spoken` tells whether a word was seen of it."""

    __slots__ = ("_dialogue", "_events", "_hashes", "_lost", "_opening", "spoken")

    def __init__(self, connection: Connection, options: Options) -> None:
        self._dialogue = Dialogue(connection, keep_content=options.keep_content)
        self._events: list[Event] | None = [] if options.keep_events else None
        self._hashes = (hashlib.sha256(), hashlib.sha256()) if options.digests else None
        self.spoken = False
        self._lost = False
        self._opening: Opening | None = None

    def feed(self, events: Sequence[Event]) -> None:
        """Take the next events."""
        if self._events is not None:
            self._events.extend(events)
        for event in events:
            self._dialogue.feed(event)
            if type(event) is Octets:
                self.spoken = True
                if self._hashes is not None:
                    self._hashes[event.side].update(event.data)
            elif type(event) is Open:
                self._opening = event.how
            elif type(event) is Gap and event.size:
                self._lost = True

    @property
    def attempt(self) -> str | None:
        """What came of the connection if no word was seen, see `Trace`."""
        if self.spoken:
            return None
        if self._lost:
            return "headers-only"
        return "silent-server" if self._opening in (None, Opening.SYN_SEEN) else self._opening.value

    def so_far(self) -> Trace:
        """What is known of a session that goes on; nothing is judged while a login waits for its reply."""
        session = self._dialogue.so_far()
        if any(login.reply is None for login in session.authentications[-1:]):
            return Trace(session, read_credentials(session))
        return trace_session(session)

    def finish(self) -> Trace:
        """The whole session, judged."""
        session = self._dialogue.finish()
        if self._events is not None:
            session.connection.events = self._events
        trace = trace_session(session)
        if self._hashes is not None:
            trace.digests = (self._hashes[0].hexdigest(), self._hashes[1].hexdigest())
        return trace


@dataclass(slots=True)
class Part:
    """One file of a reading: its octets, what it says of itself, and by how much its times were moved.

    `sha256` (as stored) and `content_sha256` (as decompressed) are known when it was read to its end; `changed` tells
    whether the file became another meanwhile.
    """

    input: sources.Input
    report: SourceReport
    clock_offset_ns: int = 0
    sha256: str | None = None
    content_sha256: str | None = None
    changed: bool = False

    def close(self, *, whole: bool) -> None:
        """Settle the digests if it was read as a whole, and close the file."""
        if whole:
            self.sha256, self.content_sha256 = self.input.sha256(), self.input.content_sha256()
            self.changed = self.input.changed()
        self.input.close()


class Reading:
    """One input being read, or several as one timeline: iterate for the traces, then ask what else there was.

    `attempts` counts connections without a word by what came of them (see `Trace.attempt`), `silences` are (from, to)
    in nanoseconds.

    Args:
        paths: a file ("-" for standard input), or the files of one timeline.
        options: how to read.

    Raises:
        UnreadableError: an input cannot be opened, or holds neither packets nor a dialogue.
    """

    def __init__(self, paths: Sequence[str], options: Options | None = None) -> None:
        self.options = options or Options()
        self.parts: list[Part] = []
        try:
            self.parts.extend(self._open(path) for path in paths)
        except UnreadableError:
            for part in self.parts:
                part.close(whole=False)
            raise
        self.attempts: Counter[str] = Counter()
        self.silences: list[tuple[int, int]] = []
        self.sessions = 0

    def _open(self, path: str) -> Part:
        source = sources.open_input(path)
        return Part(source, SourceReport(path=source.path), self.options.clock_offsets.get(path, 0))

    def __iter__(self) -> Iterator[Trace]:
        whole = False
        try:
            for trace in self._read():
                self.sessions += trace.attempt is None
                yield trace
            whole = True
        finally:
            for part in self.parts:
                part.close(whole=whole)

    def _read(self) -> Iterator[Trace]:
        engines = [self.options.engine or sources.engine_for(part.input.head) for part in self.parts]
        if any(engines):
            yield from self._packets(engines)
        else:
            for part in self.parts:
                yield from self._text(part)

    def damage(self) -> Iterator[str]:
        """One line for each part that could not be read to its end."""
        for part in self.parts:
            problem = part.report.damage or part.input.damage
            if problem:
                yield problem if problem.startswith(part.report.path) else f"{part.report.path}: {problem}"

    def _packets(self, engines: Sequence[str | None]) -> Iterator[Trace]:
        origin = Origin(self.parts[0].report.path, "")
        if len(self.parts) > 1:
            origin.parts = tuple(part.report.path for part in self.parts)
        origin.clock_offsets = self._clock_offsets()
        for part, engine in zip(self.parts, engines, strict=True):
            if engine is None:
                raise UnreadableError(f"{part.report.path}: no packet capture, as the other parts of the timeline are")
            part.report.engine = engine
        segments = timeline.of([self._segments(part.input.stream, part, part.report) for part in self.parts])
        if self.options.silence_s is not None:
            segments = timeline.watched(segments, round(self.options.silence_s * 1e9), self.silences)
        keys = self._keys()
        limits = replace(self.options.limits, ordered=self.options.keep_events, sealed=lambda: bool(keys))
        batches = marks.restore(tcp.follow(segments, origin, limits), self._marks)
        courses: dict[int, Course] = {}
        for connection, events, ended in opened(batches, keys):
            course = courses.get(id(connection))
            if course is None:
                connection.origin.format = self.parts[0].report.format
                course = courses[id(connection)] = Course(connection, self.options)
            course.feed(events)
            if ended:
                del courses[id(connection)]
                yield from self._ended(course)

    def _clock_offsets(self) -> tuple[int, ...]:
        offsets = tuple(part.clock_offset_ns for part in self.parts)
        return offsets if any(offsets) else ()

    def _segments(self, stream: BinaryIO, part: Part, report: SourceReport) -> Iterator[Segment]:
        segments: Iterator[Segment] = sources.ENGINES[part.report.engine].segments(stream, report)
        return timeline.moved(segments, part.clock_offset_ns) if part.clock_offset_ns else segments

    def _keys(self) -> KeyLog:
        """The key log that was given, and those inside the parts as far as they have been read."""
        given = [sources.read_key_log(self.options.keylog)] if self.options.keylog else []
        return KeyLog(lambda: [*given, *(key for part in self.parts for key in part.report.tls_keys)])

    def _marks(self) -> Iterator[tuple[int, str]]:
        for at, part in enumerate(self.parts):
            while part.report.marks:
                frame, comment = part.report.marks.popleft()
                yield (at << PART_BITS) + frame, comment

    def _ended(self, course: Course) -> Iterator[Trace]:
        attempt = course.attempt
        if attempt is not None:
            self.attempts[attempt] += 1
        if attempt is None or self.options.attempts:
            trace = course.finish()
            trace.attempt = attempt
            yield trace

    def _text(self, part: Part) -> Iterator[Trace]:
        from smtptrace import transcripts

        text = part.input.octets(_LONGEST_TEXT)
        options = self.options
        found = transcripts.stream(text, path=part.input.path, zone=options.assume_tz, year=options.assume_year)
        first = next(found, None)
        part.report.engine = "transcripts"
        part.report.format = first.origin.format if first else "text"
        if first is None:
            what = "neither a packet capture nor a text with an SMTP dialogue in it" if text else "empty"
            raise UnreadableError(f"{part.input.path}: {what}; 'smtptrace list --help' names what can be read")
        lines = transcripts.source_lines(text)
        for connection in chain((first,), found):
            if part.clock_offset_ns:
                connection = timeline.moved_connection(connection, part.clock_offset_ns)  # noqa: PLW2901
                connection.origin = replace(connection.origin, clock_offsets=(part.clock_offset_ns,))
            yield _told(connection, self.options, lines)


def read(path: str, options: Options | None = None) -> Iterator[Trace]:
    """The traces of a capture or transcript, each as soon as its session ends.

    Raises:
        UnreadableError: the input cannot be opened, holds nothing to read, or is damaged (after what could be read).
    """
    reading = Reading((path,), options)
    yield from reading
    for problem in reading.damage():
        raise UnreadableError(problem)


def read_text(text: str | bytes) -> tuple[Trace, ...]:
    """The traces of a transcript given as text; empty where it holds no dialogue."""
    from smtptrace import transcripts

    octets = text.encode() if isinstance(text, str) else text
    options = Options(keep_content=True, digests=True)
    lines = transcripts.source_lines(octets)
    return tuple(_told(connection, options, lines) for connection in transcripts.read(octets, path="-"))


def _told(connection: Connection, options: Options, lines: Sequence[bytes]) -> Trace:
    """The trace of a connection that a text tells of, with whole lines of the text as evidence."""
    course = Course(connection, options)
    course.feed(connection.events)
    trace = course.finish()
    if trace.findings or trace.causes:
        trace.findings = cited(trace.findings, lines, trace.credentials)
        trace.causes = cited(trace.causes, lines, trace.credentials)
    return trace
