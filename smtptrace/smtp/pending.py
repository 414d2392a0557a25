"""Exchanges that are not over, and what the next reply means to them."""

from __future__ import annotations

from dataclasses import replace

from smtptrace.smtp.evidence import fits
from smtptrace.smtp.records import AuthExchange, DataExchange, Exchange, Reply, Round
from smtptrace.wire import Span


class Pending:
    """An exchange that wants `wants` more replies, and is not over while the client is `busy` with it."""

    __slots__ = ("busy", "exchange", "replies", "wants")

    def __init__(self, exchange: Exchange, *, busy: bool = False) -> None:
        self.exchange = exchange
        self.busy = busy
        self.wants = 1
        self.replies: tuple[Reply, ...] = ()

    @property
    def verb(self) -> str | None:
        """The verb of the command."""
        return self.exchange.command.verb if self.exchange.command else None

    @property
    def span(self) -> Span | None:
        """Where the command stands."""
        return self.exchange.command.span if self.exchange.command else None

    def fits(self, code: int) -> bool:
        """Whether the code may answer it, as far as it has come."""
        return fits(self.verb, code)

    def take(self, reply: Reply, accepted: int) -> None:  # noqa: ARG002
        """The next reply; `accepted` recipients were accepted before it."""
        self.wants -= 1
        self.exchange.reply = reply
        if self.replies:
            self.replies = self.exchange.replies = (*self.replies, reply)
        else:
            self.replies = (reply,)

    def so_far(self) -> Exchange:
        """The exchange as far as it has come, for who looks on."""
        return self.exchange


class PendingData(Pending):
    """DATA or BDAT: a 3yz reply asks for the content, and several may answer it (RFC 5321, RFC 2033, PRDR).

    Args:
        each: one reply for each accepted recipient answers the content (LMTP).
    """

    __slots__ = ("_each", "_started")

    exchange: DataExchange

    def __init__(self, exchange: DataExchange, *, each: bool) -> None:
        super().__init__(exchange, busy=True)
        self._each = each
        self._started = exchange.command is None or exchange.command.verb == "BDAT"

    def fits(self, code: int) -> bool:
        """Before the content begins, DATA is answered by 354; afterwards by anything else."""
        return code != 354 if self._started else fits(self.verb, code)

    def start(self) -> None:
        """The content begins, whether or not the reply that asks for it is known."""
        self._started = True

    def take(self, reply: Reply, accepted: int) -> None:
        """The reply that asks for the content, or one that answers it."""
        asks = reply.code == 354 or (300 <= reply.code < 400 and not self._started)
        if asks and self.exchange.intermediate is None and not self.replies:
            self.exchange.intermediate = reply
            self._started = True
            return
        if not self.replies:
            if reply.code == 353:
                self.wants = accepted + 2
            elif self._each and self._started:
                self.wants = max(accepted, 1)
        super().take(reply, accepted)


class PendingAuth(Pending):
    """AUTH: each 334 (any 3yz: RFC 5321, 4.2.1) is a challenge, anything else ends it (RFC 4954, 4)."""

    __slots__ = ("challenges",)

    exchange: AuthExchange

    def __init__(self, exchange: AuthExchange) -> None:
        super().__init__(exchange, busy=True)
        self.challenges: list[Reply] = []

    def so_far(self) -> Exchange:
        """With the challenge that is not answered yet."""
        rounds = self.exchange.rounds
        waiting = (Round(challenge, None) for challenge in self.challenges[len(rounds) :])
        return replace(self.exchange, rounds=(*rounds, *waiting))

    def take(self, reply: Reply, accepted: int) -> None:
        """A challenge, or the end."""
        if 300 <= reply.code < 400:
            self.challenges.append(reply)
        else:
            super().take(reply, accepted)
