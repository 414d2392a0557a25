"""GSS-API tokens with other names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smtptrace.pseudonymize import Names
from smtptrace.pseudonymize._der import rewritten

KERBEROS = bytes.fromhex("06092a864886f712010202")


def tlv(tag: int, value: bytes) -> bytes:
    size = len(value)
    length = (
        bytes((size,))
        if size < 128
        else bytes((0x81, size))
        if size < 256
        else bytes((0x82,)) + size.to_bytes(2, "big")
    )
    return bytes((tag,)) + length + value


def ap_req(realm: bytes, cipher: bytes) -> bytes:
    ticket = tlv(0x61, tlv(0x30, tlv(0xA1, tlv(0x1B, realm)) + tlv(0xA3, tlv(0x30, tlv(0xA2, tlv(0x04, cipher))))))
    return tlv(0x60, KERBEROS + b"\x01\x00" + tlv(0x6E, tlv(0x30, tlv(0xA3, ticket))))


def test_a_ticket_names_another_realm_and_says_nothing_else() -> None:
    """All lengths around it are right again, the long forms too."""
    assert rewritten(ap_req(b"CORP.NET", b"c" * 300), Names()) == ap_req(b"SITE1.NET", b"\x11" * 300)


def test_ntlm_inside_spnego_is_rewritten_in_place() -> None:
    """And what is neither becomes filler of its length."""
    inner = b"NTLMSSP\0\x01\0\0\0\x07\x82\x08\xa2" + bytes(16)
    token = tlv(0xA1, tlv(0x30, tlv(0xA2, tlv(0x04, inner))))
    assert rewritten(token, Names()) == token
    assert rewritten(tlv(0x30, tlv(0x04, b"\x30\x80xx")), Names()) == tlv(0x30, tlv(0x04, b"\x11" * 4))


def test_what_cannot_be_read_to_its_end_is_not_rewritten() -> None:
    """Cut off, of indefinite length, too deep, with long tags."""
    whole = ap_req(b"CORP.NET", b"c" * 30)
    deep = b""
    for _ in range(40):
        deep = tlv(0x30, deep)
    for token in (whole[:-1], b"\x30\x80\0\0", b"\x60", b"\x3f\x81\x01\0", deep):
        assert rewritten(token, Names()) is None


@given(st.binary(max_size=100))
def test_anything_is_borne(octets: bytes) -> None:
    """It is rewritten or it is not."""
    rewritten(octets, Names())
    rewritten(b"\x60" + octets, Names())
