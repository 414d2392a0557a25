"""The reader of a dialogue: events in, a Session out."""

from __future__ import annotations

from smtptrace.smtp.conversation import Conversation
from smtptrace.smtp.oddities import Oddities
from smtptrace.smtp.pairing import Pairing
from smtptrace.smtp.pending import Pending
from smtptrace.smtp.records import AuthExchange, Exchange, Session
from smtptrace.smtp.streams import Stream
from smtptrace.smtp.transactions import Ledger
from smtptrace.wire import Close, Closing, Connection, Event, Gap, Note, Octets, Open, Secured, Side, Typed


class Dialogue:
    """Reads one connection event by event.

    Args:
        connection: the connection the events belong to.
        keep_content: keep the octets of each content in `Content.data`, else they are only hashed.
    """

    def __init__(self, connection: Connection, *, keep_content: bool = False) -> None:
        self.session = Session(connection)
        self._keep = keep_content
        self._odd = Oddities()
        self._ledger = Ledger()
        self._exchanges: list[Exchange] = []
        self._authentications: list[AuthExchange] = []
        self._gaps: list[tuple[int, Gap]] = []
        self._notes: list[Note] = []
        self._typed: list[Typed] = []
        self._closes: list[Close] = []
        self._octets = [0, 0]
        self._streams = (Stream(Side.CLIENT), Stream(Side.SERVER))
        session = self.session
        session.exchanges, session.authentications = self._exchanges, self._authentications
        session.transactions, session.anomalies = self._ledger.done, self._odd.listed
        session.gaps, session.notes, session.typed, session.closes = self._gaps, self._notes, self._typed, self._closes
        self._begin(tls=False)

    def _begin(self, *, tls: bool) -> None:
        """Both sides speak SMTP from here on."""
        client, server = self._streams
        self._pairing = Pairing(server, self._odd, self._ledger, self._publish)
        self._conversation = Conversation(client, self._pairing, self._ledger, self._odd, keep=self._keep, tls=tls)
        self._reading = self._conversation.read()

    def feed(self, event: Event) -> None:
        """Take the next event; what it completes is in `session` afterwards."""
        if isinstance(event, Octets):
            self._streams[event.side].feed(event)
            self._octets[event.side] += len(event.data)
            self._advance()
        elif isinstance(event, Gap):
            self._gaps.append((self._octets[event.side], event))
            self._streams[event.side].feed(event)
            self._advance()
        else:
            self._other(event)
        if event.time_ns is not None:
            if self.session.start_ns is None:
                self.session.start_ns = event.time_ns
            self.session.end_ns = event.time_ns

    def _other(self, event: Event) -> None:
        match event:
            case Note():
                self._notes.append(event)
            case Typed():
                self._typed.append(event)
            case Close():
                self._closes.append(event)
            case Open():
                self.session.opened = event
            case Secured():
                self.session.tls = event

    def _advance(self) -> None:
        """Read as far as the octets go."""
        pairing = self._pairing
        pairing.settle()
        progress = -1
        while pairing.progress != progress:
            progress = pairing.progress
            next(self._reading, None)
            pairing.settle()

    def _publish(self, pending: Pending) -> None:
        """An exchange is over."""
        exchange = pending.close()
        self._exchanges.append(exchange)
        self._ledger.enter(exchange)
        if type(exchange) is AuthExchange:
            if exchange.reply is not None and exchange.reply.code == 235:
                self._ledger.login = len(self._authentications)
            self._authentications.append(exchange)
        verb = exchange.command.verb if exchange.command else None
        if verb in ("EHLO", "LHLO", "HELO"):
            self._hello(exchange)

    def _hello(self, exchange: Exchange) -> None:
        session = self.session
        assert exchange.command is not None
        session.helo = exchange.command.argument.strip()
        session.lmtp |= exchange.command.verb == "LHLO"
        if exchange.reply is None or exchange.reply.code != 250:
            return
        extensions = tuple(text.decode("latin-1").strip() for text in exchange.reply.texts[1:])
        if exchange.tls:
            session.extensions_tls = extensions
        else:
            session.extensions = extensions

    def finish(self) -> Session:
        """End the dialogue and give the whole Session."""
        session = self.session
        for stream in self._streams:
            stream.ended = True
        self._advance()
        self._exchanges.extend(Exchange(None, reply) for reply in self._pairing.finish())
        self._ledger.abandon()
        session.greeting = self._pairing.greeting
        session.octets = (self._octets[0], self._octets[1])
        session.complete = not self._gaps and not any(c.how is Closing.END_OF_CAPTURE for c in self._closes)
        session.warnings.extend(self._odd.rest())
        return session


def read_session(connection: Connection, *, keep_content: bool = False) -> Session:
    """The Session of a connection whose events are all here."""
    dialogue = Dialogue(connection, keep_content=keep_content)
    for event in connection.events:
        dialogue.feed(event)
    return dialogue.finish()
