"""Sessions as rows."""

from __future__ import annotations

from datetime import UTC

import pytest
from rich.cells import cell_len
from support.dialogue import session

from smtptrace.outputs.table import COLUMNS, fitting, layout
from smtptrace.trace import trace_session

TRACE = trace_session(
    session(
        """
        S: 220 hi
        C: EHLO app.example
        S: 250 ok
        C: MAIL FROM:<a@example.org>
        S: 250 ok
        C: RCPT TO:<b@example.org>
        S: 250 ok
        C: RCPT TO:<nobody@example.org>
        S: 550 5.1.1 no such user
        C: DATA
        S: 354 go
        C: .
        S: 250 2.0.0 queued as 4711ABCDEF
        C: QUIT
        S: 221 bye
        """
    )
)


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_rows_fit_the_terminal(width: int) -> None:
    """Columns are left out or cut so that a row never wraps; wide characters count as two cells."""
    lines = layout(fitting(list(COLUMNS), width), width, UTC)
    assert cell_len(lines.row(TRACE, "7").plain) <= width
    assert cell_len(lines.heading("UTC").plain) <= width


def test_a_row_tells_the_session() -> None:
    """Envelope, recipients accepted of all, messages, and the last reply that tells something."""
    row = layout(list(COLUMNS), None, UTC).row(TRACE, "7").plain
    assert row.split()[0] == "7"
    for part in ("app.example", "a@example.org", "1/2", "250 2.0.0 queued as 4711ABCDEF"):
        assert part in row


def test_the_least_important_columns_go_first() -> None:
    """The id, the login and the last reply stay."""
    kept = fitting(list(COLUMNS), 80)
    assert {"id", "start", "auth", "last"} <= set(kept)
    assert "server" not in kept
