"""What a TLS handshake tells without keys."""

from __future__ import annotations

import hashlib
import ssl

import pytest
from support.handshakes import (
    BEGIN,
    END,
    OLD_HELLO,
    Turn,
    alert,
    client_hello,
    der,
    message,
    record,
    server_hello,
    shake,
)

from smtptrace.tls import Handshake
from smtptrace.wire import Secured, Side

C, S = Side.CLIENT, Side.SERVER


def read(turns: list[Turn]) -> Handshake:
    """The turns, each in a frame of its own, the first in frame 10."""
    handshake = Handshake()
    for at, (side, data) in enumerate(turns, 10):
        handshake.feed(side, data, at * 1000, at)
    return handshake


def facts(*turns: Turn) -> Secured:
    """What the turns tell."""
    return read(list(turns)).secured


def test_version_1_2() -> None:
    """Everything is in clear there, the certificate too."""
    secured = facts(*shake(ssl.TLSVersion.TLSv1_2))
    assert (secured.version, secured.sni, secured.offered) == ("TLSv1.2", "mx.test", ("TLSv1.2",))
    assert (secured.cipher or "").startswith("TLS_ECDHE_ECDSA_WITH_")
    assert (secured.time_ns, secured.frame) == (10_000, 10)
    assert (secured.alert, secured.octets_after_alert, secured.opened) == (None, 0, False)
    shown = secured.certificate
    assert shown is not None
    assert (shown.subject, shown.issuer) == ("CN=mx.test", "CN=mx.test")
    assert shown.names == ("mx.test", "*.mx.test", "10.0.0.2")
    assert shown.not_before_ns == int(BEGIN.timestamp()) * 10**9
    assert shown.not_after_ns == int(END.timestamp()) * 10**9
    assert shown.sha256 == hashlib.sha256(der()).hexdigest()


def test_version_1_3() -> None:
    """There the certificate is encrypted; the version chosen stands in an extension."""
    secured = facts(*shake(ssl.TLSVersion.TLSv1_3))
    assert (secured.version, secured.offered) == ("TLSv1.3", ("TLSv1.3",))
    assert secured.cipher == "TLS_AES_256_GCM_SHA384"
    assert secured.certificate is None


def test_octet_by_octet() -> None:
    """Where the octets are cut does not matter."""
    turns = shake(ssl.TLSVersion.TLSv1_2)
    handshake = Handshake()
    for side, data in turns:
        for octet in data:
            handshake.feed(side, bytes([octet]), 10_000, 10)
    assert handshake.secured == facts(*turns)


def test_a_client_that_does_not_trust_the_certificate() -> None:
    """It sends an alert, in clear before the keys are changed."""
    secured = facts(*shake(ssl.TLSVersion.TLSv1_2, trusting=False))
    assert secured.alert == (C, "unknown_ca")


def test_octets_after_an_alert_are_counted() -> None:
    """Of both sides, from the record behind it on."""
    secured = facts((C, client_hello()), (S, alert(2, 40)), (C, b"QUIT\r\n"), (S, alert(1, 0)))
    assert secured.alert == (S, "handshake_failure")
    assert secured.octets_after_alert == 13


def test_a_fatal_alert_weighs_more_than_a_warning() -> None:
    """The first fatal one is told, else the first."""
    turns = [(C, client_hello()), (S, alert(1, 112)), (S, server_hello())]
    assert facts(*turns).alert == (S, "unrecognized_name")
    assert facts(*turns, (C, alert(2, 48)), (S, alert(2, 80))).alert == (C, "unknown_ca")
    assert facts((C, alert(2, 200))).alert == (C, "alert 200")


def test_an_encrypted_alert_counts_where_nothing_else_was_said() -> None:
    """In the handshake it means failure, after data it is the ordinary end."""
    changed = [(C, client_hello()), (S, server_hello()), (C, record(20, b"\1"))]
    sealed = record(21, bytes(26))
    assert facts(*changed, (C, sealed)).alert == (C, "encrypted alert")
    assert facts(*changed, (S, record(23, b"x")), (C, sealed)).alert is None
    assert facts(*changed, (C, record(21, b""))).alert is None


def test_commands_before_the_client_hello_are_in_clear() -> None:
    """Octets slipped in behind STARTTLS (RFC 3207, 4.2) are told apart from TLS."""
    handshake = read([(C, b"MAIL FROM:<a@b>\r\n"), (C, b"RSET\r\n" + client_hello()), (S, server_hello())])
    assert handshake.clear == (b"MAIL FROM:<a@b>\r\nRSET\r\n", b"")
    assert handshake.clear_octets == (23, 0)
    assert handshake.secured.version == "TLSv1.2"
    assert handshake.secured.frame == 11


def test_a_server_that_answers_in_clear() -> None:
    """There is no TLS then, only an offer."""
    handshake = read([(C, client_hello()), (S, b"220 mx.test ESMTP\r\n")])
    assert handshake.begun
    assert handshake.clear[1].startswith(b"220 mx.test")
    assert (handshake.secured.version, handshake.secured.offered) == (None, ("TLSv1.2",))


