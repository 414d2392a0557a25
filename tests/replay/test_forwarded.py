"""Who the client was, told to a server that stands behind a proxy."""

from __future__ import annotations

import pytest
from replay.scripts import SENDING, script

from smtptrace.errors import UsageError
from smtptrace.replay.forwarded import allowed_attributes, proxy_header, with_xclient
from smtptrace.wire import Endpoint

CLIENT, SERVER = Endpoint("203.0.113.9", 40000), Endpoint("127.0.0.1", 25)
SIX = Endpoint("2001:db8::9", 40000)


def test_version_1():
    """One line of text."""
    assert proxy_header("v1", CLIENT, SERVER) == b"PROXY TCP4 203.0.113.9 127.0.0.1 40000 25\r\n"
    assert proxy_header("v1", SIX, Endpoint("::1", 25)) == b"PROXY TCP6 2001:db8::9 ::1 40000 25\r\n"


def test_version_2():
    """Signature, command, family, length, addresses and ports."""
    head = b"\r\n\r\n\0\r\nQUIT\n\x21"
    places = b"\xcb\x00\x71\x09\x7f\x00\x00\x01\x9c\x40\x00\x19"
    assert proxy_header("v2", CLIENT, SERVER) == head + b"\x11\x00\x0c" + places
    assert proxy_header("v2", SIX, Endpoint("::1", 25)).startswith(head + b"\x21\x00\x24\x20\x01\x0d\xb8")


def test_two_families():
    """An address of IPv4 is written as one of IPv6 beside one of these; a mapped one is of IPv4."""
    assert proxy_header("v1", CLIENT, Endpoint("::1", 25)).startswith(b"PROXY TCP6 ::ffff:")
    assert proxy_header("v1", Endpoint("::ffff:10.0.0.1", 1), SERVER) == b"PROXY TCP4 10.0.0.1 127.0.0.1 1 25\r\n"


@pytest.mark.parametrize("host", ["", "mail.example", "10.0.0.1\r\nEHLO"])
def test_no_address(host):
    """A transcript without one, and a name: it is said how to give one."""
    with pytest.raises(UsageError, match="--client-address"):
        proxy_header("v1", Endpoint(host, 25), SERVER)


def test_xclient():
    """After the first EHLO, which is said again; the recording knows neither reply."""
    found = with_xclient(script(SENDING), SIX)
    assert [step.verb for step in found.steps[:4]] == ["", "EHLO", "XCLIENT", "EHLO"]
    assert found.steps[2].line == b"XCLIENT NAME=[UNAVAILABLE] ADDR=IPV6:2001:db8::9 PORT=40000"
    assert [step.recorded is None for step in found.steps[:4]] == [False, False, True, True]
    with pytest.raises(UsageError, match="no EHLO"):
        with_xclient(script("S: 220 hi\nC: HELO a\nS: 250 hi\nC: QUIT\nS: 221 bye\n"), CLIENT)


def test_attributes():
    """Those that are offered; without the address it is of no use."""
    line = b"XCLIENT NAME=[UNAVAILABLE] ADDR=10.0.0.9 PORT=7"
    assert allowed_attributes(line, ["NAME", "ADDR", "HELO"]) == b"XCLIENT NAME=[UNAVAILABLE] ADDR=10.0.0.9"
    assert allowed_attributes(line, ["NAME", "PORT"]) == b""
