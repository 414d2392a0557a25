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
_SHORTEST = 4
"""Cells that a column keeps that gives way to another."""
_WIDEST = 48
"""Cells that a column has at most where nothing is cut; what is longer moves its row alone."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, least width, share of the room that is left, and what stands in it.

    `right` puts it to the right; of a `path` the end is kept where it is cut.
    """

    heading: str
    width: int
    share: int
    cell: Callable[[Trace, str, tzinfo | None], str]
    right: bool = False
    path: bool = False


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
    "file": Column("FILE", 10, 3, lambda trace, _name, _zone: visible(_file(trace.session.connection)), path=True),
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
        padded, excess = [], 0
        for cell, width, column in zip(cells, self.widths, self.columns, strict=True):
            room = width
            if column.share:  # gives way to one before it that must not be cut
                room = max(width - excess, min(width, _SHORTEST))
                excess -= width - room
            fitted = self._fit(cell, room, column)
            excess += cell_len(fitted) - room
            padded.append(fitted)
        return _GAP.join(padded).rstrip()

    def _fit(self, cell: str, width: int, column: Column) -> str:
        length = cell_len(cell)
        if length > width and self.cut and column.share:
            return "…" + _end(cell, width - 1) if column.path else set_cell_size(cell, width - 1) + "…"
        space = " " * (width - length)
        return space + cell if column.right else cell + space


def _end(text: str, width: int) -> str:
    """The last cells of a text."""
    return set_cell_size(text[::-1], width)[::-1]


DISPENSABLE = ("server", "msgs", "tls", "helo", "rcpt", "client")
"""Columns that a narrow terminal does without, the first to go first."""


Rows = Sequence[tuple[Trace, str]]
"""Sessions with their ids."""


def fitting(names: Sequence[str], width: int, first: Rows = (), zone: tzinfo | None = None) -> list[str]:
    """The columns that have room side by side, without the dispensable ones that have not."""
    kept = list(names)
    for name in DISPENSABLE:
        columns = [COLUMNS[each] for each in kept]
        if name in kept and _row_width(_least(columns, _wanted(columns, first, zone))) > width:
            kept.remove(name)
    return kept


def layout(names: Sequence[str], width: int | None, zone: tzinfo | None, first: Rows = ()) -> Layout:
    """The layout of the named columns.

    Args:
        names: keys of `COLUMNS`.
        width: cells to fill, None for as many as each row needs (`--wide`).
        zone: the zone of the times, None for the machine's own.
        first: the first rows, whose cells tell how wide columns had better be.
    """
    columns = [COLUMNS[name] for name in names]
    wanted = _wanted(columns, first, zone)
    widths = [min(cells, _WIDEST) for cells in wanted] if width is None else _shared(columns, wanted, width)
    return Layout(columns, widths, zone, cut=width is not None)


def _wanted(columns: Sequence[Column], first: Rows, zone: tzinfo | None) -> list[int]:
    """The cells that each column would take."""
    return [
        max([column.width, *(cell_len(column.cell(trace, name, zone)) for trace, name in first)]) for column in columns
    ]


def _least(columns: Sequence[Column], wanted: Sequence[int]) -> list[int]:
    """The cells without which a column is of no use; what has no share is never cut."""
    return [column.width if column.share else cells for column, cells in zip(columns, wanted, strict=True)]


def _row_width(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _shared(columns: Sequence[Column], wanted: Sequence[int], width: int) -> list[int]:
    """The width divided: first to those that want more than the least, what is left to all."""
    widths = _least(columns, wanted)
    for aim in (wanted, [width] * len(columns)):
        while room := max(0, width - _row_width(widths)):
            shares = [
                column.share if cells < most else 0 for column, cells, most in zip(columns, widths, aim, strict=True)
            ]
            if not any(shares):
                break
            for at, share in enumerate(shares):
                given = min(-(-room * share // sum(shares)), aim[at] - widths[at], width - _row_width(widths))
                widths[at] += max(0, given)
    return widths
