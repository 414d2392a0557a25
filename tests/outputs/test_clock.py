"""Clock witnesses as people read them."""

from __future__ import annotations

from support.dialogue import session

from smtptrace.outputs.clock import clock_lines, clock_objects
from smtptrace.trace import trace_session

TRACE = trace_session(session("S: 220 x ready at Fri, 2 Jan 2026 04:04:15 +0100\nC: QUIT\nS: 221 bye"))


def test_each_server_has_its_offsets() -> None:
    """And nothing is moved by them."""
    lines = list(clock_lines([TRACE]))
    assert lines[0] == "10.0.0.1:25"
    assert "greeting" in lines[1]
    assert "+10.0 s" in lines[1]
    assert "--clock-offset" in lines[-1]


def test_none_is_said_too() -> None:
    """A listing without a witness is not an empty one."""
    assert "No statement" in next(iter(clock_lines([])))


def test_each_witness_is_an_object() -> None:
    """What was said, when it was seen, and the difference."""
    (record,) = clock_objects([TRACE])
    assert record["schema"] == "smtptrace.clock/1"
    assert record["said"].startswith("2026-01-02T03:04:15")
    assert round(record["offset_s"]) == 10
