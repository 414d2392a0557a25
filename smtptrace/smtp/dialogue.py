"""The reader of a dialogue: events in, a Session out."""

from __future__ import annotations

from dataclasses import replace

from smtptrace.smtp.checks import check_exchange, is_usual
from smtptrace.smtp.conversation import Conversation
from smtptrace.smtp.evidence import earlier
from smtptrace.smtp.oddities import Oddities
from smtptrace.smtp.pairing import Pairing
from smtptrace.smtp.records import AuthExchange, DataExchange, Exchange, Session
from smtptrace.smtp.sealed import Layer, OpaqueLayer, TlsLayer
from smtptrace.smtp.streams import Stream
from smtptrace.smtp.summary import conclude
from smtptrace.smtp.transactions import Ledger
from smtptrace.wire import Close, Connection, Event, Gap, Irregularity, Note, Octets, Open, Secured, Side, Span, Typed

MOST_EXCHANGES = 100_000
"""Exchanges, and gaps, of one session that are kept; further ones are counted."""

_OPAQUE = {
    "security-layer": "a SASL security layer makes everything after the login unreadable",
    "roles-turned": "client and server have changed their parts; what follows is not read",
}

_HELD = 16 * 1024
"""Octets that are read at once as long as none are missing; then the order of the two sides tells nothing."""

_HELLOS = frozenset({"EHLO", "HELO", "LHLO"})
_LAYERS = frozenset({"starttls", "tls", *_OPAQUE})


