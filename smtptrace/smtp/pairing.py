"""Which reply answers which command (RFC 5321, 4.2; RFC 2920).

As long as no octets are missing, replies answer the commands in their order and nothing else counts. Where octets are
missing, a reply is given only to a command that was sent before it, and after a lost reply to the one it fits best.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice

from smtptrace.smtp.evidence import ANSWERS, earlier
from smtptrace.smtp.oddities import Oddities
from smtptrace.smtp.pending import Pending
from smtptrace.smtp.records import Exchange, Reply
from smtptrace.smtp.replies import ReplyReader
from smtptrace.smtp.streams import PATIENCE, Stream
from smtptrace.smtp.transactions import Ledger

_GREETINGS = frozenset({220, 421, 450, 451, 452, 454, 521, 550, 551, 552, 553, 554, 556, 571})
"""Codes that a server may speak first with; anything else answers a command that is not here."""

_TELLING = frozenset({354, 334, 235, 535, 221})
"""Codes that only certain verbs are answered with."""

_LOGINS = ("AUTH", "X-EXPS")

_ASKED_BY = {
    354: frozenset({"DATA", "XEXCH50"}),
    334: frozenset(_LOGINS),
    221: frozenset({"QUIT"}),
}
"""Codes that answer only these verbs: where the next command is another one, replies before them are missing."""

_MOST_BETWEEN = 1000

MOST_WAITING = 100_000
"""Commands that may wait for a reply."""


class Pairing:
    """Hands each reply of the server to the exchange it answers.

    Args:
        stream: the server's octets.
        oddities: where broken rules are told.
        ledger: the transactions, for the number of accepted recipients.
        publish: is called with each exchange that is over, in the order of the commands.
        greeted: whether the greeting was already given, in clear.
    """

    def __init__(
        self,
        stream: Stream,
        oddities: Oddities,
        ledger: Ledger,
        publish: Callable[[Exchange], None],
        *,
        greeted: bool = False,
    ) -> None:
        self.stream = stream
        self.waiting: deque[Pending] = deque()
        self.greeting: Reply | None = None
        self.progress = 0
        self.gapped = False
        self.doubt = False
        self.blocked = False
        self.client_ended = False
        self._greeted = greeted
        self._reader = ReplyReader(stream, oddities)
        self._odd = oddities
        self._ledger = ledger
        self._publish = publish
        self._ahead: deque[Reply] = deque()
        self._cut: Reply | None = None

    def ask(self, pending: Pending) -> None:
        """A command was sent."""
        self.progress += 1
        self.waiting.append(pending)
        if len(self.waiting) > MOST_WAITING:
            self._odd.once("replies-lost", f"{MOST_WAITING} commands wait for a reply; the first are given up")
            self._leave(1)

    def answered(self, exchange: Exchange) -> bool:
        """Whether the exchange is over at once: nothing waits before it, and its whole reply is here.

        Where octets are missing it has to wait, since then replies are not simply given out in their order.
        """
        if self.waiting or self._ahead or self.gapped or self.stream.gap is not None:
            return False
        if not self._greeted:
            self._greet()
        reply = None if self._ahead or not self._greeted else self._reader.next()
        if reply is None:
            return False
        verbs = _ASKED_BY.get(reply.code)
        if verbs is not None and (exchange.command is None or exchange.command.verb not in verbs):
            self._ahead.append(reply)
            return False
        self.progress += 2
        exchange.reply = reply
        self._publish(exchange)
        return True

    @property
    def busy(self) -> bool:
        """Whether the client waits for a reply, or is amid a content."""
        return bool(self.waiting) and self.waiting[-1].busy

    def release(self, pending: Pending) -> None:
        """The client has done its part of an exchange that kept it busy."""
        pending.busy = False
        self.settle()

    def settle(self) -> None:
        """Give out the replies that have come."""
        if not self._greeted:
            self._greet()
        waiting, ahead = self.waiting, self._ahead
        while waiting:
            head = waiting[0]
            while head.wants:
                reply = ahead.popleft() if ahead else self._reader.next()
                if reply is None and (not self.stream.exhausted or (reply := self._next()) is None):
                    return
                if self.gapped:
                    if not self._find(reply):
                        continue
                elif reply.code in _ASKED_BY and not self._belongs(reply):
                    return
                self.progress += 1
                head = waiting[0]
                head.take(reply, self._ledger.accepted)
            if head.busy:
                return
            waiting.popleft()
            self._publish(head.exchange)
        while len(self.stream) > PATIENCE and (reply := self._next()) is not None:
            self._unasked(reply)

    def ahead(self, count: int) -> list[Reply]:
        """As many of the coming replies as are here, at most `count`; they stay to be given out."""
        while len(self._ahead) < count and (reply := self._read()) is not None:
            self._ahead.append(reply)
        return list(self._ahead)[:count]

    @property
    def exhausted(self) -> bool:
        """Whether no reply will come any more."""
        return self.stream.ended

    def lose_sight(self) -> None:
        """Commands may be missing: from now on a reply must come after the command it answers."""
        self.gapped = True
        self._ledger.lose_sight()

    def _next(self) -> Reply | None:
        return self._ahead.popleft() if self._ahead else self._read()

    def _read(self) -> Reply | None:
        """The next reply, over gaps."""
        while (reply := self._reader.next()) is None and self.stream.gap is not None:
            self.gapped = self.doubt = True
            reply = self._reader.cross()
            if reply is not None:
                return reply
        return self._reader.cross() if reply is None and self.stream.ended else reply

    def _greet(self) -> None:
        """The first reply is the greeting, unless it must be the answer to something."""
        reply = self._next()
        if reply is None:
            return
        self._greeted = True
        if self._is_greeting(reply):
            self.greeting = reply
        else:
            self._ahead.appendleft(reply)
            if not self.gapped:
                self._odd.tell("missing-greeting", f"the first reply is a {reply.code}", reply.span)

    def _is_greeting(self, reply: Reply) -> bool:
        if not self.gapped:
            return reply.code in _GREETINGS
        command = self.waiting[0].exchange.command if self.waiting else None
        return reply.code == 220 and (command is None or 220 not in ANSWERS.get(command.verb or "", ()))

    def _find(self, reply: Reply) -> bool:
        """Bring the exchange that the reply answers to the front; False where there is none."""
        sent = 0
        for pending in islice(self.waiting, _MOST_BETWEEN if self.doubt else 1):
            if pending.span is not None and earlier(reply.span, pending.span):
                break
            sent += 1
        if not sent:
            self._unasked(reply)
            return False
        if self.doubt:
            self._leave(self._best(reply, sent))
            self.doubt = False
        self._cut = reply if reply.cut else None
        return True

    def _belongs(self, reply: Reply) -> bool:
        """Bring the exchange to the front that alone can be answered so; False while it may still come.

        A server that swallows a reply, or sends one without its line end, must not spoil all that follows.
        """
        verbs = _ASKED_BY[reply.code]
        at = next((at for at, pending in enumerate(self.waiting) if pending.verb in verbs), None)
        if at is None and not (self.blocked or self.client_ended or len(self.waiting) > _MOST_BETWEEN):
            self._ahead.appendleft(reply)
            return False
        if at:
            told = f"{at} commands before the one that a {reply.code} answers are without reply"
            self._odd.tell("missing-reply", told, reply.span)
            self._leave(at)
        return True

    def _best(self, reply: Reply, sent: int) -> int:
        """Which of the first `sent` waiting exchanges the reply answers, after replies were lost."""
        candidates = [self.waiting[i] for i in range(sent)]
        if reply.code in _TELLING:
            for at, pending in enumerate(candidates):
                if reply.code in ANSWERS.get(pending.verb or "", ()) or (reply.code == 535 and pending.verb in _LOGINS):
                    return at
        last = candidates.pop()
        for at, pending in enumerate(candidates):
            flight = pending.span and last.span and earlier(pending.span, last.span) is False
            if flight and pending.fits(reply.code):
                return at
        return sent - 1

    def _leave(self, count: int) -> None:
        """The replies to the first exchanges are lost."""
        for _ in range(count):
            if self.waiting[0].busy:
                return
            self._publish(self.waiting.popleft().exchange)

    def _unasked(self, reply: Reply) -> None:
        """A reply that nobody asked for, or the rest of one that a gap has cut."""
        cut = self._cut
        if cut is None or cut.code != reply.code or cut.lines[-1][3:4] == b" " or len(cut.lines) > _MOST_BETWEEN:
            self._publish(Exchange(None, reply))
            return
        cut.lines += reply.lines
        if not reply.cut:
            self._cut = None

    def abandon(self) -> None:
        """No reply will come any more to what still waits."""
        while self.waiting:
            self._publish(self.waiting.popleft().exchange)

    def finish(self) -> None:
        """No more octets will come: end all exchanges, and tell of the replies that nobody asked for."""
        self.settle()
        self.abandon()
        while (reply := self._next()) is not None:
            self._unasked(reply)
