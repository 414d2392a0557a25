"""Queue ids as servers tell them."""

from __future__ import annotations

import pytest

from smtptrace.smtp.queue_id import queue_id


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"2.0.0 Ok: queued as 4F2A91C0", "4F2A91C0"),
        (b"2.0.0 Ok: queued as 4ZxYbq2Rz1z9sQk", "4ZxYbq2Rz1z9sQk"),
        (b"2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 1B2C3D4E5F", "1B2C3D4E5F"),
        (b"OK id=1tQxyz-00000y-2k", "1tQxyz-00000y-2k"),
        (b"OK id=1tQxyz-000000002Ka-1AbC", "1tQxyz-000000002Ka-1AbC"),
        (
            b"2.6.0 <abc@x.test> [InternalId=8826929119234, Hostname=EX01.corp.test] 1502 bytes in 0.108, 13.5 KB/sec"
            b" Queued mail for delivery",
            "8826929119234",
        ),
        (b"2.0.0 tA6IZTQc010322 Message accepted for delivery", "tA6IZTQc010322"),
        (b"ok 1182675387 qp 77793", "1182675387 qp 77793"),
        (b"2.0.0 3f5c0f4b Message accepted for delivery", "3f5c0f4b"),
        (
            b"2.0.0 OK  1699872345 d2e1a72fcca58-6c34b1e2f3asi2345678b3a.123 - gsmtp",
            "d2e1a72fcca58-6c34b1e2f3asi2345678b3a.123",
        ),
        (
            b"Ok 0102018c1b2a3d4e-5f6a7b8c-1234-5678-9abc-def012345678-000000",
            "0102018c1b2a3d4e-5f6a7b8c-1234-5678-9abc-def012345678-000000",
        ),
        (b"2.0.0 Message accepted, id=abc.DEF-123", "abc.DEF-123"),
        (b"Queued (12.345 seconds)", None),
        (b"2.0.0 Ok", None),
        (b"Requested mail action okay, completed", None),
        (b"", None),
    ],
)
def test_ids(text, found):
    """Found where a server names one, and nowhere else."""
    assert queue_id((text,)) == found


def test_any_line_may_hold_it():
    """Some replies have several."""
    assert queue_id((b"Ok", b"queued as ABCDEF12")) == "ABCDEF12"
