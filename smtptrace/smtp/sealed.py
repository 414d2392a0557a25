"""What comes after the dialogue has gone into TLS or an opaque layer, while nobody has opened it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from smtptrace.smtp.oddities import Oddities
from smtptrace.smtp.streams import Stream
from smtptrace.tls.handshake import Handshake
from smtptrace.wire import Secured, Side

_RECORDS = frozenset({0x14, 0x15, 0x16, 0x17, 0x80})  # and the ClientHello of SSL 2.0
_BEGINNING = re.compile(rb"[A-Za-z]{4,10}(?=[ \r]|$)|[2-5][0-9][0-9](?=[ \r-]|$)")
_MOST_LINES = 8
_MOST_CLEAR = 4096
_INJECTED = {
    Side.CLIENT: ("starttls-injection", "{} octets in clear follow STARTTLS: {}"),
    Side.SERVER: ("reply-injection", "{} octets in clear follow the reply to STARTTLS: {}"),
}


def _beginnings(clear: bytes) -> str:
    """The verbs and codes that the first lines begin with; the rest of them may be secret."""
    lines = clear.rstrip(b"\n").split(b"\n", _MOST_LINES)[:_MOST_LINES]
    words = (_BEGINNING.match(line) for line in lines)
    return ", ".join(word[0].decode("ascii") if word else "?" for word in words)


class Layer(Protocol):
    """Takes what both streams have to give."""

    def advance(self) -> None:
        """Take what has come."""

    def secured(self) -> Secured | None:
        """What is known of TLS, if this is TLS."""


class OpaqueLayer:
    """Drops what nobody can read: a SASL security layer, or a dialogue whose parts were changed."""

    def __init__(self, streams: tuple[Stream, Stream]) -> None:
        self._streams = streams

    def advance(self) -> None:
        """Take what has come, and forget it."""
        for stream in self._streams:
            stream.take()
            while stream.gap is not None:
                stream.cross()
                stream.take()

    def secured(self) -> None:
        """This is not TLS."""


class TlsLayer:
    """Passes the octets of both sides to the reader of the clear handshake.

    Args:
        streams: both streams where they stand.
        oddities: where broken rules are told.
        settle: where nobody accepted STARTTLS, gives what the server goes on to say in clear to the dialogue.
    """

    def __init__(
        self, streams: tuple[Stream, Stream], oddities: Oddities, settle: Callable[[], None] | None = None
    ) -> None:
        self._handshake = Handshake()
        self._streams = streams
        self._odd = oddities
        self._settle = settle
        self._entered = [False, False]

    def advance(self) -> None:
        """Take what has come."""
        for stream in self._streams:
            while len(stream) or stream.gap is not None:
                if len(stream) and not self._entered[stream.side] and not self._enter(stream):
                    break
                self._pass_on(stream)

    def _pass_on(self, stream: Stream) -> None:
        time_ns, frame = stream.place(stream.position)
        data = bytes(stream.take())
        if data:
            self._handshake.feed(stream.side, data, time_ns, frame)
        if stream.gap is not None:
            stream.cross()
            self._handshake.lose(stream.side)

    def _enter(self, stream: Stream) -> bool:
        """The first octets of one side: skip what stands in front of the first record; False to wait for more."""
        if stream.first() not in _RECORDS:
            if self._settle is not None:
                self._settle()
                return stream.first() in _RECORDS and self._enter(stream)
            ahead = stream.peek(_MOST_CLEAR)
            record = ahead.find(b"\x16\x03")
            if record < 0 and len(ahead) < _MOST_CLEAR and not stream.exhausted:
                return False
            clear = ahead if record < 0 else ahead[:record]
            start = stream.position
            stream.take(len(clear))
            kind, told = _INJECTED[stream.side]
            self._odd.once(kind, told.format(len(clear), _beginnings(clear)), stream.span(start))
        self._entered[stream.side] = True
        return True

    def secured(self) -> Secured:
        """What the handshake has told."""
        return self._handshake.secured
