"""Community ID."""

from __future__ import annotations

import pytest

from smtptrace.outputs._community import community_id
from smtptrace.wire import Connection, Endpoint, Origin


@pytest.mark.parametrize(
    ("client", "server", "wanted"),
    [
        (("128.232.110.120", 34855), ("66.35.250.204", 80), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
        (("66.35.250.204", 80), ("128.232.110.120", 34855), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
        (
            ("2001:470:e5bf:dead:4957:2174:e82c:4887", 63943),
            ("2607:f8b0:400c:c03::1a", 25),
            "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=",
        ),
        (("mail.example", 1), ("127.0.0.1", 25), None),
        (("127.0.0.1", 0), ("127.0.0.1", 25), None),
    ],
)
def test_it_is_that_of_the_specification(client: tuple[str, int], server: tuple[str, int], wanted: str | None) -> None:
    """The same from both ends; none where an end has no numeric address or port."""
    assert community_id(Connection(Endpoint(*client), Endpoint(*server), Origin("x", "pcap"))) == wanted
