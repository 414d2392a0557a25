"""One line a session, in columns, printed as the sessions end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from smtptrace.outputs._text import visible
from smtptrace.outputs._time import local
from smtptrace.outputs.coverage import OUTCOMES
from smtptrace.smtp import Outcome, Reply, Session
from smtptrace.trace import Trace
from smtptrace.wire import Connection, Secured

_GAP = "  "


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, least width, share of the room that is left, and what stands in it."""

    heading: str
    width: int
    share: int
    cell: Callable[[Trace, str, tzinfo | None], str]
    right: bool = False


def _helo(trace: Trace, _name: str, _zone: tzinfo | None) -> str:
    return visible(trace.session.helo) if trace.session.helo else "-"


def _auth(trace: Trace, _name: str, _zone: tzinfo | None) -> str:
    signs = {"accepted": "+", "rejected": "-"}
    return (
        ", ".join(
            f"{visible(each.mechanism)} {visible(each.authcid or '?')}{signs.get(each.outcome.value, '?')}"
            for each in trace.credentials
        )
        or "-"
    )


def _from(trace: Trace, _name: str, _zone: tzinfo | None) -> str:
    transactions = trace.session.transactions
    more = f" +{len(transactions) - 1}" if len(transactions) > 1 else ""
    return (visible(transactions[0].reverse_path) or "<>") + more if transactions else "-"


def _recipients(trace: Trace, _name: str, _zone: tzinfo | None) -> str:
    all_of = [recipient.accepted for each in trace.session.transactions for recipient in each.recipients]
    return f"{sum(all_of)}/{len(all_of)}" if all_of else "-"


def _messages(trace: Trace, _name: str, _zone: tzinfo | None) -> str:
    return str(sum(each.outcome is Outcome.ACCEPTED for each in trace.session.transactions))


def _last_reply(trace: Trace, _name: str, _zone: tzinfo | None) -> str:
    if trace.attempt is not None:
        return OUTCOMES[trace.attempt]
    last = _last_telling(trace.session) or trace.session.greeting
    said = visible(last.lines[0]) if last else "-"
    return said if trace.session.complete else f"incomplete: {said}"


def _last_telling(session: Session) -> Reply | None:
    """The last reply before the farewell to QUIT, which tells nothing."""
    for exchange in reversed(session.exchanges):
        if exchange.reply and not (exchange.command and exchange.command.verb == "QUIT"):
            return exchange.reply
    return None


def _file(connection: Connection) -> str:
    return connection.origin.locate(connection.number)[0]


def _tls(trace: Trace, _name: str, _zone: tzinfo | None) -> str:
    secured: Secured | None = trace.session.tls
    if secured is None:
        return "-"
    return ("opened " if secured.opened else "") + (secured.version or ("implicit" if secured.implicit else "starttls"))


COLUMNS: dict[str, Column] = {
    "id": Column("ID", 5, 0, lambda _trace, name, _zone: name),
    "start": Column("START", 19, 0, lambda trace, _name, zone: local(trace.session.start_ns, zone)[:19]),
    "client": Column("CLIENT", 15, 2, lambda trace, _name, _zone: visible(str(trace.session.connection.client))),
    "server": Column("SERVER", 15, 2, lambda trace, _name, _zone: visible(str(trace.session.connection.server))),
    "helo": Column("HELO", 8, 2, _helo),
    "tls": Column("TLS", 7, 0, _tls),
    "auth": Column("AUTH", 12, 3, _auth),
    "from": Column("FROM", 10, 3, _from),
    "rcpt": Column("RCPT", 4, 0, _recipients, right=True),
    "msgs": Column("MSGS", 4, 0, _messages, right=True),
    "last": Column("LAST REPLY", 12, 4, _last_reply),
    "file": Column("FILE", 10, 3, lambda trace, _name, _zone: visible(_file(trace.session.connection))),
}
"""All columns by the name that `--columns` takes, in their usual order."""


@dataclass(slots=True)
class Layout:
    """The columns of one listing and how wide each is."""

    columns: Sequence[Column]
    widths: Sequence[int]
    zone: tzinfo | None
    cut: bool

    def heading(self, zone_name: str) -> Text:
        """The line above the rows; the zone of the times stands in it."""
        cells = [f"{c.heading} ({zone_name})" if c.heading == "START" else c.heading for c in self.columns]
        return Text(self._row(cells), style="bold")

    def row(self, trace: Trace, name: str) -> Text:
        """One session."""
        text = Text(self._row([column.cell(trace, name, self.zone) for column in self.columns]))
        if any(each.outcome.value == "rejected" for each in trace.credentials):
            text.stylize("red")
        elif not trace.session.complete:
            text.stylize("yellow")
        return text

    def _row(self, cells: Iterable[str]) -> str:
        padded = [
            self._fit(cell, width, column.right)
            for cell, width, column in zip(cells, self.widths, self.columns, strict=True)
        ]
        return _GAP.join(padded).rstrip()

    def _fit(self, cell: str, width: int, right: bool) -> str:
        length = cell_len(cell)
        if length > width and self.cut:
            return set_cell_size(cell, width - 1) + "…"
        space = " " * (width - length)
        return space + cell if right else cell + space


DISPENSABLE = ("server", "msgs", "tls", "helo", "rcpt", "client")
"""Columns that a narrow terminal does without, the first to go first."""


def fitting(names: Sequence[str], width: int) -> list[str]:
    """The columns that have room side by side, without the dispensable ones that have not."""
    kept = list(names)
    for name in DISPENSABLE:
        if _least(kept) > width and name in kept:
            kept.remove(name)
    return kept


def _least(names: Sequence[str]) -> int:
    return sum(COLUMNS[name].width + len(_GAP) for name in names) - len(_GAP)


def layout(names: Sequence[str], width: int | None, zone: tzinfo | None) -> Layout:
    """The layout of the named columns.

    Args:
        names: keys of `COLUMNS`.
        width: cells to fill, None for as many as each row needs (`--wide`).
        zone: the zone of the times, None for the machine's own.
    """
    columns = [COLUMNS[name] for name in names]
    widths = [column.width for column in columns]
    room = (width or 0) - _least(names)
    shares = sum(column.share for column in columns)
    if room > 0 and shares:
        widths = [least + room * column.share // shares for least, column in zip(widths, columns, strict=True)]
    return Layout(columns, widths, zone, cut=width is not None)