class Dialogue:
    """Reads one connection event by event.

    Args:
        connection: the connection the events belong to.
        keep_content: keep the octets of each content in `Content.data`, else they are only hashed.
    """

    def __init__(self, connection: Connection, *, keep_content: bool = False) -> None:
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
        self._held = 0
        self._late: tuple[list[Octets], list[Octets]] = ([], [])
        self._before: Span | None = None
        self._hellos: dict[bool, Exchange] = {}
        self._spoken: Span | None = None
        self._more = 0
        self._streams = (Stream(Side.CLIENT), Stream(Side.SERVER))
        self._layer: Layer | None = None
        self.session = Session(
            connection,
            exchanges=self._exchanges,
            transactions=self._ledger.done,
            authentications=self._authentications,
            gaps=self._gaps,
            anomalies=self._odd.listed,
            notes=self._notes,
            typed=self._typed,
            closes=self._closes,
        )
        self._begin(tls=False)

    def _begin(self, *, tls: bool) -> None:
        """Both sides speak SMTP from here on."""
        client, server = self._streams
        greeted = tls and (self.session.greeting is not None or bool(self._exchanges))
        self._pairing = Pairing(server, self._odd, self._ledger, self._publish, greeted=greeted)
        self._talk = Conversation(client, self._pairing, self._odd, keep=self._keep, tls=tls)
        self._reading = self._talk.read()

    def feed(self, event: Event) -> None:
        """Take the next event; what it completes is in `session` after some more, or after `catch_up`."""
        session = self.session
        if event.time_ns is not None:
            if session.start_ns is None:
                session.start_ns = event.time_ns
            session.end_ns = event.time_ns
        if type(event) is Octets:
            side = event.side
            if not side and self._spoken is None:
                self._spoken = Span(side, 0, 0, event.time_ns, event.frame)
            self._late[side].append(event)
            size = len(event.data)
            self._octets[side] += size
            self._held += size
            if self._held > _HELD or self._gaps:
                self._advance(side)
        elif isinstance(event, Gap):
            self.catch_up()
            stream = self._streams[event.side]
            self._note_gap(stream.end, event)
            stream.feed(event)
            self._advance(event.side)
        else:
            self._beside(event)

    def catch_up(self) -> None:
        """Read what was held back, so that `session` tells all that has come."""
        if self._held:
            self._advance(Side.CLIENT)

    def so_far(self) -> Session:
        """The Session as far as it has come, for who looks on; what is not over stands in it as it is.

        It is made anew at each call and says nothing of its end; `finish` alone gives the Session.
        """
        self.catch_up()
        pairing, layer = self._pairing, self._layer
        waiting = [pending.so_far() for pending in pairing.waiting]
        current = self._ledger.current
        return replace(
            self.session,
            greeting=self.session.greeting or pairing.greeting,
            exchanges=[*self._exchanges, *waiting],
            authentications=[*self._authentications, *(each for each in waiting if isinstance(each, AuthExchange))],
            transactions=[*self._ledger.done, *([current] if current else ())],
            tls=self.session.tls or (layer.secured() if layer is not None else None),
            octets=(self._octets[0], self._octets[1]),
            complete=not self._gaps,
        )

    def _pour(self) -> None:
        """Put what was held back into the streams."""
        self._held = 0
        for stream, late in zip(self._streams, self._late, strict=True):
            if late:
                stream.extend(late)
                late.clear()

    def _note_gap(self, at: int, gap: Gap) -> None:
        """Keep a gap; of very many it is enough to know that there are more."""
        if len(self._gaps) < MOST_EXCHANGES:
            self._gaps.append((at, gap))

    def _beside(self, event: Event) -> None:
        """An event that carries no octets."""
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
                self._secure(event)
            case Irregularity():
                self.catch_up()
                at = self._streams[event.side].end
                self._odd.tell(event.kind, event.detail, Span(event.side, at, at, event.time_ns, event.frame))

    def _secure(self, event: Secured) -> None:
        """TLS begins: all octets before it are here, and those after it are in clear again where it was opened."""
        self._end()
        self.session.tls = event
        if event.opened:
            self._layer = None
            for stream in self._streams:
                stream.ended = False
            self._begin(tls=True)
        elif self._layer is None:
            self._layer = TlsLayer(self._streams, self._odd)

    def _advance(self, side: Side) -> None:
        """Read as far as the octets go; those of `side` are the newest."""
        self._pour()
        if self._layer is not None:
            self._layer.advance()
            return
        pairing = self._pairing
        if side is Side.SERVER and self._gaps:
            pairing.settle()
            if not pairing.busy:
                return
        next(self._reading, None)
        while pairing.stream.readable:
            progress = pairing.progress
            pairing.settle()
            if pairing.progress == progress or not pairing.busy:
                break
            next(self._reading, None)
        if self._talk.over in _LAYERS:
            self._enter(self._talk.over)

    def _enter(self, what: str) -> None:
        """The dialogue goes on in a layer that cannot be read."""
        if what in _OPAQUE:
            self._odd.tell(what, _OPAQUE[what], self._streams[0].span(self._streams[0].position))
            self._layer = OpaqueLayer(self._streams)
        else:
            settle = None if what == "starttls" else self._pairing.settle
            self._layer = TlsLayer(self._streams, self._odd, settle)
        self._layer.advance()

    def _publish(self, exchange: Exchange) -> None:
        """An exchange is over."""
        if len(self._exchanges) >= MOST_EXCHANGES:
            self._more += 1
            return
        self._exchanges.append(exchange)
        self._ledger.enter(exchange)
        command, reply = exchange.command, exchange.reply
        if isinstance(exchange, AuthExchange):
            if reply is not None and reply.code == 235:
                self._ledger.login = len(self._authentications)
            self._authentications.append(exchange)
        if command is None:
            if reply is not None and not isinstance(exchange, DataExchange):
                self._odd.tell("reply-without-command", f"nobody asked for a {reply.code}", reply.span)
            else:
                self._before = None
            return
        if command.verb in _HELLOS:
            self._hello(exchange)
        if not is_usual(command, reply, self._before):
            offered = self.session.extensions_tls if exchange.tls else self.session.extensions
            check_exchange(exchange, command, self._before, offered or (), self._odd)
        self._before = reply.span if reply is not None else None

    def _hello(self, exchange: Exchange) -> None:
        """HELO and EHLO: the client's name and the server's extensions (RFC 5321, 4.1.1.1)."""
        session = self.session
        assert exchange.command is not None
        self._hellos[exchange.tls] = exchange
        session.helo = exchange.command.argument.strip()
        session.lmtp |= exchange.command.verb == "LHLO"
        self._extend(exchange)

    def _extend(self, exchange: Exchange) -> None:
        """Keep the extensions that the reply to EHLO names."""
        if exchange.reply is None or exchange.reply.code != 250:
            return
        words = tuple(text.decode("latin-1").strip() for text in exchange.reply.texts[1:])
        if exchange.tls:
            self.session.extensions_tls = words
        else:
            self.session.extensions = words

    def _end(self) -> None:
        """No more octets come in this layer: end what is open."""
        self.catch_up()
        for stream in self._streams:
            stream.ended = True
        self._advance(Side.CLIENT)
        self._pairing.client_ended = True
        if self._talk.over == "starttls":
            self._pairing.abandon()
        else:
            self._pairing.finish()
        if self.session.greeting is None:
            self.session.greeting = self._pairing.greeting

    def finish(self) -> Session:
        """End the dialogue and give the whole Session."""
        session = self.session
        self._end()
        for exchange in self._hellos.values():
            if exchange.reply is not None and exchange.reply.cut:
                self._extend(exchange)
        self._ledger.abandon()
        session.octets = (self._octets[0], self._octets[1])
        if self._more:
            told = f"only the first {MOST_EXCHANGES} exchanges are kept, {self._more} more were read"
            session.warnings.append(told)
        session.warnings.extend(self._odd.rest())
        greeting = session.greeting
        if greeting is not None and self._spoken is not None and earlier(self._spoken, greeting.span):
            self._odd.once("early-talker", "the client spoke before the greeting", self._spoken)
        self._tell_tls()
        conclude(session, self._talk.unfinished)
        del self._pairing, self._talk, self._reading, self._layer  # they refer back to this; so all is freed at once
        return session

    def _tell_tls(self) -> None:
        """What is known of TLS that nobody opened."""
        session, layer = self.session, self._layer
        secured = layer.secured() if layer is not None else None
        if secured is None or session.tls is not None:
            return
        session.tls = secured
        secured.implicit = self._talk.over == "tls" and session.greeting is None and not session.exchanges
        if self._talk.over == "tls" and not secured.implicit:
            self._odd.tell("tls-unasked", "the client begins TLS on a dialogue in clear", None)


def read_session(connection: Connection, *, keep_content: bool = False) -> Session:
    """The Session of a connection whose events are all here."""
    dialogue = Dialogue(connection, keep_content=keep_content)
    for event in connection.events:
        dialogue.feed(event)
    return dialogue.finish()
