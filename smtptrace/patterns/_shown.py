"""Rows as evidence."""

from __future__ import annotations

from collections.abc import Sequence

from smtptrace.findings import Evidence
from smtptrace.patterns._row import LoginRow, MessageRow, SessionRow
from smtptrace.wire import Side, Span

Login = tuple[SessionRow, LoginRow]
Message = tuple[SessionRow, MessageRow]


def of_login(row: SessionRow, login: LoginRow) -> Evidence:
    """A login in words, with its place."""
    verdict = "accepted" if login.accepted else "refused" if login.refused else "without verdict"
    secret = f", secret {login.secret}" if login.secret else ""
    text = f"session {row.id}: AUTH {login.mechanism} {login.user or '(no user)'} from {row.client}: {verdict}{secret}"
    return Evidence(text, Span(Side.CLIENT, 0, 0, login.time_ns, login.frame), row.file)


def of_message(row: SessionRow, message: MessageRow) -> Evidence:
    """A mail transaction in words, with its place."""
    verdict = "accepted" if message.accepted else "not accepted"
    who = f" as {message.user}" if message.user else ""
    text = (
        f"session {row.id}: MAIL FROM:<{message.sender}>{who} from {row.client}: {message.recipients} recipients, "
        f"{message.refused} refused, {verdict}"
    )
    return Evidence(text, Span(Side.CLIENT, 0, 0, message.time_ns, message.frame), row.file)


def logins(found: Sequence[Login]) -> tuple[Evidence, ...]:
    """The first, one of the middle, and the last."""
    return tuple(of_login(*found[at]) for at in _three(len(found)))


def messages(found: Sequence[Message]) -> tuple[Evidence, ...]:
    """The first, one of the middle, and the last."""
    return tuple(of_message(*found[at]) for at in _three(len(found)))


def _three(size: int) -> list[int]:
    return sorted({0, size // 2, size - 1}) if size else []


def span_s(times: Sequence[int | None]) -> str:
    """How long it took, in words; "" where the times are not known."""
    known = [time for time in times if time is not None]
    return f" in {(max(known) - min(known)) / 1e9:,.0f} s" if len(known) > 1 else ""
