"""One session as a dialogue on the terminal: who said what, when, and what it means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from smtptrace.diagnosis import Cause
from smtptrace.findings import Finding
from smtptrace.outputs._lines import Kind, Line, lines_of
from smtptrace.outputs._text import visible
from smtptrace.outputs._time import local
from smtptrace.outputs.coverage import OUTCOMES
from smtptrace.trace import Trace
from smtptrace.wire import Side

_MARKS = {Side.CLIENT: "C:", Side.SERVER: "S:", None: "**"}
_STYLES = {
    Kind.COMMAND: "bold",
    Kind.RESPONSE: "bold",
    Kind.CHALLENGE: "cyan",
    Kind.CONTENT: "dim",
    Kind.ANOMALY: "yellow",
    Kind.GAP: "bold yellow",
    Kind.TLS: "magenta",
    Kind.NOTE: "dim",
    Kind.CLOSE: "dim",
}
_CLASSES = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}
_CONTENT_LINES = 12


def render(trace: Trace, name: str, content_lines: int | None = _CONTENT_LINES) -> Iterator[Text]:
    """The session line by line, as styled text that holds no control octets.

    Args:
        trace: masked or revealed beforehand.
        name: the session's id.
        content_lines: lines of a message that are shown, None for all that are here.
    """
    yield from heading(trace, name)
    lines = lines_of(trace)
    origin = trace.session.connection.origin
    digits = max((len(origin.name(line.frame)) for line in lines), default=1)
    for line in lines:
        yield from said(trace, line, digits, content_lines)
    for finding in trace.findings:
        yield concern(finding)
    for cause in trace.causes:
        yield from reason(cause)


def said(trace: Trace, line: Line, digits: int, content_lines: int | None = _CONTENT_LINES) -> Iterator[Text]:
    """One line of a trace behind its frame, of at least so many digits, and its time; content on several."""
    name = trace.session.connection.origin.name(line.frame)
    for text in _texts(line, content_lines):
        yield _margin(line, name, trace.session.start_ns, digits).append_text(text)


def concern(finding: Finding) -> Text:
    """One finding."""
    return Text(
        f"finding  {finding.severity.name.lower()}: {visible(finding.summary)} ({finding.rule})", style="yellow"
    )


def reason(cause: Cause) -> Iterator[Text]:
    """One cause, and what to do."""
    yield Text(f"cause    {cause.confidence:.0%} {visible(cause.summary)} ({cause.slug})", style="red")
    yield Text(f"         fix: {visible(cause.fix)}")


def heading(trace: Trace, name: str) -> Iterator[Text]:
    """Who spoke with whom, when, and what is missing."""
    connection = trace.session.connection
    start = local(trace.session.start_ns)
    yield Text(
        f"session {name}  {visible(str(connection.client))} -> {visible(str(connection.server))}  {start}  "
        f"{visible(connection.origin.locate(connection.number)[0])} ({visible(connection.origin.format)})",
        style="bold underline",
    )
    offset_ns = connection.origin.clock_offset_ns(connection.number)
    if offset_ns:
        yield Text(f"times were moved by {offset_ns / 1e9:+g} s (--clock-offset)", style="yellow")
    if trace.attempt is not None:
        yield Text(f"no word was seen: {OUTCOMES[trace.attempt]}", style="yellow")
    if not trace.session.complete:
        yield Text("incomplete: some of this session is not in the evidence", style="yellow")
    for warning in trace.session.warnings:
        yield Text(f"warning: {visible(warning)}", style="yellow")


def _margin(line: Line, frame: str, start: int | None, digits: int) -> Text:
    since = "" if line.time_ns is None or start is None else f"{(line.time_ns - start) / 1e9:+.3f}"
    return Text(f"{frame:>{digits}} {since:>9} ", style="dim").append(f"{_MARKS[line.side]} ", style=_style(line))


def _style(line: Line) -> str:
    if line.kind is Kind.REPLY and line.code is not None:
        return _CLASSES.get(line.code // 100, "")
    return _STYLES.get(line.kind, "")


def _texts(line: Line, content_lines: int | None) -> Iterator[Text]:
    if line.kind is Kind.CONTENT:
        yield Text(f"[{line.meaning}]", style="cyan")
        yield from _content(line, content_lines)
        return
    text = Text(visible(line.text), style=_style(line))
    if line.meaning is not None:
        text.append(f"   = {visible(line.meaning)}", style="cyan")
    yield text


def _content(line: Line, most: int | None) -> Iterator[Text]:
    octets = line.text if isinstance(line.text, bytes) else line.text.encode()
    rows: Sequence[bytes] = octets.split(b"\n") if octets else ()
    if rows and not rows[-1]:
        rows = rows[:-1]
    for row in rows[:most]:
        yield Text("| " + visible(row[:-1] if row.endswith(b"\r") else row), style="dim")
    if most is not None and len(rows) > most:
        yield Text(f"| ... {len(rows) - most} more lines; --content shows them", style="dim italic")