def test_octets_that_are_no_records_after_records() -> None:
    """Everything behind them counts as clear, and is kept with a bound."""
    handshake = read([(C, client_hello() + b"what is this?"), (C, b"x" * 10_000)])
    assert handshake.clear_octets == (10_013, 0)
    assert len(handshake.clear[0]) == 4096
    assert not Handshake().begun


def test_application_data_is_passed_over() -> None:
    """Whole or in parts, and what follows is found."""
    data = record(23, bytes(1000))
    turns = [(S, server_hello() + data[:500]), (S, data[500:] + alert(2, 80))]
    assert facts(*turns).alert == (S, "internal_error")


def test_a_message_over_several_records() -> None:
    """The certificate is put together again; messages without use are skipped, however long."""
    chain = (len(der()) + 3).to_bytes(3) + len(der()).to_bytes(3) + der()
    body = message(4, bytes(70_000)) + message(11, chain) + message(14, b"")
    turns = [(S, server_hello())] + [(S, record(22, body[at : at + 300])) for at in range(0, len(body), 300)]
    shown = facts(*turns).certificate
    assert shown is not None
    assert shown.subject == "CN=mx.test"


def test_a_certificate_without_names() -> None:
    """Old ones name their host in the subject alone."""
    old = der(names=False)
    chain = (len(old) + 3).to_bytes(3) + len(old).to_bytes(3) + old
    shown = facts((S, record(22, message(11, chain)))).certificate
    assert shown is not None
    assert (shown.subject, shown.names) == ("CN=mx.test", ())


@pytest.mark.parametrize(
    "chain",
    [b"", b"\0\0\1", b"\0\0\4\0\0\1x", (len(der()) + 2).to_bytes(3) + (len(der()) - 1).to_bytes(3) + der()[:-1]],
)
def test_a_broken_certificate_tells_nothing(chain: bytes) -> None:
    """No facts, and no error."""
    assert facts((S, record(22, message(11, chain)))).certificate is None


def test_hellos_cut_short_tell_nothing() -> None:
    """Wherever they end."""
    for whole, kind, side in ((client_hello()[9:], 1, C), (server_hello()[9:], 2, S)):
        for size in range(len(whole) - 2):
            secured = facts((side, record(22, message(kind, whole[:size]))))
            assert secured.offered in ((), ("TLSv1.2",))
            assert secured.version in (None, "TLSv1.2")


def test_hellos_without_extensions() -> None:
    """Old clients and servers have none."""
    secured = facts(
        (C, client_hello(extensions=None, version=0x0301)), (S, server_hello(extensions=None, version=0x0301))
    )
    assert (secured.offered, secured.version, secured.sni) == (("TLSv1.0",), "TLSv1.0", None)


def test_extensions() -> None:
    """Made-up versions are left out (RFC 8701); a name list may hold no host name, or odd octets."""
    versions = b"\0\x2b\0\7\6\x2a\x2a\3\4\3\3"
    name = b"\0\0\0\x0a\0\x08\1\0\1x\0\0\1\xff"
    secured = facts((C, client_hello(extensions=versions + name)))
    assert (secured.offered, secured.sni) == (("TLSv1.2", "TLSv1.3"), "\\xff")
    assert facts((C, client_hello(extensions=b"\0\0\0\6\0\4\1\0\1x"))).sni is None


def test_the_hello_of_ssl_2() -> None:
    """Old clients put their first one in a form that SSL 2.0 understands."""
    secured = facts((C, OLD_HELLO), (S, server_hello(version=0x0301)))
    assert (secured.offered, secured.version) == (("TLSv1.0",), "TLSv1.0")
    handshake = read([(C, bytes([octet])) for octet in b"NOOP\r\n" + OLD_HELLO])
    assert handshake.clear == (b"NOOP\r\n", b"")
    assert handshake.secured.offered == ("TLSv1.0",)


def test_a_request_to_begin_again() -> None:
    """It names the version, and no cipher; the second hello of the client changes nothing."""
    again = bytearray(server_hello(extensions=b"\0\x2b\0\2\3\4"))
    again[11:43] = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
    secured = facts((C, client_hello()), (S, bytes(again)), (C, client_hello(version=0x0301)))
    assert (secured.version, secured.cipher, secured.offered) == ("TLSv1.3", None, ("TLSv1.2",))


def test_numbers_without_a_name() -> None:
    """They are told in hex."""
    secured = facts((S, server_hello(cipher=0xFEFE, version=0x0399)))
    assert (secured.version, secured.cipher) == ("0x0399", "0xFEFE")


def test_octets_that_are_missing() -> None:
    """Behind a gap the records of that side cannot be found; the other side goes on."""
    handshake = read([(C, client_hello())])
    handshake.lose(S)
    handshake.feed(S, b"rest of a record")
    handshake.feed(S, server_hello())
    handshake.feed(C, alert(2, 48))
    assert handshake.secured.alert == (C, "unknown_ca")
    assert handshake.secured.version is None
    assert handshake.clear_octets == (0, 0)


def test_implicit_tls_is_marked() -> None:
    """As its reader says."""
    assert Handshake(implicit=True).secured.implicit
