"""Tables of values."""

from __future__ import annotations

import pytest

from smtptrace.errors import UsageError
from smtptrace.replay.rows import MOST_ROWS, read_rows


def test_a_row_is_values_by_name():
    """Quoted as CSV quotes, with or without the mark that Excel begins with."""
    rows = read_rows(b'\xef\xbb\xbfTO, name \r\na@b,"x, ""y"""\r\n\r\nc@d,\xc3\xa4\r\n')
    assert rows == ({"TO": "a@b", "name": 'x, "y"'}, {"TO": "c@d", "name": "ä"})


@pytest.mark.parametrize(
    ("octets", "problem"),
    [
        (b"", "a header and at least one row"),
        (b"TO\n", "a header and at least one row"),
        (b"TO,TO\n1,2\n", "twice"),
        (b"T O\n1\n", "no name"),
        (b"env:X\n1\n", "no name"),
        (b"TO\na,b\n", "row 1 has 2 values for 1 names"),
        (b'TO\n"a\r\nRCPT TO:<x@y>"\n', "row 1: the value of TO holds a line end"),
        (b"TO\nx\n${env:HOME}\n", "row 2: the value of TO holds a placeholder"),
        (b"TO\n\xff\n", "no table"),
        (b'TO\n"x\n', "no table"),
        (b"TO\n" + b"x\n" * (MOST_ROWS + 1), "more than"),
        (b"x" * (16 * 1024 * 1024 + 1), "more than"),
    ],
)
def test_what_is_no_table(octets, problem):
    """It is said, with the row."""
    with pytest.raises(UsageError, match=problem):
        read_rows(octets)
