"""Dialogues that somebody put into a table."""

from __future__ import annotations

from support.told import connections, dialect, exchanges, notes, told

from smtptrace.wire import Octets, TimeBasis


def test_a_column_that_tells_who_spoke() -> None:
    """Its values stand beside replies or beside commands; a response has that of the commands."""
    text = (
        "Here it is:\n\n| # | Who | Line |\n|---|-----|------|\n| 1 | S | 220 mx.test ESMTP |\n| 2 | C | EHLO a |\n"
        "| 3 | S | 250-mx.test |\n| 4 | S | 250 AUTH LOGIN |\n| 5 | C | AUTH LOGIN |\n| 6 | S | 334 VXNlcm5hbWU6 |\n"
        "| 7 | C | am9l |\n| 8 | S | 535 5.7.8 no \\| never |\n\nAny idea?\n"
    )
    assert dialect(text) == "table"
    assert exchanges(text) == ["EHLO 250, AUTH 535"]
    assert told(text)[-2:] == ["C: am9l", "S: 535 5.7.8 no | never"]
    assert notes(text) == ["Here it is:", "| # | Who | Line |", "Any idea?"]


def test_a_column_for_each_side() -> None:
    """Cells may be written as code, be empty, or stand in one row with what answers them."""
    text = (
        "| Client | Server |\n| --- | --- |\n|  | `220 mx.test ESMTP` |\n| `EHLO a` | `250-mx.test`<br>`250 HELP` |\n"
        "| `MAIL FROM:<a@b.test>` | `250 ok` |\n| `RCPT TO:<c@d.test>` | `550 5.7.1 no` |\n"
    )
    assert told(text) == [
        "S: 220 mx.test ESMTP",
        "C: EHLO a",
        "S: 250-mx.test",
        "S: 250 HELP",
        "C: MAIL FROM:<a@b.test>",
        "S: 250 ok",
        "C: RCPT TO:<c@d.test>",
        "S: 550 5.7.1 no",
    ]


def test_a_drawn_table_with_times() -> None:
    """Lines between the rows say nothing; a column of stamps tells the time, arrows tell the side."""
    rule = "+----------+---+--------------------+\n"
    rows = ("| 10:00:01 | < | 220 mx.test ESMTP  |\n", "| 10:00:02 | > | HELO a             |\n")
    text = rule + rule.join((*rows, "| 10:00:04 | < | 250 mx.test        |\n")) + rule
    assert exchanges(text) == ["HELO 250"]
    (connection,) = connections(text)
    assert connection.origin.time_basis is TimeBasis.RELATIVE
    assert [event.time_ns for event in connection.events] == [0, 1_000_000_000, 3_000_000_000]


def test_a_table_without_a_side() -> None:
    """One column of lines is read as a dialogue without marks; marks in the cells are taken off."""
    lines = ("220 mx.test ESMTP", "HELO a", "250 hi", "MAIL FROM:<a@b.test>", "451 4.7.1 later")
    bare = "|---|\n" + "".join(f"| {line} |\n" for line in lines)
    marked = "|---|---|\n" + "".join(f"| {'S' if line[0].isdigit() else 'C'}: {line} | x |\n" for line in lines)
    assert exchanges(bare) == exchanges(marked) == ["HELO 250, MAIL 451"]


def test_the_table_of_a_web_page() -> None:
    """Rows written over several lines, line breaks in a cell, tags for code; each row keeps its line."""
    text = (
        "<table class='x'>\n<tr><th>Client</th><th>Server</th></tr>\n<tr>\n  <td></td>\n"
        "  <td><code>220 mx.test ESMTP</code></td>\n</tr>\n<tr>\n <td>EHLO a</td>\n"
        " <td>250-mx.test<br>250 AUTH LOGIN</td>\n</tr>\n<tr><td>AUTH LOGIN</td><td>334 VXNlcm5hbWU6</td></tr>\n"
        "<tr><td>am9l</td><td>535 5.7.8 no</td></tr></table>\n"
    )
    assert exchanges(text) == ["EHLO 250, AUTH 535"]
    (connection,) = connections(text)
    assert [event.frame for event in connection.events if isinstance(event, Octets)] == [3, 7, 7, 7, 11, 11, 12, 12]


def test_a_table_of_something_else() -> None:
    """Without replies and commands in it a table is none of this."""
    assert connections("| port | use |\n|---|---|\n| 25 | relay |\n| 587 | submission |\n") == ()
