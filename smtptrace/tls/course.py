"""The events of one connection as they come, with what went through TLS in clear."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from smtptrace.tls._agreement import Agreements
from smtptrace.tls._keylog import KeyLog
from smtptrace.tls._reader import Reader
from smtptrace.tls.handshake import Handshake
from smtptrace.wire import Close, Event, Gap, Octets, Side

_BEGINNING = re.compile(
    rb"(?:\A|(?<=\n))(?:[\x15\x16]\x03[\x00-\x04][\x00-\x48]|\x80[\x00-\xff]\x01[\x00\x03][\x00-\x04])"
)
_GOES_ON = re.compile(rb"(?:\A|(?<=\n))[\x14-\x17]\x03")
"""Where one side speaks TLS, this is TLS of the other, though its beginning be missing or damaged."""
_BEGUN = re.compile(rb"(?:\A|(?<=\n))(?:[\x15\x16](?:\x03[\x00-\x04]?)?|\x80(?:[\x00-\xff](?:\x01[\x00\x03]?)?)?)\Z")
_PATIENCE = 64 * 1024
"""Octets that wait for a ClientHello; and opened ones for the server's, after which the handshake has told all."""


class Course:
    """Takes the events of a connection, in the order in which they were spoken, and gives them with TLS opened.

    The octets before TLS come as they are; then a `Secured` that tells of the handshake, then what was opened; the
    streams of each side stay in order. Encrypted octets are left out, and gaps among them have no size. Everything from
    the first octet of TLS on is held until there are keys for it; if there never are, it comes as it was captured.
    """

    def __init__(self, keys: KeyLog) -> None:
        self.is_opening = False
        self._is_given_up = False
        self._is_secured = False
        self._told: list[Event] = []
        self._sealed: list[Event] = []
        self._held = 0
        self._behind: list[Event] = []
        self._waiting = 0
        self._is_tls = [False, False]
        self._begun: list[Octets | None] = [None, None]
        self._was_clear = [False, False]
        self._facts = Handshake()
        self._agreements = Agreements(keys)
        self._readers = [Reader(side, self._agreements, self._facts) for side in Side]

    @property
    def held(self) -> int:
        """Octets that wait for keys, or for the other side's handshake."""
        return sum(reader.waiting for reader in self._readers) if self.is_opening else self._held

    @property
    def is_implicit(self) -> bool:
        """Whether TLS begins with the first octets of the connection."""
        return any(self._is_tls) and not any(self._was_clear)

    @property
    def is_sealed(self) -> bool:
        """Whether TLS begins with the first octets of the client."""
        return self._is_tls[Side.CLIENT] and not self._was_clear[Side.CLIENT]

    def feed(self, events: Iterable[Event]) -> list[Event]:
        """Take the next events; what can be told by now."""
        for event in events:
            if self._is_given_up:
                self._told.append(event)
            else:
                self._take(event)
        if self._held > _PATIENCE and not self._agreements.is_asked:
            self.give_up()
        return self._tell()

    def finish(self) -> list[Event]:
        """What is left to tell at the end of the connection."""
        for side in Side:
            self._release(side)
        self._agreements.assume()
        self._open()
        if self.is_opening:
            for reader in self._readers:
                self._say(reader.finish())
            self._secure()
        else:
            self.give_up()
        return self._tell()

    def give_up(self) -> None:
        """Wait no longer: give what is held as it was captured, or leave a side that waits for the other."""
        if self.is_opening:
            for reader in self._readers:
                reader.give_up()
        else:
            self._told += self._sealed
            self._sealed, self._held = [], 0
            self._is_given_up = True

    def _tell(self) -> list[Event]:
        told, self._told = self._told, []
        return told

    # --- before TLS

    def _take(self, event: Event) -> None:
        if isinstance(event, Octets):
            self._octets(event)
        elif isinstance(event, Gap):
            self._gap(event)
        else:
            if isinstance(event, Close):
                self._release(event.side)
            if not any(self._is_tls) or self._is_secured:
                self._told.append(event)
            else:
                (self._behind if self.is_opening else self._sealed).append(event)

    def _gap(self, event: Gap) -> None:
        """Octets are missing, of TLS or of what came before it."""
        self._release(event.side)
        if self._is_tls[event.side]:
            self._facts.lose(event.side)
            self._protected(event)
        else:
            self._told.append(event)

    def _octets(self, event: Octets) -> None:
        """Part the octets of a side where TLS begins."""
        side, begun = event.side, self._begun[event.side]
        if begun is not None:
            event, self._begun[side] = _joined(begun, event), None
        if self._is_tls[side]:
            self._protected(event)
            return
        found = (_GOES_ON if self._is_tls[side.other] else _BEGINNING).search(event.data)
        maybe = found or _BEGUN.search(event.data)
        stop = maybe.start() if maybe else len(event.data)
        if stop:
            self._was_clear[side] = True
            self._told.append(_cut(event, 0, stop))
        if found:
            self._is_tls[side] = True
            self._protected(_cut(event, stop, len(event.data)))
        elif maybe:
            self._begun[side] = _cut(event, stop, len(event.data))

    def _release(self, side: Side) -> None:
        """What looked like the beginning of TLS is none, unless the other side speaks it."""
        begun, self._begun[side] = self._begun[side], None
        if begun is not None and self._is_tls[side.other]:
            self._is_tls[side] = True
            self._protected(begun)
        elif begun is not None:
            self._was_clear[side] = True
            self._told.append(begun)

    # --- TLS

    def _protected(self, event: Octets | Gap) -> None:
        """Octets of a side that speaks TLS, or a gap among them."""
        if isinstance(event, Octets):
            self._facts.feed(event.side, event.data, event.time_ns, event.frame)
        if not self.is_opening:
            self._sealed.append(event)
            self._held += len(event.data) if isinstance(event, Octets) else 0
        self._readers[event.side].put(event)
        self._open()

    def _open(self) -> None:
        """Let both sides read on until each waits for what the other has not said."""
        if not self.is_opening and self._agreements.has_keys:
            self.is_opening = True
            self._behind += (event for event in self._sealed if not isinstance(event, (Octets, Gap)))
            self._sealed, self._held = [], 0
        for reader in self._readers * 2:
            self._say(reader.advance())

    def _say(self, events: Iterable[Event]) -> None:
        """Tell what was opened, the facts of the handshake before it."""
        for event in events:
            if self._is_secured:
                self._told.append(event)
                continue
            self._behind.append(event)
            if isinstance(event, Octets):
                self._waiting += len(event.data)
                if event.side is Side.SERVER or self._waiting > _PATIENCE:
                    self._secure()

    def _secure(self) -> None:
        if self._is_secured:
            return
        self._is_secured = True
        opened = any(reader.opened for reader in self._readers)
        self._told.append(replace(self._facts.secured, opened=opened, implicit=self.is_implicit))
        self._told += self._behind
        self._behind = []


def _joined(first: Octets, then: Octets) -> Octets:
    """The octets of two events as one."""
    size = len(first.data)
    places = [(size, then.time_ns, then.frame), *((size + at, when, where) for at, when, where in then.places)]
    return replace(first, data=first.data + then.data, places=[*first.places, *places])


def _cut(event: Octets, start: int, stop: int) -> Octets:
    """Octets `start` to `stop` of an event, with their places."""
    if stop - start == len(event.data):
        return event
    time_ns, frame = event.place(start)
    places = [(at - start, when, where) for at, when, where in event.places if start < at < stop]
    return replace(event, data=event.data[start:stop], time_ns=time_ns, frame=frame, places=places)
