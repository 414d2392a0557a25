"""Which reply answers which command: in order, as the streams have them (RFC 5321, 4.2; RFC 2920)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from smtptrace.smtp.oddities import Oddities
from smtptrace.smtp.pending import Pending
from smtptrace.smtp.records import Reply
from smtptrace.smtp.replies import ReplyReader
from smtptrace.smtp.streams import Stream
from smtptrace.smtp.transactions import Ledger

_GREETINGS = frozenset({220, 421, 450, 451, 452, 454, 521, 550, 551, 552, 553, 554, 556, 571})
"""Codes that a server may speak first with; anything else answers a command that is not here."""


class Pairing:
    """Hands each reply of the server to the exchange that waits for it longest.

    Args:
        stream: the server's octets.
        oddities: where broken rules are told.
        ledger: the transactions, for the number of accepted recipients.
        publish: is called with each exchange that is over, in the order of the commands.
    """

    def __init__(self, stream: Stream, oddities: Oddities, ledger: Ledger, publish: Callable[[Pending], None]) -> None:
        self.stream = stream
        self.waiting: deque[Pending] = deque()
        self.greeting: Reply | None = None
        self._greeted = False
        self._reader = ReplyReader(stream, oddities)
        self._odd = oddities
        self._ledger = ledger
        self._publish = publish
        self.progress = 0
        self._first: Reply | None = None

    def ask(self, pending: Pending) -> None:
        """A command was sent."""
        self.progress += 1
        self.waiting.append(pending)

    def release(self, pending: Pending) -> None:
        """The client has done its part of an exchange that kept it busy."""
        pending.busy = False
        self.settle()

    def settle(self) -> None:
        """Give out the replies that have come."""
        if not self._greeted:
            self._greet()
        waiting = self.waiting
        while waiting:
            head = waiting[0]
            while head.wants:
                reply = self.next()
                if reply is None:
                    return
                self.progress += 1
                head.take(reply, self._ledger.accepted)
            if head.busy:
                return
            waiting.popleft()
            self._publish(head)

    @property
    def exhausted(self) -> bool:
        """Whether no reply will come any more."""
        return self.stream.ended

    def next(self) -> Reply | None:
        """The next reply, whoever it is for."""
        if self._first is not None:
            reply, self._first = self._first, None
            return reply
        return self._reader.next()

    def _greet(self) -> None:
        """The first reply is the greeting, unless its code says that it answers something."""
        reply = self._reader.next()
        if reply is None:
            return
        self._greeted = True
        if reply.code in _GREETINGS:
            self.greeting = reply
        else:
            self._first = reply
            self._odd.tell("missing-greeting", f"the first reply is a {reply.code}", reply.span)

    def finish(self) -> list[Reply]:
        """No more octets will come: end all exchanges, and give the replies that nobody asked for."""
        self.settle()
        while self.waiting:
            self._publish(self.waiting.popleft())
        unasked = []
        while (reply := self.next()) is not None:
            unasked.append(reply)
        return unasked
