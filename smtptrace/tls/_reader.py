"""One side's records opened with keys, past records that are missing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from smtptrace.tls import _messages as messages
from smtptrace.tls._agreement import Agreements
from smtptrace.tls._order import packets_of
from smtptrace.tls._protection import Aead13, Content, Protection
from smtptrace.tls._records import ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE
from smtptrace.tls._tape import Record, Tape
from smtptrace.tls.handshake import Handshake
from smtptrace.wire import Event, Gap, GapReason, Irregularity, Octets, Side

MOST_WORK = 512 * 1024 * 1024
"""How much is tried to find the numbers of records behind missing ones: their octets, and 4096 for each try."""

_FAR = 64
"""A record behind a change of keys is looked for among so many; as many that do not open at all end the attempt."""
_FOUND = ("tls-records-lost", "TLS records are missing or damaged; those behind them are read on")
_NOT_FOUND = "TLS records are missing or damaged, or their keys are; what came in them cannot be opened"


class Reader:
    """Takes octets and gaps of one side and gives what its records held.

    `opened` tells that application data was opened, `waiting` counts octets that wait for the other side's handshake.
    """

    def __init__(self, side: Side, agreements: Agreements, facts: Handshake) -> None:
        self.side = side
        self.opened = False
        self.waiting = 0
        self._agreements = agreements
        self._facts = facts
        self._queue: deque[Octets | Gap] = deque()
        self._tape = Tape()
        self._where: tuple[int | None, int | None] = (None, None)
        self._record: Record | None = None
        self._messages = messages.Messages()
        self._protection: Protection | None = None
        self._later: list[Protection] = []
        self._generation = 0
        self._changes = False
        self._number = 0
        self._missing = 0  # records that may be missing before the next one
        self._is_gap_told = False
        self._was_found_told = False
        self._work = MOST_WORK
        self._is_hopeless = False

    def put(self, event: Octets | Gap) -> None:
        """Add what comes next."""
        for piece in packets_of(event) if isinstance(event, Octets) else (event,):
            self._queue.append(piece)
        if isinstance(event, Octets):
            self.waiting += len(event.data)

    def advance(self) -> Iterator[Event]:
        """What can be opened by now: Octets, Gap and Irregularity; it ends where the other side must come first."""
        while not self._is_hopeless:
            if self._tape.is_lost:
                if not self._agreements.is_known():
                    return
                yield from self._look()
            record = self._record or self._tape.next()
            if record is None:
                if not self._queue:
                    return
                yield from self._pass_on(self._queue.popleft())
            elif self._is_ready(record):
                self._record = None
                yield from self._take(record)
            else:
                self._record = record
                return
        self._queue.clear()
        self.waiting = 0

    def finish(self) -> Iterator[Event]:
        """The same, where nothing more will come."""
        self._tape.is_over = True
        yield from self.advance()
        if self._is_hopeless or self._tape.is_lost or self._missing or self._record or self._queue:
            yield from self._tell_gap(Gap(self.side, None, GapReason.LOST, *self._where))
            yield Irregularity("tls-lost", self._agreements.problem or _NOT_FOUND, self.side, *self._where)
        elif len(self._tape):
            yield from self._tell_gap(Gap(self.side, None, GapReason.AFTER_CAPTURE, *self._where))

    def give_up(self) -> None:
        """Read no further."""
        self._is_hopeless = True

    def _pass_on(self, event: Octets | Gap) -> Iterator[Event]:
        if isinstance(event, Octets):
            self._where = event.time_ns, event.frame
            self.waiting -= len(event.data)
            self._tape.feed(event.data)
            return
        self._missing += self._tape.lose(event.size)
        self._messages = messages.Messages()
        if self._protection is not None:
            self._protection.pass_over(None)
            self._is_hopeless = self._protection.ordered
        yield from self._tell_gap(event)

    def _tell_gap(self, gap: Gap) -> Iterator[Event]:
        """A gap, of a size that nobody knows; one where several follow each other."""
        if not self._is_gap_told:
            self._is_gap_told = True
            yield Gap(self.side, None, gap.reason, gap.time_ns, gap.frame)

    # --- records

    def _is_ready(self, record: Record) -> bool:
        """Whether the other side has told what this record needs."""
        agreements = self._agreements
        if self._changes:
            return agreements.is_known(self._generation)
        if self._protection is not None or record.kind in (ALERT, HANDSHAKE):
            return True
        if record.kind == CHANGE_CIPHER_SPEC and agreements.is_retried:
            return True
        return agreements.is_known() and self._knows_early

    @property
    def _knows_early(self) -> bool:
        is_asked = self.side is Side.CLIENT and self._agreements.is_13 and self._agreements.offers_early
        return not is_asked or self._agreements.early is not None

    def _take(self, record: Record) -> Iterator[Event]:
        """The record that comes next."""
        self._prepare(record)
        if self._is_hopeless:
            return
        if self._protection is None:
            yield from self._give(record.kind, record.body)
        elif record.kind == APPLICATION_DATA or not self._agreements.is_13:
            content = self._open(record)
            if content is not None:
                yield from self._found(content)
            else:
                yield from self._fail()

    def _prepare(self, record: Record) -> None:
        """See to it that the protection is that of the record."""
        agreements = self._agreements
        if self._changes or (self._protection is None and record.kind == APPLICATION_DATA):
            if agreements.is_13:
                self._later = agreements.protections(self.side)
                self._protection = self._later.pop(0) if self._later else None
            else:
                self._protection = agreements.protection(self._generation, self.side)
                self._generation += 1
            self._changes, self._number = False, 0
            self._is_hopeless = self._protection is None

    def _look(self) -> Iterator[Event]:
        """Find the record that the tape goes on with."""
        for record in self._tape.candidates():
            if self._changes and not self._agreements.is_known(self._generation):
                continue
            self._prepare(record)
            if self._is_hopeless:
                return
            content: Content | None = record.kind, record.body
            if self._protection is not None:
                content = self._open(record)
            elif content != (CHANGE_CIPHER_SPEC, b"\1"):
                content = None
            if content is not None:
                self._tape.take()
                yield from self._found(content)

    def _open(self, record: Record) -> Content | None:
        """What a record held, where it opens with a number and a protection that may be its own."""
        for protection, number in self._guesses():
            content = protection.open(number, record.header, record.body)
            if content is not None:
                while self._later and protection is not self._protection:
                    self._protection = self._later.pop(0)
                self._protection, self._number = protection, number + 1
                break
            self._work -= len(record.body) + 4096
            if self._work < 0:
                self._is_hopeless = True
                break
        if self._protection is not None:
            self._protection.pass_over(record.body)
        return content

    def _guesses(self) -> Iterator[tuple[Protection, int]]:
        """The protections and numbers that the next record may have, the likeliest first."""
        current = self._protection
        assert current is not None
        for number in range(self._number, self._number + self._missing + 1):
            yield current, number
        later = self._later
        if not later and isinstance(current, Aead13):
            later = [current.updated()]
        for protection in later:
            for number in range(min(self._missing, _FAR) + 1):
                yield protection, number

    def _found(self, content: Content) -> Iterator[Event]:
        """A record was opened."""
        if self._is_gap_told and self._missing and not self._was_found_told:
            self._was_found_told = True
            yield Irregularity(*_FOUND, self.side, *self._where)
        self._missing = 0
        yield from self._give(*content)

    def _fail(self) -> Iterator[Event]:
        """A record does not open: it is damaged, or no key is its own."""
        self._missing += 1
        assert self._protection is not None
        self._is_hopeless = self._protection.ordered or (not self._number and self._missing > _FAR)
        if (
            self._number or not self._agreements.is_13
        ):  # else early data that was refused, or keys of the handshake lack
            yield from self._tell_gap(Gap(self.side, None, GapReason.LOST, *self._where))

    # --- what they held

    def _give(self, kind: int, content: bytes) -> Iterator[Event]:
        is_opened = self._protection is not None
        if kind == APPLICATION_DATA and is_opened and content:
            self.opened, self._is_gap_told = True, False
            yield Octets(self.side, content, *self._where)
        elif kind == HANDSHAKE:
            for message, body in self._messages.feed(content):
                self._hear(message, body)
        elif kind == ALERT and is_opened:
            self._facts.learn_alert(self.side, content)
        elif kind == CHANGE_CIPHER_SPEC and not self._agreements.is_13:
            self._changes = True

    def _hear(self, message: int, body: bytes) -> None:
        """A handshake message."""
        if message == messages.CLIENT_HELLO and self.side is Side.CLIENT:
            asked = messages.client_hello(body)
            if asked is not None:
                self._agreements.asks(asked)
        elif message == messages.SERVER_HELLO and self.side is Side.SERVER:
            chosen = messages.server_hello(body)
            if chosen is not None:
                self._agreements.answers(chosen)
        elif isinstance(self._protection, Aead13):
            self._hear_13(message, body, self._protection)

    def _hear_13(self, message: int, body: bytes, protection: Aead13) -> None:
        """A message of TLS 1.3 that is protected; some change the keys of this side."""
        if message in (messages.END_OF_EARLY_DATA, messages.FINISHED) and self._later:
            self._protection, self._number = self._later.pop(0), 0
        elif message == messages.KEY_UPDATE and not self._later:
            self._protection, self._number = protection.updated(), 0
        elif self.side is Side.SERVER and message == messages.ENCRYPTED_EXTENSIONS and self._agreements.early is None:
            self._agreements.early = messages.takes_early_data(body)
        elif self.side is Side.SERVER and message == messages.CERTIFICATE:
            self._facts.learn_certificate(body)
