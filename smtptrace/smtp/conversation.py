"""The client's side of a dialogue, read as a conversation that waits where the protocol turns.

Reading is a generator that yields whenever it needs more: octets of the client, a reply, or the end of either. What it
then does depends on the two streams alone, however their octets were cut and mixed; only after a gap does their order
help.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator

from smtptrace import grammar
from smtptrace.smtp import mail_data
from smtptrace.smtp.content import Body
from smtptrace.smtp.oddities import Oddities
from smtptrace.smtp.pairing import Pairing
from smtptrace.smtp.pending import Pending, PendingData
from smtptrace.smtp.records import Command, DataExchange, Exchange
from smtptrace.smtp.replies import SEALED
from smtptrace.smtp.streams import PATIENCE, Stream
from smtptrace.smtp.turns import TURNS
from smtptrace.wire import Gap, Span

Reading = Generator[None, None, None]

_FRAGMENTS = 50
"""Lines that are no commands, after which they are taken for a content."""

_ONE_LINE = 1024
_FRESH = frozenset({"MAIL", "RSET", "EHLO", "HELO", "LHLO"})
_PROXY = re.compile(rb"PROXY (?:TCP4|TCP6|UNKNOWN)[ \r]")
_PROXY2 = b"\r\n\r\n\0\r\nQUIT\n"
_TLS_RECORDS = (b"\x14\x03", b"\x15\x03", b"\x16\x03", b"\x17\x03")


class Conversation:
    """Reads commands and what belongs to them, until TLS or an opaque layer takes over.

    Args:
        stream: the client's octets.
        pairing: where the commands wait for their replies.
        oddities: where broken rules are told.
        keep: keep the octets of each content.
        tls: whether the octets went through TLS.
    """

    def __init__(self, stream: Stream, pairing: Pairing, oddities: Oddities, *, keep: bool, tls: bool) -> None:
        self.stream = stream
        self.pairing = pairing
        self.odd = oddities
        self.keep = keep
        self.tls = tls
        self.lmtp = False
        self.over = ""
        self.logged_in = False
        self.failed_login = False
        self.adrift = False
        self.unsized = False
        self.chunks: Body | None = None
        self.unfinished: Span | None = None

    def read(self) -> Reading:
        """The whole conversation; `over` says afterwards what comes then."""
        yield from self._proxy_header()
        stream, pairing, tls = self.stream, self.pairing, self.tls
        while not self.over:
            command = self._plain()
            if command is None:
                if stream.idle:
                    yield
                    continue
                command = yield from self._next()
                if command is None:
                    continue
            verb = command.verb or ""
            turn = TURNS.get(verb)
            if turn is not None:
                yield from turn(self, command)
                continue
            if verb in _FRESH:
                self.chunks = None
                self.lmtp |= verb == "LHLO"
            exchange = Exchange(command, None, tls)
            if stream.gap is not None or not pairing.answered(exchange):
                pairing.ask(Pending(exchange))

    def _plain(self) -> Command | None:
        """The next command where it is as nearly all are; nothing else need be thought of then."""
        stream = self.stream
        found = None if self.adrift or stream.line_end != b"\n" else stream.match(grammar.PLAIN)
        if found is None:
            return None
        match, span, exactness = found
        verb = grammar.AS_WRITTEN.get(match[1])
        if verb is None:
            stream.give_back(span.stop - span.start)
            return None
        self.failed_login = False
        return Command(verb, match[0], span, exactness, False, True)

    def _next(self) -> Generator[None, None, Command | None]:
        """The next command in any form; None to look again or because this is the end."""
        stream = self.stream
        start = stream.position
        raw = stream.line()
        if raw is None and stream.idle:
            return None
        if raw is None or self.adrift or raw[0] in SEALED:
            return (yield from self._search(raw, start))
        return self._command(raw, start)

    def _search(self, raw: bytes | None, start: int) -> Generator[None, None, Command | None]:
        """Where no plain line follows: the command to go on with, None to look again or because this is the end."""
        stream = self.stream
        if raw is not None:
            stream.give_back(stream.position - start)
        if stream.first() in SEALED and (yield from self._sealed()):
            return None
        if self.adrift and len(stream):
            if (yield from self._drift()):
                return None
            raw, start = None, stream.position
        if raw is not None:
            stream.line()
            return self._command(raw, start)
        if stream.gap is not None:
            return self._cut(start)
        if not stream.ended:
            yield
        elif not self._ends_in_cr(start):
            self.over = "end"
        return None

    def _command(self, raw: bytes, start: int, *, cut: bool = False) -> Command:
        verb = grammar.verb_of(raw)
        if verb is not None and self.failed_login:
            if verb in grammar.VERBS or not grammar.is_base64(raw):
                self.failed_login = False
            else:
                verb = None
        return Command(verb, raw, *self.stream.stamp(start), cut)

    def _cut(self, start: int) -> Command | None:
        """Step over a gap; gives the command whose end it hides."""
        stream = self.stream
        raw = bytes(stream.take())
        command = self._command(raw, start, cut=True) if grammar.verb_of(raw) in grammar.VERBS else None
        self.lose_sight(stream.cross())
        return command

    def lose_sight(self, gap: Gap) -> None:
        """Octets are missing: order has to help from here on."""
        self.adrift = True
        self.unsized |= gap.size is None
        self.pairing.lose_sight()

    def _drift(self) -> Generator[None, None, bool]:
        """Find the way back after a gap: up to the next command it is the rest of a line, or of a content.

        False where the octets end before.
        """
        stream = self.stream
        start = stream.position
        stream.mark(start)
        lines = 0
        while not grammar.is_command(ahead := (yield from self.ahead())):
            if lines == 0 and grammar.verb_of(ahead) in grammar.VERBS and stream.fresh:
                break
            if lines > _FRAGMENTS or stream.position - start > PATIENCE or ahead[:3] == b".\r\n":
                stream.rewind(start)
                yield from self._late_content()
                return True
            if (yield from self.line()) is None:
                stream.mark(None)
                return False
            lines += 1
        stream.mark(None)
        self.adrift = False
        if lines:
            self.odd.tell("fragment-after-gap", f"{lines} lines whose command is missing", stream.span(start))
        return True

    def _late_content(self) -> Reading:
        """A content whose command and beginning are missing."""
        pending = PendingData(DataExchange(None, None, self.tls), each=self.lmtp)
        self.pairing.ask(pending)
        yield from mail_data.dotted(self, pending, late=True)
        self.pairing.release(pending)

    def _sealed(self) -> Generator[None, None, bool]:
        """Whether TLS or a security layer begins here instead of a line."""
        stream = self.stream
        while len(stream) < 2 and not stream.exhausted:
            yield
        if stream.peek(2) in _TLS_RECORDS:
            self.over = "tls"
        elif self.logged_in and stream.first() == 0:
            self.over = "security-layer"
        return bool(self.over)

    def _proxy_header(self) -> Reading:
        """A header that a proxy puts before the dialogue is no command (PROXY protocol, versions 1 and 2)."""
        stream = self.stream
        while stream.first() == -1 and not stream.exhausted:
            yield
        ahead = yield from self.ahead()
        while len(stream) < len(_PROXY2) and _PROXY2.startswith(stream.peek(len(_PROXY2))) and not stream.exhausted:
            yield
        start = stream.position
        if _PROXY.match(ahead):
            yield from self.line()
        elif stream.peek(len(_PROXY2)) == _PROXY2:
            while len(stream) < 16 and not stream.exhausted:
                yield
            size = 16 + int.from_bytes(stream.peek(16)[14:16])
            while len(stream) < size and not stream.exhausted:
                yield
            stream.take(size)
        if stream.position > start:
            self.odd.tell(
                "proxy-header", "a header of the PROXY protocol stands before the dialogue", stream.span(start)
            )

    def _ends_in_cr(self, start: int) -> bool:
        """What stands after the last LF; whether the server took CR for a line end there, by its replies."""
        stream = self.stream
        rest = stream.peek(PATIENCE)
        answered = not self.pairing.waiting and [r.code for r in self.pairing.ahead(1)] not in ([], [421])
        if rest and b"\r" in rest[:-1] and stream.line_end == b"\n" and answered:
            stream.end_lines_with(b"\r\0" if b"\r\0" in rest else b"\r")
            return True
        stream.take()
        if rest:
            self.unfinished = stream.span(start)
            kind = "cr-nul-line-end" if b"\r\0" in rest else "unterminated-line"
            self.odd.tell(kind, f"{len(rest)} octets of the client without the line end they wait for", self.unfinished)
        return False

    def line(self) -> Generator[None, None, bytes | None]:
        """The next line, None where there is none before a gap or the end."""
        while (raw := self.stream.line()) is None:
            if self.stream.exhausted:
                return None
            yield
        return raw

    def ahead(self) -> Generator[None, None, bytes]:
        """The beginning of the next line without taking it: up to 1 KiB, and more lines where they are here."""
        while b"\n" not in (ahead := self.stream.peek(_ONE_LINE)):
            if len(ahead) == _ONE_LINE or self.stream.exhausted:
                break
            yield
        return ahead

    def foresee(self) -> Generator[None, None, str | None]:
        """The verb of the next line where it is one of the known ones."""
        ahead = yield from self.ahead()
        verb = grammar.verb_of(ahead) if b"\n" in ahead else None
        return verb if verb in grammar.VERBS else None

    def answer(self, settled: Callable[[], bool]) -> Generator[None, None, bool]:
        """Wait until `settled`; False where the reply is lost, or the client went on for too long without it."""
        pairing = self.pairing
        while not settled():
            lost = pairing.doubt and len(self.stream) > 0
            if pairing.exhausted or lost:
                return False
            if not self.stream.is_patient:
                told = "the client went on for 1 MiB without a reply, which is taken for a yes"
                self.odd.tell("reply-not-awaited", told, self.stream.span(self.stream.position))
                return False
            pairing.blocked = True
            if pairing.stream.readable:
                pairing.settle()
            if not settled():
                yield
            pairing.blocked = False
        return True
