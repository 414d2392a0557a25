"""A session's octets with pseudonyms: lines, tokens of AUTH, and content, each in its own way."""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import NamedTuple

from smtptrace import edits, grammar
from smtptrace.edits import Edit
from smtptrace.pseudonymize import _content
from smtptrace.pseudonymize._names import Names
from smtptrace.pseudonymize._text import Sweeper
from smtptrace.pseudonymize._tokens import Tokens
from smtptrace.smtp import AuthExchange, DataExchange
from smtptrace.smtp.typing import as_meant, is_edited
from smtptrace.trace import Trace
from smtptrace.wire import Side, Span

_LINE_END = re.compile(rb"\r?\n|\r\0")
_ERASE = re.compile(rb"[\x08\x7f]")
_RECORD = re.compile(rb"[\x14-\x18]\x03[\x00-\x04]..", re.DOTALL)
_STRAY = re.compile(rb"[A-Za-z0-9+/]{8,}={0,2}")
_TLS = frozenset(("STARTTLS", "X-ANONYMOUSTLS"))

Rewriting = Callable[[bytes], bytes]


class Region(NamedTuple):
    """Octets of one stream that are not to be read as ordinary lines."""

    start: int
    stop: int
    rewritten: Rewriting


class Rewriter:
    """Makes the edits for one session; `removed` lists afterwards what could not be looked into.

    Args:
        trace: the session, with the events of its connection.
        names: where pseudonyms come from.
        keep_content: leave bodies as they are but for names.
    """

    def __init__(self, trace: Trace, names: Names, keep_content: bool) -> None:
        self.removed: list[str] = []
        self._trace = trace
        self._names = names
        self._sweeper = Sweeper(names)
        self._tokens = Tokens(names, self._sweeper)
        self._keep = keep_content
        self._inside_body = False
        self._sizes: dict[int, int] = {}
        self._runs = edits.runs(trace.session.connection)
        spans = [span for each in trace.credentials for span in each.secret_spans if span.side is Side.CLIENT]
        self._secrets = sorted((span.start, span.stop) for span in spans)

    def edits(self) -> Iterator[Edit]:
        """What is to be replaced where; lengths change."""
        regions = [sorted(found, key=lambda region: region.start) for found in self._regions()]
        limits = clear_octets(self._trace)
        for side, runs in zip(Side, self._runs, strict=True):
            for start, run in runs:
                clear = run[: max(limits[side] - start, 0)]
                yield from self._run(side, start, clear, [each for each in regions[side] if start < each.stop])
                yield from self._sealed(side, start + len(clear), run[len(clear) :])

    def _run(self, side: Side, start: int, run: bytes, regions: list[Region]) -> Iterator[Edit]:
        at, stop = start, start + len(run)
        for region in regions:
            first, last = max(region.start, at), min(region.stop, stop)
            if first < last:
                yield from self._lines(side, at, run[at - start : first - start])
                yield Edit(side, first, last, region.rewritten(run[first - start : last - start]))
                at = last
        yield from self._lines(side, at, run[at - start :])

    def _lines(self, side: Side, start: int, octets: bytes) -> Iterator[Edit]:
        at = 0
        for end in [found.end() for found in _LINE_END.finditer(octets)] + [len(octets)]:
            line, first, at = octets[at:end], start + at, end
            new = self._client_line(line, first) if side is Side.CLIENT else self._server_line(line)
            if new != line:
                yield Edit(side, first, first + len(line), new)

    def _server_line(self, line: bytes) -> bytes:
        code = line[:4] if grammar.REPLY_LINE.match(line) else b""
        return code + self._sweeper.octets(line[len(code) :])

    def _sealed(self, side: Side, start: int, octets: bytes) -> Iterator[Edit]:
        """Filler for TLS that nobody can look into: certificates in it name their owner."""
        if octets:
            self.removed.append(f"{len(octets)} octets of TLS from the {side.name.lower()}")
            yield Edit(side, start, start + len(octets), _records(octets))

    def _client_line(self, line: bytes, start: int) -> bytes:
        if start in self._sizes:
            return re.sub(rb"(?<= )[0-9]+", b"%d" % self._sizes[start], line, count=1)
        if is_edited(line):
            meant = as_meant(line)
            return _retyped(line, meant, self._plain_line(meant, start, len(line)))
        return self._plain_line(line, start, len(line))

    def _plain_line(self, line: bytes, start: int, size: int) -> bytes:
        text = line.rstrip(b"\r\n\0")
        secret = self._is_secret(start, start + size)
        if _STRAY.fullmatch(text) and grammar.verb_of(text) not in grammar.VERBS:
            return self._token(text, start, secret=secret) + line[len(text) :]
        if secret and grammar.verb_of(text) not in grammar.VERBS:
            return self._names.secret(text) + line[len(text) :]
        if secret:
            words = text.split(b" ")
            return b" ".join([*words[:-1], self._token(words[-1], start, secret=True)]) + line[len(text) :]
        return self._sweeper.octets(line)

    def _is_secret(self, start: int, stop: int) -> bool:
        at = bisect_left(self._secrets, (stop, 0)) - 1
        return at >= 0 and self._secrets[at][1] > start

    def _token(self, line: bytes, start: int, *, secret: bool) -> bytes:
        new = self._tokens.encoded(line, secret)
        if self._tokens.unread:
            self.removed.append(f"{len(line)} octets of an AUTH exchange at octet {start} of the client's stream")
        return new

    def _regions(self) -> tuple[list[Region], list[Region]]:
        found: tuple[list[Region], list[Region]] = ([], [])
        for exchange in self._trace.session.exchanges:
            if isinstance(exchange, AuthExchange):
                self._auth(exchange, found)
            if isinstance(exchange, DataExchange):
                self._data(exchange, found[Side.CLIENT])
        return found

    def _auth(self, exchange: AuthExchange, found: tuple[list[Region], list[Region]]) -> None:
        command = exchange.command
        if command and exchange.initial and not is_edited(command.raw):
            start = command.span.start + command.raw.rfind(exchange.initial)
            found[Side.CLIENT].append(self._region(start, len(exchange.initial)))
        for each in exchange.rounds:
            if each.challenge and len(each.challenge.lines) == 1 and len(each.challenge.lines[0]) > 4:
                start, size = each.challenge.span.start + 4, len(each.challenge.lines[0]) - 4
                found[Side.SERVER].append(Region(start, start + size, self._challenge))
            if each.response and each.response_span and not is_edited(each.response):
                found[Side.CLIENT].append(self._region(each.response_span.start, len(each.response)))

    def _region(self, start: int, size: int) -> Region:
        secret = self._is_secret(start, start + size)
        return Region(start, start + size, lambda line: self._token(line, start, secret=secret))

    def _challenge(self, line: bytes) -> bytes:
        """What a 334 says: base64, or words for people."""
        if not grammar.is_base64(line) or b" " in line:
            return self._sweeper.octets(line)
        new = self._tokens.encoded(line, secret=False)
        if self._tokens.unread:
            self.removed.append(f"{len(line)} octets of a challenge")
        return new

    def _data(self, exchange: DataExchange, found: list[Region]) -> None:
        span, command = exchange.content.span if exchange.content else None, exchange.command
        if span is None or command is None:
            return
        counted = command.verb == "BDAT"
        self._inside_body = self._inside_body and counted
        octets = self._slice(span)
        new, self._inside_body = _content.rewritten(
            octets, self._sweeper, inside_body=self._inside_body, keep=self._keep, unread=self.removed
        )
        if b"LAST" in command.argument.upper():
            self._inside_body = False
        if counted and len(new) != len(octets):
            self._sizes[command.span.start] = len(new)
        found.append(Region(span.start, span.stop, lambda raw: new if raw == octets else self._cut(raw, octets)))

    def _cut(self, raw: bytes, begun: bytes) -> bytes:
        """A stretch of a content with holes; what stands behind one counts as body."""
        behind = not begun.startswith(raw)
        return _content.rewritten(raw, self._sweeper, inside_body=behind, keep=self._keep)[0]

    def _slice(self, span: Span) -> bytes:
        runs = self._runs[span.side]
        at = bisect_left(runs, (span.start + 1,)) - 1
        start, run = runs[at] if at >= 0 else (0, b"")
        return run[span.start - start : span.stop - start]


