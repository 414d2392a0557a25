"""Whole sessions with other names."""

from __future__ import annotations

import base64
import quopri
import re
import urllib.parse

from support.connections import CLIENT, SERVER, START, dialogue, streams

from smtptrace import edits
from smtptrace.pseudonymize import Names, Pseudonymized, pseudonymized, redacted
from smtptrace.smtp import read_session
from smtptrace.trace import trace_session
from smtptrace.wire import (
    Certificate,
    Connection,
    Event,
    Gap,
    GapReason,
    Irregularity,
    Note,
    Octets,
    Secured,
    Typed,
)

EHLO = (
    "S: 220 EX01.contoso.com Microsoft ESMTP",
    "C: EHLO ws07",
    "S: 250-EX01.contoso.com Hello [10.1.2.3]",
    "S: 250 SIZE",
)


def hidden(*lines: str | Event) -> Pseudonymized:
    return of(dialogue(*lines, client="10.1.2.3", server="EX01.contoso.com"))


def of(connection: Connection, *, keep_content: bool = False) -> Pseudonymized:
    trace = trace_session(read_session(connection, keep_content=True))
    return pseudonymized(trace, Names(), keep_content=keep_content)


def client_lines(found: Pseudonymized) -> list[bytes]:
    return streams(found.connection)[CLIENT].split(b"\r\n")[:-1]


def test_names_in_commands_replies_and_ends() -> None:
    """Codes and words stay; one name has one pseudonym everywhere."""
    found = hidden(
        *EHLO, "C: MAIL FROM:<alice@contoso.com>", "S: 550 5.7.1 alice may not send from EX01, host 10.1.2.3"
    )
    assert client_lines(found) == [b"EHLO site3", b"MAIL FROM:<person1@site2.com>"]
    assert streams(found.connection)[SERVER].split(b"\r\n")[:-1] == [
        b"220 SITE1.site2.com Microsoft ESMTP".replace(b"SITE1", b"site1"),
        b"250-site1.site2.com Hello [192.0.2.1]",
        b"250 SIZE",
        b"550 5.7.1 person1 may not send from SITE1, host 192.0.2.1",
    ]
    assert (found.connection.client.host, found.connection.server.host) == ("192.0.2.1", "site1.site2.com")
    assert found.removed == ()


def test_what_stands_beside_the_octets() -> None:
    """Notes, keystrokes, oddities, the facts of TLS, label and facts of the source."""
    certificate = Certificate("CN=EX01.contoso.com,O=Contoso Ltd", "CN=Contoso CA", ("EX01.contoso.com",), sha256="ab")
    connection = dialogue(
        *EHLO,
        "C: MAIL FROM:<alice@contoso.com>",
        "S: 250 ok",
        Note("User Name: CONTOSO\\alice"),
        Typed(b"alicr\x7fe", b"alice"),
        Irregularity("overlap-differs", "alice or bob", CLIENT),
        Secured(opened=True, sni="EX01.contoso.com", certificate=certificate),
    )
    connection.label, connection.facts = "alice", {"connector": "EX01.contoso.com\\Default"}
    found = of(connection).connection
    assert found.events[6] == Note("User Name: SITE1\\person1")
    assert found.events[7] == Typed(b"person1", b"person1")
    assert found.events[8] == Irregularity("overlap-differs", "person1 or bob", CLIENT)
    secured = found.events[9]
    assert isinstance(secured, Secured) and secured.certificate is not None
    assert (secured.sni, secured.certificate.names) == ("site3.site1.com", ("site3.site1.com",))
    assert secured.certificate.subject == "CN=site3.site1.com,O=xxxxxxx xxx"
    assert (secured.certificate.issuer, secured.certificate.sha256) == ("CN=xxxxxxx xx", "")
    assert (found.label, found.facts) == ("person1", {"connector": "site3.site1.com\\Default"})


def test_a_line_that_was_corrected_stays_a_corrected_one() -> None:
    """The correction is one of nothing, and the line still means what it meant."""
    found = hidden(*EHLO, "C: MAIL FROM:<alicr\x7fe@contoso.com>", "S: 501 5.5.4 Unrecognized parameter")
    assert client_lines(found)[1] == b"MAIL Fx\x7fROM:<person3@site2.com>"


def test_stray_responses_are_rewritten() -> None:
    """Base64 outside of AUTH, as clients send it that do not notice a refusal."""
    stray = base64.b64encode(b"alice-of-contoso").decode()
    found = hidden(
        *EHLO, "C: AUTH LOGIN", "S: 504 no", f"C: {stray}", "S: 500 what", "C: U2VjcmV0MTIzIQ==", "S: 500 what"
    )
    assert stray.encode() not in streams(found.connection)[CLIENT]
    assert b"U2VjcmV0MTIzIQ==" not in streams(found.connection)[CLIENT]


def test_chunks_are_counted_again() -> None:
    """The command says how many octets follow."""
    body = b"To: alice@contoso.com\r\n\r\nhello alice\r\n"
    chunk = Octets(CLIENT, b"BDAT %d\r\n" % len(body) + body, START)
    last = Octets(CLIENT, b"BDAT 7 LAST\r\nTo: x\r\n", START)
    found = hidden(
        *EHLO, "C: MAIL FROM:<alice@contoso.com>", "S: 250 ok", "C: RCPT TO:<alice@contoso.com>", "S: 250 ok",
        chunk, "S: 250 ok", last, "S: 250 ok",
    )  # fmt: skip
    new = b"To: person1@site2.com\r\n\r\nxxxxx xxxxx\r\n"
    assert streams(found.connection)[CLIENT].endswith(b"BDAT %d\r\n" % len(new) + new + b"BDAT 7 LAST\r\nxxx x\r\n")


