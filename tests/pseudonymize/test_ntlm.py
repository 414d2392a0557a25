"""NTLM messages with other names, read again by the reader of ours."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from smtptrace.auth._ntlm_message import parse
from smtptrace.pseudonymize import Names
from smtptrace.pseudonymize._ntlm import rewritten

UNICODE = 0x00000001


def pairs(*given: tuple[int, bytes]) -> bytes:
    return b"".join(struct.pack("<HH", number, len(value)) + value for number, value in (*given, (0, b"")))


def authenticate(nt_response: bytes, lm_response: bytes = bytes(24), mic: bytes = b"") -> bytes:
    """An AUTHENTICATE message of CORP\\alice at WS01."""
    fields = [lm_response, nt_response, *(text.encode("utf-16-le") for text in ("CORP", "alice", "WS01")), b"k" * 16]
    start = 64 + 8 + len(mic)
    header, payload = b"NTLMSSP\0" + struct.pack("<I", 3), b""
    for octets in fields:
        header += struct.pack("<HHI", len(octets), len(octets), start + len(payload))
        payload += octets
    return header + struct.pack("<I", UNICODE) + b"\x0a\0\x61\x4a\0\0\0\x0f" + mic + payload


def test_names_change_and_responses_are_gone() -> None:
    """Lengths, version, times and the kind of response stay."""
    blob = b"\x01\x01" + bytes(6) + b"TIMESTMP" + b"clientch" + bytes(4)
    target = pairs((2, "CORP".encode("utf-16-le")), (3, "ex01.corp.net".encode("utf-16-le")), (7, b"T" * 8),
                   (9, "smtp/ex01.corp.net".encode("utf-16-le")), (10, bytes(16)))  # fmt: skip
    old = authenticate(b"P" * 16 + blob + target, mic=b"M" * 16)
    new = rewritten(old, Names())
    assert new is not None
    message = parse(new)
    assert message.problems == parse(old).problems
    assert [message.text(name) for name in ("domain", "user", "workstation")] == ["SITE1", "person1", "SITE3"]
    response = message.get("nt-response")
    assert (
        len(response)
        == 16 + len(blob) + len(target) + 2 * len("site3.site1.net") * 2 - 2 * 2 * len("ex01.corp.net") + 2
    )
    assert b"TIMESTMP" in response and bytes(16) in response
    for gone in (b"PPPP", b"clientch", b"MMMM", b"kkkk", "alice".encode("utf-16-le"), "corp".encode("utf-16-le")):
        assert gone not in new


def test_short_responses_keep_their_shape() -> None:
    """24 octets stay 24; the zeros behind a client challenge show session security."""
    new = rewritten(authenticate(b"N" * 24, b"challeng" + bytes(16)), Names())
    assert new is not None
    assert parse(new).get("nt-response") == b"\x11" * 24
    assert parse(new).get("lm-response") == b"\x11" * 8 + bytes(16)


def test_a_message_that_is_not_whole_is_not_rewritten() -> None:
    """It becomes filler then."""
    whole = authenticate(b"N" * 24)
    assert rewritten(whole[:40], Names()) is None
    assert rewritten(whole[:80], Names()) is None
    assert rewritten(b"NTLMSSP\0\x09\0\0\0", Names()) is None


@given(st.binary(max_size=200))
def test_whatever_follows_the_signature_never_raises(octets: bytes) -> None:
    """Hostile lengths and offsets included."""
    rewritten(b"NTLMSSP\0" + octets, Names())
    for kind in (1, 2, 3):
        rewritten(b"NTLMSSP\0" + bytes((kind, 0, 0, 0)) + octets, Names())
