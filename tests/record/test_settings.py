"""Whom the settings let in."""

from __future__ import annotations

import ipaddress
import ssl

import pytest

from smtptrace.record.settings import Settings
from smtptrace.wire import Endpoint


def settings(*networks: str) -> Settings:
    clients = tuple(ipaddress.ip_network(each) for each in networks)
    return Settings(Endpoint("127.0.0.1", 25), ssl.create_default_context(), None, clients=clients)


@pytest.mark.parametrize(
    ("host", "let_in"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("11.1.2.3", False),
        ("2001:db8::1", True),
        ("fe80::1%eth0", False),
        ("127.0.0.1", False),
    ],
)
def test_networks(host, let_in):
    """Of both IP versions; nobody else, not even this machine."""
    assert settings("10.0.0.0/8", "2001:db8::/32").lets_in(host) is let_in


def test_no_networks():
    """Let everybody in."""
    assert settings().lets_in("203.0.113.9")
