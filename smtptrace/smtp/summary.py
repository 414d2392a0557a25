"""Whether a session is all here, and in words what is missing."""

from __future__ import annotations

from smtptrace.smtp.records import DataExchange, Exchange, Session
from smtptrace.wire import Closing, Gap, Side, Span

_NAMES = {Side.CLIENT: "client", Side.SERVER: "server"}


def conclude(session: Session, unfinished: Span | None) -> None:
    """Set `complete` and add what is missing to `warnings`; `unfinished` is a last line without its end."""
    missing = [_gap(at, gap) for at, gap in session.gaps[:_MOST]]
    if len(session.gaps) > _MOST:
        missing.append(f"{len(session.gaps) - _MOST} more gaps")
    missing += [
        f"the capture ends before the {_NAMES[close.side]} does"
        for close in session.closes
        if close.how is Closing.END_OF_CAPTURE
    ]
    missing += [f"no octet of the {_NAMES[side]} is here" for side in Side if _silent(session, side)]
    if not session.closes:
        missing += _open_ends(session, unfinished)
    session.warnings.extend(missing)
    session.complete = not missing


_MOST = 10


def _gap(at: int, gap: Gap) -> str:
    size = "an unknown number of" if gap.size is None else str(gap.size)
    return f"{size} octets of the {_NAMES[gap.side]} are missing at {at} ({gap.reason.value})"


def _silent(session: Session, side: Side) -> bool:
    """Whether one side says nothing though the other speaks."""
    return session.octets[side] == 0 and session.octets[side.other] > 0 and (side is Side.SERVER or _answers(session))


def _answers(session: Session) -> bool:
    """Whether the server said more than a greeting, so that the client must have spoken."""
    return any(exchange.reply is not None and exchange.reply.code != 421 for exchange in session.exchanges)


def _open_ends(session: Session, unfinished: Span | None) -> list[str]:
    """What a dialogue that goes on has not brought yet."""
    ends = []
    lost = sum(exchange.reply is None for exchange in session.exchanges)
    if lost:
        ends.append(f"{lost} commands are without reply")
    if any(_content_open(exchange) for exchange in session.exchanges):
        ends.append("a content does not come to its end")
    if unfinished is not None:
        ends.append("the last line of the client does not come to its end")
    return ends


def _content_open(exchange: Exchange) -> bool:
    content = exchange.content if isinstance(exchange, DataExchange) else None
    return content is not None and not content.complete
