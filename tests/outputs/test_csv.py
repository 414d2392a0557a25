"""One row a command."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO

from support.connections import dialogue

from smtptrace.outputs.csv import COLUMNS, writer
from smtptrace.smtp import read_session
from smtptrace.trace import trace_session


def rows(*lines: str) -> list[list[str]]:
    stream = BytesIO()
    writer(stream)(trace_session(read_session(dialogue(*lines))), "7")
    return list(csv.reader(StringIO(stream.getvalue().decode())))


def test_commands_and_their_replies() -> None:
    """With frame, time and latency."""
    found = rows("S: 220 a", "C: MAIL FROM:<a@b.test>", "S: 250-2.1.0 ok", "S: 250 2.1.0 then")
    assert found == [
        list(COLUMNS),
        ["7", "10.0.0.5:50011", "10.0.0.25:2525", "2", "2023-11-14T22:13:20.002000000Z", "no", "MAIL",
         "FROM:<a@b.test>", "250", "2.1.0", "2.1.0 ok | 2.1.0 then", "1.000"],
    ]  # fmt: skip


def test_no_cell_is_a_formula_or_a_control() -> None:
    """Spreadsheets run what begins with an equals sign."""
    found = rows("S: 220 a", 'C: EHLO =cmd|"/c calc"!A1', "S: 250 @SUM(1)\x1b[2J", "S: 421 +x")
    assert found[1][7] == '\'=cmd|"/c calc"!A1'
    assert found[1][10] == "'@SUM(1)\\x1b[2J"
    assert found[2][6:9] == ["", "", "421"]
