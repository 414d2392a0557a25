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


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_columns_are_as_wide_as_the_first_rows_want(width: int) -> None:
    """No column is cut while another has room to spare, and the row still fits."""
    lines = layout(["id", "from", "last"], width, UTC, [(TRACE, "7")])
    row = lines.row(TRACE, "7").plain
    assert "a@example.org" in row
    assert "250 2.0.0 queued as 4711ABCDEF" in row
    assert cell_len(row) <= width


def test_rows_of_a_pipe_stand_under_their_headings() -> None:
    """Where nothing is cut, what the first rows hold sets the columns."""
    lines = layout(["id", "auth", "from", "msgs", "last"], None, UTC, [(TRACE, "7")])
    heading, row = lines.heading("UTC").plain, lines.row(TRACE, "7").plain
    assert heading.index("LAST REPLY") == row.index("250 2.0.0")
    assert heading.index("FROM") == row.index("a@example.org")


def test_an_id_is_never_cut() -> None:
    """It is what -s takes; the columns behind it give way."""
    lines = layout(["id", "start", "auth", "from", "last"], 80, UTC, [(TRACE, "7")])
    row = lines.row(TRACE, "12:1234567890").plain
    assert row.startswith("12:1234567890 ")
    assert cell_len(row) <= 80


def test_of_a_path_the_end_is_kept() -> None:
    """Captures mostly lie in one folder, and their names tell them apart."""
    trace = trace_session(session("S: 220 hi"))
    trace.session.connection.origin.path = "captures/a-very-long-folder/that-does-not-fit.pcapng"
    row = layout(["id", "file"], 24, UTC, [(trace, "7")]).row(trace, "7").plain
    assert row == "7      …s-not-fit.pcapng"