def test_behind_a_hole_all_is_body() -> None:
    """Nobody knows whether a header goes on there."""
    found = hidden(
        *EHLO, "C: MAIL FROM:<alice@contoso.com>", "S: 250 ok", "C: RCPT TO:<b@contoso.com>", "S: 250 ok", "C: DATA",
        "S: 354 go", "C: Subject: pay", Gap(CLIENT, 50, GapReason.LOST), "C: Dear Alice\r\n.", "S: 250 ok",
    )  # fmt: skip
    assert client_lines(found)[4:] == [b"Subject: xxx", b"xxxx xxxxx", b"."]


def test_tls_that_was_not_opened_is_emptied() -> None:
    """Certificates in it name their owner; records keep type and length, and it is said."""
    hello = b"\x16\x03\x01\x00\x14" + b"..EX01.contoso.com.."
    rest = b"\x17\x03\x03\x00\x04abcd" + b"no record"
    found = hidden(
        *EHLO, "C: STARTTLS", "S: 220 go", Secured(), Octets(CLIENT, hello, START), Octets(SERVER, rest, START)
    )
    client, server = (b"".join(run for _, run in runs) for runs in edits.runs(found.connection))
    assert client.endswith(b"STARTTLS\r\n\x16\x03\x01\x00\x14" + bytes(20))
    assert server.endswith(b"220 go\r\n\x17\x03\x03\x00\x04" + bytes(4) + bytes(9))
    assert found.removed == ("25 octets of TLS from the client", "18 octets of TLS from the server")


def test_a_name_in_another_encoding_is_found_at_last() -> None:
    """What no rule reaches is filled and said."""
    coded = base64.b64encode(b"alice@contoso.com").decode()
    found = hidden(*EHLO, "C: MAIL FROM:<alice@contoso.com>", f"S: 250 ok id={coded}")
    assert coded.encode() not in streams(found.connection)[SERVER]
    assert any("hold a name" in each for each in found.removed)


def test_people_keep_what_they_wrote() -> None:
    """At that level bodies stay but for names."""
    connection = dialogue(
        *EHLO, "C: MAIL FROM:<alice@contoso.com>", "S: 250 ok", "C: RCPT TO:<b@contoso.com>", "S: 250 ok", "C: DATA",
        "S: 354 go", "C: Subject: pay\r\n\r\nask alice@contoso.com for it\r\n.", "S: 250 ok",
    )  # fmt: skip
    trace = trace_session(read_session(connection, keep_content=True))
    shown, removed = redacted(trace, "people", Names())
    content = shown.session.transactions[0].content
    assert content is not None and content.data is not None
    assert b"ask person1@site1.com for it" in content.data
    assert (shown.session.connection.origin.path, removed) == ("-", ())


def everywhere(octets: bytes) -> bytes:
    """The octets, and all that they are when they are decoded in the ways that mail and logs know."""
    found = [octets, urllib.parse.unquote_to_bytes(octets), quopri.decodestring(octets), octets.replace(b"\0", b"")]
    for run in re.finditer(rb"[A-Za-z0-9+/]{8,}", octets):
        for start in range(4):
            piece = run[0][start:]
            decoded = base64.b64decode(piece[: len(piece) // 4 * 4])
            found += [decoded, decoded.replace(b"\0", b"")]
    return b"\n".join(found).lower()


def test_a_name_in_every_place_and_form() -> None:
    """Quoted and escaped local parts, VERP, SRS, display names, labels of hosts, URLs, any case, base64 in a reply."""
    hidden_away = base64.b64encode(b"for zquackenbush@vermilion.test!").decode()
    found = of(
        dialogue(
            "S: 220 mx.vermilion.test ESMTP",
            "C: EHLO WS-ZENO.vermilion.test",
            "S: 250 mx.vermilion.test Hello ws-zeno.vermilion.test",
            "C: MAIL FROM:<bounce+zquackenbush=vermilion.test@lists.partnercorp.test>"
            " ENVID=zquackenbush+40vermilion.test",
            "S: 250 ok",
            'C: RCPT TO:<"Zenobia Quackenbush"@vermilion.test> ORCPT=rfc822;"Zenobia+20Quackenbush"@vermilion.test',
            "S: 250 Zenobia Quackenbush <zquackenbush@vermilion.test>",
            "C: RCPT TO:<SRS0=ab12=CD=vermilion.test=zquackenbush@forwarder.test>",
            f"S: 550 no: https://x.test/?u=ZQuackenbush%40Vermilion%2Etest&t={hidden_away}, Vermilion/1.0, ws-zeno",
            client="198.18.7.44",
            server="mx.vermilion.test",
        )
    )
    said = everywhere(b"\n".join(streams(found.connection)))
    for name in (b"zquack", b"quackenbush", b"zenobia", b"vermilion", b"ws-zeno", b"partnercorp", b"forwarder"):
        assert name not in said
    assert b"u=person" in said
