"""Errors for the user."""

from __future__ import annotations

from smtptrace.errors import MissingError, SmtptraceError, UnreadableError, UsageError


def test_each_kind_has_its_exit_code() -> None:
    """2 for usage, 3 for unreadable input, 4 for a missing tool or server."""
    assert [kind.exit_code for kind in (UsageError, UnreadableError, MissingError)] == [2, 3, 4]
    assert all(issubclass(kind, SmtptraceError) for kind in (UsageError, UnreadableError, MissingError))
