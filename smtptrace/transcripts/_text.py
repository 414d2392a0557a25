"""Text as it comes: one kind of line, one charset, without the marks that quoting and web pages put around it."""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from smtptrace.transcripts._html_table import as_bars
from smtptrace.transcripts._source import Line, Lines, SourceLines, split
from smtptrace.transcripts._times import Stamp

__all__ = ["Line", "Text", "parts", "source_lines"]

OURS = b"# session:"
"""Begins a text in our own form, which is taken as it is."""

CHUNK = 1 << 20
SAMPLE = 1 << 16
QUOTED_RUN = 3
QUOTE_LEVELS = 4
FENCES = 2000

ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[mKJhlX]|\x1b\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)|\x1b[=>]")
"""What a terminal is told, colours and titles; cursor keys (A to D) may have been typed and stay."""

OVERSTRIKE = re.compile(rb"(.)\x08(?=\1)|_\x08(?=.)")
"""Bold and underlined as manual pages print them: a letter, a backspace, the letter again."""

ESCAPED_HTML = re.compile(
    rb"-&gt;|&lt;-|(?:FROM|TO): ?&lt;|&gt; *(?:EHLO|HELO)|&lt; *[2-5][0-9][0-9][ -]|&#x?[0-9a-f]{1,6};|&quot;", re.I
)
TAGS = re.compile(
    rb"</?(?:pre|code|p|div|span|samp|tt|b|i|em|strong|blockquote|table|thead|tbody|td|th|tr|li|ul)(?: [^<>]{0,300})?>",
    re.I,
)
BREAK = re.compile(rb"<br ?/?>(?:\r?\n)?", re.I)
FENCE = re.compile(rb"[ \t]*(?:```|~~~)[\w.+-]*[ \t]*$")
QUOTES = (b">", b"|")
QUOTED_REPLY = re.compile(rb"[>|] ?(?:[>|] ?)*(?:\S{0,12} {0,3}){0,2}[2-5][0-9][0-9][ -]")
OPENS_PART = re.compile(rb"[ \t]*<(?:pre|code)\b", re.I)


@dataclass(frozen=True, slots=True)
class Text:
    """Lines of a text, with what the caller knows of it.

    `charset` is the one it was stored in, the lines are UTF-8. `zone` and `year` are what to assume where time stamps
    have none. `confidence` is that of the dialect it is read with. `stamps` are times that stood before lines, by their
    numbers.
    """

    lines: Sequence[Line]
    path: str = "-"
    charset: str = "utf-8"
    zone: tzinfo | None = None
    year: int | None = None
    confidence: float = 1.0
    stamps: Mapping[int, Stamp] = field(default_factory=dict)

    @property
    def octets(self) -> Sequence[bytes]:
        """The lines without their numbers."""
        return self.lines.octets if isinstance(self.lines, Lines) else [line.data for line in self.lines]


def parts(raw: bytes, *, path: str = "-", zone: tzinfo | None = None, year: int | None = None) -> Iterator[Text]:
    """The parts of a text that belong together: whatever stands between markdown fences, and all around them."""
    data, charset = _as_utf8(raw)
    if data.startswith(OURS):
        yield Text(Lines(split(data)), path, charset, zone, year)
        return
    lines = Lines(_unquoted(split(_plain(data))), foreign=charset == "cp1252")
    for part in _fenced(lines):
        if part:
            yield Text(part, path, charset, zone, year)


def _as_utf8(raw: bytes) -> tuple[bytes, str]:
    for mark, charset in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if raw.startswith(mark):
            body = raw[len(mark) :]
            return (body, charset) if charset == "utf-8" else (_recoded(body, charset), charset)
    for charset, first in (("utf-16-le", 1), ("utf-16-be", 0)):
        sample = raw[first:SAMPLE:2]
        if len(sample) > 8 and sample.count(0) * 10 > len(sample) * 8 and raw[1 - first : SAMPLE : 2].count(0) == 0:
            return _recoded(raw, charset), charset
    if _is_utf8(raw):
        return raw, "utf-8"
    return _recoded(raw, "cp1252"), "cp1252"


def _recoded(raw: bytes, charset: str) -> bytes:
    decoder = codecs.getincrementaldecoder(charset)(errors="replace")
    pieces = (decoder.decode(raw[at : at + CHUNK]).encode() for at in range(0, len(raw), CHUNK))
    return b"".join(pieces)


def _is_utf8(raw: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(raw), CHUNK):
            decoder.decode(raw[at : at + CHUNK])
    except UnicodeDecodeError:
        return False
    return True


def _plain(data: bytes) -> bytes:
    """Without terminal escapes, overstriking and HTML, each only where the text shows that it has them."""
    if b"\x1b" in data:
        data = ESCAPES.sub(b"", data)
    if b"\x08" in data and len(OVERSTRIKE.findall(data[:SAMPLE])) * 2 > data.count(b"\x08", 0, SAMPLE) > 8:
        data = OVERSTRIKE.sub(b"", data)
    sample = data[:SAMPLE].lower()
    if b"<td" in sample or b"<br" in sample:
        data = as_bars(data)
    if b"<br" in sample or b"<pre" in sample or b"<td" in sample:
        data = TAGS.sub(_tag, BREAK.sub(b"\n", data))
    if ESCAPED_HTML.search(data):
        data = html.unescape(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        data = data.replace(b"\xc2\xa0", b" ")
    return data


def _tag(found: re.Match[bytes]) -> bytes:
    return b"\n```\n" if OPENS_PART.match(found.group()) or found.group().lower() in (b"</pre>", b"</code>") else b""


def source_lines(raw: bytes) -> Sequence[bytes]:
    """The lines of a text as stored, in UTF-8 and without their ends; a frame is a number among them, from 1."""
    return SourceLines(_as_utf8(raw)[0])


def _fenced(lines: Lines) -> Iterator[Lines]:
    """The parts between fences; where there are very many of them they are no fences."""
    fences = [at for at, line in enumerate(lines.octets) if len(line) < 40 and FENCE.match(line)]
    start = 0
    for at in fences if len(fences) <= FENCES else ():
        yield lines[start:at]
        start = at + 1
    yield lines[start:]


def _unquoted(lines: list[bytes]) -> list[bytes]:
    """Lines without the `>` or `|` that quoting puts before them: runs that hold a reply under such a mark."""
    for _ in range(QUOTE_LEVELS):
        runs = [run for mark in QUOTES for run in _quoted_runs(lines, mark)]
        if not runs:
            break
        for start, stop in runs:
            for at in range(start, stop):
                line = lines[at]
                lines[at] = line[2 if line[1:2] == b" " else 1 :]
    return lines


def _quoted_runs(lines: Sequence[bytes], mark: bytes) -> Iterator[tuple[int, int]]:
    """Where runs of quoted lines begin and end; what a bar ends too is a table."""
    start, replies = 0, 0
    for at, line in enumerate(lines):
        if line.startswith(mark) and not line.startswith(b">,") and not (mark == b"|" and line.endswith(b"|")):
            replies += QUOTED_REPLY.match(line) is not None
            continue
        if replies and at - start >= QUOTED_RUN:
            yield start, at
        start, replies = at + 1, 0
    if replies and len(lines) - start >= QUOTED_RUN:
        yield start, len(lines)
