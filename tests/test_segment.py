"""What a source hands to the TCP stage."""

from __future__ import annotations

from smtptrace.segment import pause


def test_a_pause_is_a_segment_without_a_key():
    """It has the time, the frame it came after, and nothing else."""
    key, frame, time_ns, seq, ack, flags, payload, cut = pause(7, 11)
    assert (key, frame, time_ns) == (b"", 7, 11)
    assert (seq, ack, flags, payload, cut) == (0, 0, 0, b"", 0)
