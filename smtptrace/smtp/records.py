"""What was said in one SMTP session: commands, replies, mail transactions.

Raw octets are kept as captured; text, enhanced codes and parameters are derived when asked for, since most are
never looked at.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field

from smtptrace import grammar
from smtptrace.wire import Close, Connection, Exactness, Gap, Note, Open, Place, Secured, Span, Typed


@dataclass(slots=True)
class Command:
    """One command line as sent; `raw` includes its line end (RFC 5321, 4.1.1).

    `verb` is upper case, None where the line does not begin with one. `cut` tells that the line goes on in octets
    that are missing, `plain` that it is known to be as nearly all are (`grammar.PLAIN`).
    """

    verb: str | None
    raw: bytes
    span: Span
    exactness: Exactness = Exactness.SEEN
    cut: bool = False
    plain: bool = False

    @property
    def line(self) -> bytes:
        """The line without its line end."""
        return grammar.without_line_end(self.raw)

    @property
    def argument(self) -> bytes:
        """Everything after the verb and one space, as sent; the whole line where there is no verb."""
        raw, verb = self.raw, self.verb
        if verb is not None and raw.endswith(b"\r\n"):  # as nearly always
            return raw[len(verb) + 1 : -2]
        line = grammar.without_line_end(raw)
        return line if verb is None else line[len(verb) + 1 :]


@dataclass(slots=True)
class Reply:
    """One reply of one or more lines; `lines` are whole lines without their line ends (RFC 5321, 4.2).

    `cut` tells that it goes on in octets that are missing; `places` name the packets that it came in behind the first,
    by offset into the stream.
    """

    code: int
    lines: tuple[bytes, ...]
    span: Span
    exactness: Exactness = Exactness.SEEN
    cut: bool = False
    places: Sequence[Place] = ()

    @property
    def texts(self) -> tuple[bytes, ...]:
        """The lines without code and separator; the enhanced status code stays in them."""
        return tuple(line[4:] for line in self.lines)

    @property
    def enhanced(self) -> str | None:
        """The enhanced status code of the first line that has one (RFC 3463), such as "5.7.8"."""
        return grammar.enhanced_code(self.lines)


@dataclass(slots=True)
class Exchange:
    """A command and the reply that ended it; either may be missing, both only for a content whose ends are missing.

    `tls` tells whether it went through TLS (and was opened). `replies` has more than one reply only where the
    protocol gives one per recipient: LMTP (RFC 2033), and PRDR, where a 353 comes before them and the reply to the
    whole after them. Then `reply` is the last.
    """

    command: Command | None
    reply: Reply | None
    tls: bool = False
    replies: tuple[Reply, ...] = ()

    @property
    def latency_ns(self) -> int | None:
        """Nanoseconds from command to reply, None where one of the times is missing."""
        if self.command is None or self.reply is None:
            return None
        sent, got = self.command.span.time_ns, self.reply.span.time_ns
        return None if sent is None or got is None else got - sent


@dataclass(slots=True)
class Round:
    """One step of an AUTH exchange: the server's challenge and the client's response; either may be missing.

    `response` is the line without its line end, `response_span` where it stands (with the line end).
    """

    challenge: Reply | None
    response: bytes | None
    response_span: Span | None = None
    exactness: Exactness = Exactness.SEEN


@dataclass(slots=True)
class AuthExchange(Exchange):
    """AUTH or X-EXPS with its rounds (RFC 4954).

    `mechanism` is upper case as sent ("" where none was). `initial` is the initial response in base64, None where
    there is none, b"=" where it is empty. `rounds` follow the command; `cancelled` tells of the client's `*`.
    """

    mechanism: str = ""
    initial: bytes | None = None
    rounds: tuple[Round, ...] = ()
    cancelled: bool = False


@dataclass(slots=True)
class Content:
    """Mail data as the server takes it: dots unstuffed, final CRLF kept, end mark left out (RFC 5321, 4.5.2).

    `size` and `sha256` are None where octets are missing; `seen` counts the octets that are here, `missing` those
    known to be missing. `data` is None unless the reader was asked to keep it. `head` holds the first octets (the
    header section, bounded) for display. `holes` are (offset into the octets that are here, octets missing there or
    None) in order.
    """

    seen: int = 0
    missing: int = 0
    complete: bool = False
    sha256: str | None = None
    head: bytes = b""
    data: bytes | None = None
    span: Span | None = None
    holes: tuple[tuple[int, int | None], ...] = ()

    @property
    def size(self) -> int | None:
        """Octets of the content, None where some are missing."""
        return self.seen if self.complete else None


@dataclass(slots=True)
class DataExchange(Exchange):
    """DATA or BDAT; DATA has the `intermediate` 354 reply, `content` is this command's (a chunk for BDAT).

    `whole` joins all chunks up to this one, for BDAT (RFC 3030); its octets are there with the last one only.
    """

    intermediate: Reply | None = None
    content: Content | None = None
    whole: Content | None = None


class Outcome(enum.Enum):
    """What the server made of a mail transaction."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    ABANDONED = "abandoned"


@dataclass(slots=True)
class Recipient:
    """One RCPT command of a transaction: the forward-path's address and the exchange."""

    address: bytes
    exchange: Exchange

    @property
    def accepted(self) -> bool:
        """Whether the server took it (2xx)."""
        reply = self.exchange.reply
        return reply is not None and 200 <= reply.code < 300


@dataclass(slots=True)
class Transaction:
    """One mail transaction, from MAIL to the reply to its content (RFC 5321, 3.3).

    `mail` is None, and the reverse-path empty, where the octets of MAIL are missing.
    `authentication` is the index in `Session.authentications` of the login it ran under. `final` is the exchange
    whose reply decided it. `content` joins all chunks of BDAT.
    """

    reverse_path: bytes
    mail: Exchange | None
    recipients: tuple[Recipient, ...] = ()
    content: Content | None = None
    outcome: Outcome = Outcome.ABANDONED
    final: Exchange | None = None
    queue_id: str | None = None
    authentication: int | None = None


@dataclass(slots=True)
class Anomaly:
    """The traffic broke a rule; never an exception. `kind` is a short slug, `detail` says it in words."""

    kind: str
    detail: str
    span: Span | None = None


@dataclass(slots=True)
class Session:
    """Everything said in one connection.

    `exchanges` are in the order the commands were sent; an exchange without command is a reply that nobody asked
    for. `greeting` is the first reply. `extensions` are the EHLO keywords last offered in clear,
    `extensions_tls` those offered inside TLS (None where no EHLO was answered there). `octets` counts (client,
    server). `complete` is false as soon as anything is missing.
    """

    connection: Connection
    greeting: Reply | None = None
    exchanges: Sequence[Exchange] = ()
    transactions: Sequence[Transaction] = ()
    authentications: Sequence[AuthExchange] = ()
    extensions: tuple[str, ...] | None = None
    extensions_tls: tuple[str, ...] | None = None
    tls: Secured | None = None
    gaps: Sequence[tuple[int, Gap]] = ()
    anomalies: Sequence[Anomaly] = ()
    notes: Sequence[Note] = ()
    typed: Sequence[Typed] = ()
    opened: Open | None = None
    closes: Sequence[Close] = ()
    octets: tuple[int, int] = (0, 0)
    start_ns: int | None = None
    end_ns: int | None = None
    helo: bytes | None = None
    lmtp: bool = False
    complete: bool = True
    warnings: list[str] = field(default_factory=list)
