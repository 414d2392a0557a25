"""GSS-API tokens: Kerberos, SPNEGO, NTLM inside, and layers."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from support.auth import b64, credential, masked, session, vectors

from smtptrace.auth import Exposure, Verdict, _der, _gss, verify


def _tokens() -> dict[str, Any]:
    return {each["id"]: each for each in vectors("spnego_kerberos")["tokens"]}


def _token(name: str) -> str:
    found: str = _tokens()[name]["b64"]
    return found


@pytest.mark.parametrize("number", range(36))
def test_published_tokens_are_recognised(number: int) -> None:
    """Each is parsed without error, and its mechanism is named."""
    vector = vectors("spnego_kerberos")["tokens"][number]
    octets = base64.b64decode(vector["b64"])
    token = _gss.read(octets)
    assert token is not None
    expected = "SPNEGO" if b"\x2b\x06\x01\x05\x05\x02" in octets[:16] or octets[0] == 0xA1 else "Kerberos"
    assert token.kind.startswith(expected)
    assert token.problems == ()
    assert (token.ntlm is not None) == (b"NTLMSSP\0" in octets)


def test_kerberos_ticket() -> None:
    """Realm, service, encryption and options stand in clear; nothing in it is made from the user's password."""
    lines = (
        f"C: AUTH GSSAPI {_token('pyspnego-gssapi_kerberos-0')}",
        f"S: 334 {_token('pyspnego-gssapi_kerberos-1')}",
        "C: ",
        "S: 235 ok",
    )
    found = credential(*lines)
    assert found.details == {
        "realm": "DOMAIN.LOCAL",
        "service": "host/dc01",
        "ticket_etype": "aes256-cts-hmac-sha1-96",
        "ticket_kvno": 6,
        "authenticator_etype": "aes256-cts-hmac-sha1-96",
        "ap_options": ["mutual-required"],
        "carries": "Kerberos",
    }
    assert (found.exposure, found.problems, found.authcid) == (Exposure.SAFE, (), None)
    assert _token("pyspnego-gssapi_kerberos-0").encode() not in masked(*lines)
    (attempt,) = session(*lines).authentications
    assert verify(attempt, "x").verdict is Verdict.NOT_PRESENT


def test_ticket_under_a_weak_key() -> None:
    """RC4 lets guesses at the service's password be tested."""
    octets = base64.b64decode(_token("pyspnego-gssapi_kerberos-0"))
    weak = octets.replace(bytes.fromhex("a003020112a103020106"), bytes.fromhex("a003020117a103020106"))
    found = credential(f"C: AUTH GSSAPI {b64(weak)}", "S: 235 ok")
    assert (found.details["ticket_etype"], found.exposure) == ("rc4-hmac", Exposure.SERVICE_GUESSABLE)
    assert "service account" in found.advice


def test_kerberos_error() -> None:
    """Code, realm and the server's clock."""
    found = credential(
        "C: AUTH GSSAPI",
        "S: 334 ",
        f"C: {_token('pyspnego-gssapi_kerberos-0')}",
        f"S: 334 {_token('pyspnego-kerberos_data-KRB_ERROR')}",
        "C: ",
        "S: 535 no",
    )
    assert (found.details["error"], found.details["server_time"]) == ("KDC_ERR_PREAUTH_REQUIRED", "20200613210423Z")
    assert found.problems == ("kerberos-error",)


def test_security_layer() -> None:
    """The server offers, the client chooses and says for whom; then the stream may be wrapped."""
    offer = bytes.fromhex("050405ff000000000000000000000000") + bytes.fromhex("07001000")
    choice = bytes.fromhex("050404ff000000000000000000000000") + bytes.fromhex("02001000") + b"box@example.com"
    found = credential(
        f"C: AUTH GSSAPI {_token('pyspnego-gssapi_kerberos-0')}",
        "S: 334 ",
        "C: ",
        f"S: 334 {b64(offer)}",
        f"C: {b64(choice)}",
        "S: 235 ok",
    )
    assert (found.authzid, found.details["security-layer"]) == ("box@example.com", "integrity")


def test_sealed_choice_of_a_layer() -> None:
    """Nobody can say whether the rest is wrapped."""
    sealed = bytes.fromhex("050406ff000000000000000000000000") + bytes(20)
    found = credential("C: AUTH GSSAPI", "S: 334 ", f"C: {b64(sealed)}", "S: 235 ok")
    assert found.details["security-layer"].startswith("unknown")


def test_no_security_layer() -> None:
    """`none` leaves the stream readable."""
    choice = bytes.fromhex("050404ff000c000c0000000000000000") + bytes(12) + bytes.fromhex("01000000")
    token = _gss.read(choice)
    assert token is not None
    assert token.layers == ("none",)
    assert "security-layer" not in credential("C: AUTH GSSAPI", "S: 334 ", f"C: {b64(choice)}", "S: 235 ok").details


@pytest.mark.parametrize("flags", ["06", "04"])
def test_wrap_tokens_that_hide_their_content(flags: str) -> None:
    """Sealed, or with more trailing octets than there are."""
    token = _gss.read(bytes.fromhex(f"0504{flags}ffffff00000000000000000000") + b"abcdef")
    assert token is not None
    assert (token.layers, token.authzid) == ((), None)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x60",
        b"\x60\x84\xff\xff\xff\xff",
        b"\x60\x80",
        b"\x1f\x01\x01",
        b"\x30\x00",
        b"\x30\x03\x02\x01\x05",
        b"\xa1\x02\x30\x00",
    ],
)
def test_broken_tokens(octets: bytes) -> None:
    """Nothing is made up."""
    token = _gss.read(octets)
    assert token is None or token.facts in ({}, {"mechanism": ""})


def test_truncated_token() -> None:
    """What is there is read, and it is said that it is cut."""
    found = credential(
        f"C: AUTH GSSAPI {b64(base64.b64decode(_token('pyspnego-gssapi_kerberos-0'))[:200])}", "S: 535 no"
    )
    assert (found.details["service"], found.problems) == ("host/dc01", ("truncated-token",))


def test_other_mechanisms_inside_the_framing() -> None:
    """Named by their identifier where they have no name here."""
    token = _gss.read(bytes.fromhex("6008060453040506") + b"\x01\x02")
    assert token is not None
    assert token.facts == {"mechanism": "2.3.4.5.6"}
    framed = _gss.read(b"\x60\x1a\x06\x0a" + bytes.fromhex("2b06010401823702020a") + b"NTLMSSP\0\x01\0\0\0\0\0")
    assert framed is not None
    assert (framed.kind, framed.ntlm is not None) == ("GSS", True)


def test_text_in_the_place_of_a_token() -> None:
    """It may be a password: hidden, and nothing claimed."""
    found = credential("C: AUTH GSSAPI", "S: 334 GSSAPI supported", f"C: {b64('geheim')}", "S: 535 no")
    assert "geheim" not in str(found.rounds)
    assert "".join(map(str, found.rounds[0].challenge or ())) == "GSSAPI supported"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("2b0601050502", "1.3.6.1.5.5.2"),
        ("2a864886f712010202", "1.2.840.113554.1.2.2"),
        ("", ""),
        ("80" * 40, ""),
        ("8080", ""),
        ("883703", "2.999.3"),
    ],
)
def test_object_identifiers(content: str, name: str) -> None:
    """Dotted form; absurd ones give nothing."""
    assert _der.oid(bytes.fromhex(content)) == name
