"""The words of the relay."""

from __future__ import annotations

import base64
import datetime

import pytest
from cryptography import x509

from smtptrace.certificates import new_authority
from smtptrace.record.explain import broken_binding, certificate_shown, own_reply
from smtptrace.record.watch import Login
from smtptrace.wire import Side

NTLM = base64.b64encode(b"NTLMSSP\0\1\0\0\0" + bytes(24))
SCRAM_Y = base64.b64encode(b"y,,n=alice,r=abc")


def test_a_reply_of_our_own_is_one_line():
    """Of printable ASCII, and no longer than a reply line may be."""
    said = own_reply("421", "4.4.1", "bad\r\n250 injected \x1b é " + "x" * 1000)
    assert said.count(b"\r\n") == 1
    assert said.startswith(b"421 4.4.1 smtptrace proxy: bad??250 injected ? ? xxx")
    assert len(said) < 512


def test_a_certificate():
    """Its subject, issuer and digest; the digest alone where it cannot be read."""
    found = x509.load_pem_x509_certificate(new_authority("us", datetime.timedelta(days=1)).certificate)
    shown = certificate_shown(found.public_bytes(encoding=_der()))
    assert shown.startswith("certificate of CN=us by CN=us, SHA-256 ")
    assert certificate_shown(b"junk").startswith("certificate that cannot be read, SHA-256 ")


def _der():
    from cryptography.hazmat.primitives.serialization import Encoding

    return Encoding.DER


def login(mechanism: str, *lines: bytes) -> Login:
    """A login that was refused at once, or after challenges."""
    said = [(Side.CLIENT, b"AUTH " + mechanism.encode() + b" " + lines[0] + b"\r\n")]
    for line in lines[1:]:
        said += [(Side.SERVER, b"334 \r\n"), (Side.CLIENT, line + b"\r\n")]
    return Login(mechanism, [*said, (Side.SERVER, b"535 5.7.8 no\r\n")])


@pytest.mark.parametrize(
    ("refused", "client_tls", "words"),
    [
        (login("SCRAM-SHA-1-PLUS", base64.b64encode(b"p=tls-unique,,n=a,r=b")), True, "was refused. The client bound"),
        (login("EXTERNAL", b"="), True, "rests on the client's certificate"),
        (login("GSSAPI", b"YGE="), True, "Perhaps, if the password is right: Kerberos"),
        (login("NTLM", NTLM), False, "came in clear"),
        (login("SCRAM-SHA-256", SCRAM_Y), False, "the server knows better"),
    ],
)
def test_a_login_that_the_relay_may_have_broken(refused, client_tls, words):
    """Is explained."""
    assert words in (broken_binding(refused, client_tls=client_tls, upstream_tls=True) or "")


@pytest.mark.parametrize(
    ("refused", "client_tls"),
    [
        (login("PLAIN", b"AGEAYg=="), True),
        (login("SCRAM-SHA-256", base64.b64encode(b"n,,n=alice,r=abc")), False),
        (login("NTLM", NTLM), True),
    ],
)
def test_a_login_that_it_did_not(refused, client_tls):
    """Is left to the server's words."""
    assert broken_binding(refused, client_tls=client_tls, upstream_tls=True) is None


def test_without_tls_nothing_is_bound():
    """So nothing is broken."""
    refused = login("SCRAM-SHA-1-PLUS", base64.b64encode(b"p=tls-unique,,n=a,r=b"))
    assert broken_binding(refused, client_tls=False, upstream_tls=False) is None
