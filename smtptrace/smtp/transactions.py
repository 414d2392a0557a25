"""Mail transactions out of exchanges in order (RFC 5321, 3.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from smtptrace.smtp.content import HEAD
from smtptrace.smtp.queue_id import queue_id
from smtptrace.smtp.records import Content, DataExchange, Exchange, Outcome, Recipient, Reply, Transaction

_PATH = re.compile(rb"(?i)(?:FROM|TO)[ \t]*:[ \t]*(?:<([^>]*)>?|([^ \t]*))")


def path_of(argument: bytes) -> bytes:
    """The address in the argument of MAIL or RCPT, without angle brackets; empty where there is none."""
    found = _PATH.match(argument)
    return (found[1] if found[1] is not None else found[2]) if found else b""


def _positive(reply: Reply | None) -> bool:
    return reply is not None and 200 <= reply.code < 300


class Ledger:
    """Keeps the open transaction and enters it into `done` when it ends."""

    def __init__(self) -> None:
        self.done: list[Transaction] = []
        self._open: Transaction | None = None
        self._recipients: list[Recipient] = []
        self._chunks: list[Content] = []
        self._blind = True
        self.login: int | None = None
        self.accepted = 0

    @property
    def current(self) -> Transaction | None:
        """The transaction that is open, as far as it has come."""
        return self._open and replace(self._open, recipients=tuple(self._recipients))

    def enter(self, exchange: Exchange) -> None:
        """Take the next exchange; what it means for the transaction follows from its verb."""
        command = exchange.command
        action = _ACTIONS.get(command.verb or "") if command else None
        if action:
            action(self, exchange)
        elif command is None and isinstance(exchange, DataExchange):
            self.data(exchange)

    def lose_sight(self) -> None:
        """Octets are missing: commands may have been said that are not here."""
        self._blind = True

    def mail(self, exchange: Exchange) -> None:
        """MAIL opens a transaction; one that is refused leaves an open one as it is."""
        refused = exchange.reply is not None and not _positive(exchange.reply)
        if refused and self._open is not None:
            return
        self.abandon()
        assert exchange.command is not None
        self._begin(path_of(exchange.command.argument), exchange)
        if refused:
            self._decide(exchange)

    def _begin(self, reverse_path: bytes, exchange: Exchange | None) -> Transaction:
        self._blind = False
        self._open = Transaction(reverse_path, exchange, authentication=self.login)
        self._recipients, self._chunks, self.accepted = [], [], 0
        return self._open

    def rcpt(self, exchange: Exchange) -> None:
        """RCPT names a recipient."""
        assert exchange.command is not None
        if self._open is None:
            if not self._blind or not _positive(exchange.reply):
                return
            self._begin(b"", None)
        recipient = Recipient(path_of(exchange.command.argument), exchange)
        self._recipients.append(recipient)
        self.accepted += recipient.accepted

    def data(self, exchange: Exchange) -> None:
        """DATA, or the last BDAT or BURL, decides; a refused chunk does as well."""
        content = self._content(exchange) if isinstance(exchange, DataExchange) else None
        if self._open is None:
            if content is None or not (self._blind or _positive(exchange.reply)):
                return
            self._begin(b"", None)
        assert self._open is not None
        self._open.content = content
        self._decide(exchange)

    def _content(self, exchange: DataExchange) -> Content | None:
        """What was sent up to this exchange; the octets of a chunk that is not the last are those of all before it."""
        whole = exchange.whole
        if whole is None or whole.head or not whole.seen:
            return whole or exchange.content
        head = b"".join(chunk.head for chunk in self._chunks)[:HEAD]
        pieces = [chunk.data for chunk in self._chunks if chunk.data is not None]
        is_kept = len(pieces) == len(self._chunks) and sum(map(len, pieces)) == whole.seen
        return replace(whole, head=head, data=b"".join(pieces) if is_kept else None)

    def chunk(self, exchange: Exchange) -> None:
        """BDAT and BURL decide only where they are the last, or refused."""
        assert exchange.command is not None
        if isinstance(exchange, DataExchange) and exchange.content is not None:
            self._chunks.append(exchange.content)
        last = exchange.command.argument.upper().rstrip().endswith(b"LAST")
        refused = exchange.reply is not None and not _positive(exchange.reply)
        if last or refused:
            self.data(exchange)

    def _decide(self, exchange: Exchange) -> None:
        transaction = self._open
        assert transaction is not None
        replies = exchange.replies or (exchange.reply,)
        transaction.final = exchange
        if any(_positive(reply) for reply in replies):
            transaction.outcome = Outcome.ACCEPTED
            transaction.queue_id = next(filter(None, (queue_id(r.texts) for r in replies if r and _positive(r))), None)
        elif exchange.reply is not None:
            transaction.outcome = Outcome.REFUSED
        self._close()

    def reset(self, exchange: Exchange) -> None:
        """RSET and its like end the transaction, unless they are refused."""
        if exchange.reply is None or _positive(exchange.reply):
            self._blind = False
            self.abandon()

    def abandon(self) -> None:
        """The transaction ends without a decision, or because every recipient was refused."""
        transaction = self._open
        if transaction is None:
            return
        if self._recipients and all(r.exchange.reply and not r.accepted for r in self._recipients):
            transaction.outcome = Outcome.REFUSED
            transaction.final = self._recipients[-1].exchange
        self._close()

    def _close(self) -> None:
        assert self._open is not None
        self._open.recipients = tuple(self._recipients)
        self.done.append(self._open)
        self._open, self._recipients, self._chunks, self.accepted = None, [], [], 0


_ACTIONS: dict[str, Callable[[Ledger, Exchange], None]] = {
    "MAIL": Ledger.mail,
    "RCPT": Ledger.rcpt,
    "DATA": Ledger.data,
    "BDAT": Ledger.chunk,
    "BURL": Ledger.chunk,
    "RSET": Ledger.reset,
    "HELO": Ledger.reset,
    "EHLO": Ledger.reset,
    "LHLO": Ledger.reset,
    "QUIT": Ledger.reset,
    "STARTTLS": Ledger.reset,
    "X-ANONYMOUSTLS": Ledger.reset,
    "XCLIENT": Ledger.reset,
}