def clear_octets(trace: Trace) -> tuple[int, int]:
    """Where in both streams TLS begins that was not opened; behind their ends where there is none."""
    tls = trace.session.tls
    if tls and tls.opened:
        return sys.maxsize, sys.maxsize
    for exchange in trace.session.exchanges:
        command, reply = exchange.command, exchange.reply
        if command and command.verb in _TLS and reply and reply.code < 300:
            return command.span.stop, reply.span.stop
    return (0, 0) if tls and tls.implicit else (sys.maxsize, sys.maxsize)


def _records(octets: bytes) -> bytes:
    """Records of the same types and lengths without what is in them (RFC 8446, 5.1); zeros instead of anything else."""
    at = 0
    written: list[bytes] = []
    while at < len(octets):
        if not _RECORD.match(octets, at):
            return b"".join(written) + bytes(len(octets) - at)
        size = 5 + int.from_bytes(octets[at + 3 : at + 5], "big")
        written.append(octets[at : at + 5] + bytes(len(octets[at + 5 : at + size])))
        at += size
    return b"".join(written)


def _retyped(raw: bytes, meant: bytes, new: bytes) -> bytes:
    """A line that was edited while typed, with another meaning and as many corrections."""
    if new == meant:
        return raw
    end = raw[len(raw.rstrip(b"\r\n\0")) :]
    verb, space, rest = raw.partition(b" ")
    said = new.rstrip(b"\r\n")
    if not space:
        verb, rest = b"", raw
    argument = said.partition(b" ")[2] if space else said
    typos = b"".join(b"x" + key for key in _ERASE.findall(rest))
    return verb + space + argument[:1] + typos + argument[1:] + end
