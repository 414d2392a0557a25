"""The Community ID."""

from __future__ import annotations

import communityid as library
import pytest

from smtptrace.outputs._community import community_id
from smtptrace.wire import Connection, Endpoint, Origin

ONE, OTHER = Endpoint("128.232.110.120", 34855), Endpoint("66.35.250.204", 80)


def made(client: Endpoint, server: Endpoint) -> str | None:
    return community_id(Connection(client, server, Origin("a.pcap", "pcap")))


SIX, MAIL = Endpoint("2001:470:e5bf:dead:4957:2174:e82c:4887", 63943), Endpoint("2607:f8b0:400c:c03::1a", 25)


@pytest.mark.parametrize("ends", [(ONE, OTHER), (OTHER, ONE)])
def test_both_directions_have_the_id_that_the_specification_gives(ends: tuple[Endpoint, Endpoint]) -> None:
    """Its own example of a TCP flow, seed 0."""
    assert made(*ends) == "1:LQU9qZlK+B5F3KDmev6m5PMibrg="


def test_over_ipv6() -> None:
    """Addresses of sixteen octets."""
    assert made(SIX, MAIL) == "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="


def test_it_is_that_of_the_library() -> None:
    """Over IPv6, with equal addresses too."""
    for client, server in ((Endpoint("2001:db8::1", 40000), Endpoint("::1", 25)), (ONE, Endpoint(ONE.host, 25))):
        flow = library.FlowTuple.make_tcp(client.host, server.host, client.port, server.port)
        assert made(client, server) == library.CommunityID().calc(flow)


@pytest.mark.parametrize("server", [Endpoint("mail.example.org", 25), Endpoint("10.0.0.1", 0), Endpoint("::1", 25)])
def test_without_two_numeric_ends_there_is_none(server: Endpoint) -> None:
    """Names, unknown ports and a mixture of address families have no such ID."""
    assert made(ONE, server) is None
