"""The client's side of a dialogue, read as a conversation that waits where the protocol turns.

Each function here is a generator that yields whenever it needs more: octets of the client, a reply, or the end of
either. What it then does depends on the two streams alone, however their octets were cut and mixed (RFC 5321, 4.1.1;
RFC 4954, 4; RFC 3207, 4).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator

from smtptrace import grammar
from smtptrace.smtp.content import Body, DotReader
from smtptrace.smtp.oddities import Oddities
from smtptrace.smtp.pairing import Pairing
from smtptrace.smtp.pending import Pending, PendingAuth, PendingData
from smtptrace.smtp.records import AuthExchange, Command, DataExchange, Exchange, Round
from smtptrace.smtp.streams import PATIENCE, Stream
from smtptrace.smtp.transactions import Ledger
from smtptrace.wire import Exactness

_CHUNK = re.compile(rb"([0-9]{1,18})(?:[ \t]+(?i:LAST))?[ \t]*$")

Reading = Generator[None, None, None]


class Conversation:
    """Reads commands and what belongs to them, until TLS or an opaque layer takes over.

    Args:
        stream: the client's octets.
        pairing: where the commands wait for their replies.
        ledger: the transactions, for the number of accepted recipients.
        oddities: where broken rules are told.
        keep: keep the octets of each content.
        tls: whether the octets went through TLS.
    """

    def __init__(
        self, stream: Stream, pairing: Pairing, ledger: Ledger, oddities: Oddities, *, keep: bool, tls: bool
    ) -> None:
        self.stream = stream
        self.pairing = pairing
        self.ledger = ledger
        self.odd = oddities
        self.keep = keep
        self.tls = tls
        self.lmtp = False
        self.over = ""
        self.body: Body | None = None

    def read(self) -> Reading:
        """The whole conversation; `over` says afterwards what comes then."""
        while not self.over:
            command = yield from self.command()
            if command is None:
                return
            turn = _TURNS.get(command.verb or "")
            if turn is None:
                self.pairing.ask(Pending(Exchange(command, None, self.tls)))
            else:
                yield from turn(self, command)

    def line(self) -> Generator[None, None, bytes | None]:
        """The next line, None where there is none before a gap or the end."""
        while (raw := self.stream.line()) is None:
            if self.stream.exhausted:
                return None
            yield
        return raw

    def command(self) -> Generator[None, None, Command | None]:
        """The next command, None at the end."""
        while True:
            start = self.stream.position
            raw = yield from self.line()
            if raw is not None:
                return self._command(raw, start)
            if self.stream.gap is None:
                return None
            self.stream.cross()

    def _command(self, raw: bytes, start: int) -> Command:
        stream = self.stream
        verb = grammar.verb_of(raw)
        if verb == "LHLO":
            self.lmtp = True
        return Command(verb, raw, stream.span(start), stream.exactness(start))

    def answer(self, settled: Callable[[], bool]) -> Generator[None, None, bool]:
        """Wait until `settled`; False where the reply is lost, or the client went on for too long without it."""
        while not settled():
            if self.pairing.exhausted:
                return False
            if len(self.stream) > PATIENCE:
                self.odd.tell("reply-not-awaited", "the client went on for 1 MiB without a reply; taken as accepted")
                return False
            yield
        return True

    def foresee(self) -> Generator[None, None, str | None]:
        """The verb of the next line where it is one of the known ones."""
        start = self.stream.position
        raw = yield from self.line()
        if raw is None:
            return None
        self.stream.give_back(self.stream.position - start)
        verb = grammar.verb_of(raw)
        return verb if verb in grammar.VERBS else None

    def data(self, command: Command) -> Reading:
        """DATA: content follows a 354 (RFC 5321, 4.1.1.4)."""
        exchange = DataExchange(command, None, self.tls)
        pending = PendingData(exchange, each=self.lmtp)
        self.pairing.ask(pending)
        known = yield from self.answer(lambda: exchange.intermediate is not None or not pending.wants)
        accepted = exchange.intermediate is not None
        if not known:
            accepted = len(self.stream) > 0 and (yield from self.foresee()) is None
        if accepted:
            pending.start()
            yield from self.content(exchange)
        self.pairing.release(pending)

    def content(self, exchange: DataExchange) -> Reading:
        """Everything up to the end mark."""
        stream = self.stream
        body = Body(stream.span(stream.position), keep=self.keep)
        reader = DotReader(body)
        while not reader.ended:
            if len(stream):
                body.exact &= stream.exactness(stream.position) is Exactness.SEEN
                stream.give_back(reader.feed(stream.take()))
            elif stream.gap is not None:
                reader.lose(stream.cross().size)
            elif stream.ended:
                break
            else:
                yield
        body.start.stop = stream.position
        exchange.content = body.content(ended=reader.ended)
        self.ledger.content(exchange.content)

    def chunk(self, command: Command) -> Reading:
        """BDAT: as many octets follow as it says, whatever the reply (RFC 3030, 2)."""
        exchange = DataExchange(command, None, self.tls)
        pending = PendingData(exchange, each=self.lmtp and command.argument.upper().rstrip().endswith(b"LAST"))
        self.pairing.ask(pending)
        found = _CHUNK.match(command.argument)
        if found:
            yield from self.counted(exchange, int(found[1]))
        else:
            self.odd.tell("malformed-bdat", "BDAT without a chunk size", command.span)
        self.pairing.release(pending)

    def counted(self, exchange: DataExchange, size: int) -> Reading:
        """So many octets."""
        stream = self.stream
        body = Body(stream.span(stream.position), keep=self.keep)
        while body.seen + body.missing < size:
            if len(stream):
                body.exact &= stream.exactness(stream.position) is Exactness.SEEN
                body.add(stream.take(size - body.seen - body.missing))
            elif stream.gap is not None:
                body.lose(stream.cross().size)
            elif stream.ended:
                break
            else:
                yield
        body.start.stop = stream.position
        exchange.content = body.content(ended=body.seen == size)
        self.ledger.content(exchange.content)

    def auth(self, command: Command) -> Reading:
        """AUTH: after each 334 one line of the client is a response (RFC 4954, 4)."""
        mechanism, _, initial = command.argument.strip().partition(b" ")
        exchange = AuthExchange(command, None, self.tls)
        exchange.mechanism = mechanism.decode("ascii", "replace").upper()
        exchange.initial = initial.strip() or None
        pending = PendingAuth(exchange)
        self.pairing.ask(pending)
        rounds: list[Round] = []
        while True:
            known = yield from self.answer(lambda: len(pending.challenges) > len(rounds) or not pending.wants)
            challenge = pending.challenges[len(rounds)] if len(pending.challenges) > len(rounds) else None
            if challenge is None and (known or (yield from self.foresee()) is not None):
                break
            start = self.stream.position
            raw = yield from self.line()
            if raw is None:
                if challenge is not None:
                    rounds.append(Round(challenge, None))
                break
            response = grammar.without_line_end(raw)
            rounds.append(Round(challenge, response, self.stream.span(start), self.stream.exactness(start)))
            exchange.cancelled |= response == b"*"
        exchange.rounds = tuple(rounds)
        self.pairing.release(pending)

    def starttls(self, command: Command) -> Reading:
        """STARTTLS: TLS follows a 220 (RFC 3207, 4)."""
        pending = Pending(Exchange(command, None, self.tls), busy=True)
        self.pairing.ask(pending)
        known = yield from self.answer(lambda: not pending.wants)
        if pending.replies[0].code // 100 == 2 if known else self.stream.peek(2) == b"\x16\x03":
            self.over = "starttls"
        self.pairing.release(pending)


_TURNS: dict[str, Callable[[Conversation, Command], Reading]] = {
    "DATA": Conversation.data,
    "BDAT": Conversation.chunk,
    "AUTH": Conversation.auth,
    "X-EXPS": Conversation.auth,
    "STARTTLS": Conversation.starttls,
    "X-ANONYMOUSTLS": Conversation.starttls,
}
"""Where the dialogue turns: the verbs that change what the next octets of the client are."""
