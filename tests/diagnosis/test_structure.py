"""What the octets, the order and the transport show, where the words of the replies say nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.dialogue import START_NS, connection, session

from smtptrace.smtp import Session
from smtptrace.trace import trace_session
from smtptrace.wire import Certificate, Close, Closing, Connection, Open, Opening, Secured, Side

STARTTLS = """
    S: 220 mail.example.test ESMTP
    C: EHLO a.example.test
    S: 250-mail.example.test
    S: 250 STARTTLS
    C: STARTTLS
    S: 220 go
"""


def first(read: Session) -> str | None:
    """The slug of the likeliest cause."""
    causes = trace_session(read).causes
    return causes[0].slug if causes else None


def secured(alert: str, *, side: Side = Side.CLIENT, offered: tuple[str, ...] = (), issuer: str = "") -> Session:
    """A session whose handshake ends in an alert."""
    certificate = Certificate("CN=mail.example.test", issuer) if issuer else None
    tls = Secured(offered=offered, certificate=certificate, alert=(side, alert), time_ns=START_NS, frame=8)
    return replace(session(STARTTLS), tls=tls)


@pytest.mark.parametrize(
    ("read", "slug"),
    [
        (secured("handshake_failure", side=Side.SERVER), "tls-handshake-failed-after-starttls"),
        (secured("unknown_ca"), "tls-cert-verify-failed"),
        (secured("certificate_expired"), "tls-cert-verify-failed"),
        (secured("protocol_version", side=Side.SERVER, offered=("TLSv1.0",)), "tls-obsolete"),
        (secured("unknown_ca", issuer="CN=Avast Mail Shield Root"), "tls-interception"),
    ],
    ids=["handshake", "authority", "expired", "version", "scanner"],
)
def test_an_alert_tells_why_tls_failed(read, slug):
    """By its description, what was offered, and who issued the certificate."""
    assert first(read) == slug


def empty(*, opened: Opening, spoke: tuple[int, int] = (0, 0), closed: bool = True) -> Session:
    """A connection in which nothing was said."""
    closes = (Close(Side.CLIENT, Closing.FIN, START_NS + 10**9, 3),) if closed else ()
    made: Connection = replace(connection("", events=()), origin=replace(connection("").origin, format="pcapng"))
    return Session(made, opened=Open(opened, START_NS, 1), closes=closes, octets=spoke)


@pytest.mark.parametrize(
    ("read", "slug"),
    [
        (empty(opened=Opening.REFUSED), "connection-refused"),
        (empty(opened=Opening.NO_ANSWER), "connection-filtered"),
    ],
)
def test_an_attempt_to_connect_is_explained(read, slug):
    """Refused, or not answered."""
    assert first(read) == slug


def test_one_side_of_a_dialogue_proves_nothing():
    """Where only the client was captured, no silence of the server is claimed."""
    assert first(empty(opened=Opening.SYN_SEEN, spoke=(300, 0))) is None


def test_tls_octets_on_a_port_in_clear():
    """The server reads the first record as a command."""
    read = session("S: 220 mail.example.test ESMTP\nC> \\x16\\x03\\x01\\x02\\x00\\x01\\n\nS: 500 what")
    assert first(read) == "tls-on-wrong-port"


def test_many_commands_without_mail():
    """Eight NOOPs before a 421 whose words say nothing."""
    noops = "C: NOOP\nS: 250 ok\n" * 8
    script = f"S: 220 x.example.test\nC: EHLO a.example.test\nS: 250 x.example.test\n{noops}C: NOOP\nS: 421 enough"
    assert first(session(script)) == "too-many-nonmail-commands"


HELLO = "S: 220 mail.example.test ESMTP\nC: EHLO a.example.test\nS: 250-mail.example.test\nS: 250 {}\n"


@pytest.mark.parametrize(
    ("offer", "rest", "slug"),
    [
        ("SIZE 1000", "C: MAIL FROM:<a@b.test> SIZE=5000\nS: 552 sorry", "message-size"),
        ("8BITMIME", "C: MAIL FROM:<a@b.test> RET=HDRS\nS: 555 sorry", "parameter-not-supported"),
        ("8BITMIME", "C: MAIL FROM: a@b.test\nS: 501 sorry", "mail-from-syntax"),
        ("8BITMIME", "C: MAIL a@b.test\nS: 501 sorry", "mail-from-syntax"),
        ("SMTPUTF8", "C: MAIL FROM:<jürgen@b.test>\nS: 553 sorry", "smtputf8-needed"),
        ("STARTTLS", "C: AUTH PLAIN AGEAc2VjcmV0\nS: 530 sorry", "auth-not-advertised-before-starttls"),
        ("AUTH CRAM-MD5", "C: AUTH PLAIN AGEAc2VjcmV0\nS: 504 sorry", "mechanism-not-offered"),
        ("AUTH PLAIN", "C: AUTH PLAIN\nS: 501 sorry", "auth-initial-response-required"),
        ("AUTH LOGIN", "C: AUTH LOGIN YWxpY2U=\nS: 501 sorry", "auth-login-initial-response-unsupported"),
        ("AUTH PLAIN", "C: AUTH PLAIN AAA=\nS: 535 sorry", "credentials-empty"),
        ("AUTH PLAIN", "C: AUTH PLAIN AGEAcGHDn3dvcmQ=\nS: 535 sorry", "password-charset"),
        ("AUTH PLAIN", "C: AUTH PLAIN no!base64\nS: 501 sorry", "malformed-base64"),
        ("8BITMIME", "C: STARTTLS\nS: 502 sorry", "starttls-not-offered"),
        ("AUTH PLAIN", "C: MAIL FROM:<a@b.test>\nS: 530 sorry", "auth-not-attempted"),
        ("AUTH PLAIN", "C: AUTH PLAIN AGEAc2VjcmV0\nS: 235 ok\nC: MAIL FROM:<>\nS: 550 sorry", "null-sender-rejected"),
        ("8BITMIME", "C: GET / HTTP/1.1\nS: 500 sorry", "http-to-smtp-port"),
    ],
)
def test_structure_decides_without_words(offer, rest, slug):
    """What was offered, what was sent, and the code are enough."""
    assert first(session(HELLO.format(offer) + rest)) == slug


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("my_host.example.test", True),
        ("host", True),
        ("[IPv6:::ffff:192.0.2.1]", True),
        ("[192.0.2.1]", False),
        ("192.0.2.1", True),
        ("[300.1.1.1]", True),
        ("mail.example.test.", True),
    ],
)
def test_a_refused_name_is_held_against_the_standard(name, fault):
    """RFC 5321, 4.1.1.1 and 4.1.3; a good name that is refused is another matter."""
    causes = trace_session(session(f"S: 220 x ESMTP\nC: EHLO {name}\nS: 550 sorry")).causes
    assert (causes[0].slug == "helo-invalid") is fault


def test_a_client_that_says_its_own_name_is_localhost():
    """Well-formed, and nobody's."""
    assert first(session("S: 220 x ESMTP\nC: EHLO localhost\nS: 421 sorry")) == "helo-name-rejected-by-policy"


@pytest.mark.parametrize(("seconds", "slug"), [(30, "greeting-timeout"), (0.01, None)])
def test_a_silent_server_is_told_from_a_scan(seconds, slug):
    """Who waits for a greeting waits for more than a moment."""
    read = empty(opened=Opening.SYN_SEEN)
    assert first(replace(read, start_ns=START_NS, end_ns=START_NS + int(seconds * 1e9))) == slug
