"""Shell scripts for swaks and curl."""

from __future__ import annotations

import shlex
from io import BytesIO

import pytest
from support.connections import CLIENT, START, dialogue

from smtptrace import masks
from smtptrace._registry import Registry
from smtptrace.smtp import read_session
from smtptrace.trace import trace_session
from smtptrace.wire import Connection, Event, Octets, Secured, Side

OUTPUTS = Registry("smtptrace.outputs")
EHLO = ("S: 220 mx.test ESMTP", "C: EHLO app01", "S: 250-mx.test", "S: 250 AUTH LOGIN PLAIN XOAUTH2")
LOGIN = ("C: AUTH PLAIN AGFsaWNlAFNlY3JldDEyMyE=", "S: 235 ok")
MAIL = (
    "C: MAIL FROM:<alice@a.test>",
    "S: 250 ok",
    "C: RCPT TO:<bob@b.test>",
    "S: 250 ok",
    "C: RCPT TO:<c@b.test>",
    "S: 550 no",
)
DATA = ("C: DATA", "S: 354 go", "C: Subject: it's $HOME `x`\r\n\r\n..dot Secret123!\r\n.", "S: 250 ok")


def script(form: str, *lines: str | Event, connection: Connection | None = None) -> str:
    trace = trace_session(read_session(connection or dialogue(*lines), keep_content=True))
    stream = BytesIO()
    OUTPUTS[form].writer(stream)(masks.shown(trace), "7")
    return stream.getvalue().decode()


def words(text: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(("swaks", "curl"))]
    return shlex.split(line)


def test_swaks_sends_the_same_again() -> None:
    """Server, HELO name, login, path and message; the secret is a variable."""
    text = script("swaks_command", *EHLO, *LOGIN, *MAIL, *DATA)
    assert words(text) == [
        "swaks", "--server", "10.0.0.25", "--port", "2525", "--ehlo", "app01", "--auth", "PLAIN", "--auth-user",
        "alice", "--auth-password", "${PASSWORD:?set it to the password}", "--from", "alice@a.test", "--to",
        "bob@b.test,c@b.test", "--data", "-", "<<END_OF_MESSAGE",
    ]  # fmt: skip
    assert "\nSubject: it's $HOME `x`\n\n.dot ****\nEND_OF_MESSAGE\n" in text
    assert "Secret123!" not in text


@pytest.mark.parametrize("module", ["swaks_command", "curl_command"])
def test_names_that_are_no_utf_8(module: str) -> None:
    """A client may call itself, and anybody, by any octets."""
    said = [
        Octets(Side.SERVER, b"220 a\r\n"),
        Octets(CLIENT, b"EHLO a\xff\xb0/b\r\nMAIL FROM:<\xe4@b.test>\r\nRCPT TO:<\xfc@b.test>\r\n"),
        Octets(Side.SERVER, b"250 a\r\n250 b\r\n250 c\r\n"),
    ]
    stream = BytesIO()
    OUTPUTS[module].writer(stream)(trace_session(read_session(dialogue(*said))), "1")
    assert (b"a%FF%B0%2Fb" if module == "curl_command" else b"a\xff\xb0/b") in stream.getvalue()


def test_curl_sends_the_same_again() -> None:
    """The same for curl."""
    text = script("curl_command", *EHLO, *LOGIN, *MAIL, *DATA)
    assert words(text) == [
        "curl", "--verbose", "--url", "smtp://10.0.0.25:2525/app01", "--login-options", "AUTH=PLAIN", "--user",
        "alice:${PASSWORD:?set it to the password}", "--mail-from", "alice@a.test", "--mail-rcpt", "bob@b.test",
        "--mail-rcpt", "c@b.test", "--crlf", "--upload-file", "-", "<<END_OF_MESSAGE",
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["swaks_command", "curl_command"])
def test_hostile_names_stay_one_word(form: str) -> None:
    """Nothing captured is run by the shell."""
    bad = ("C: MAIL FROM:<$(touch${IFS}x)'`x`@a.test>", "S: 250 ok", "C: RCPT TO:<b@b.test>", "S: 250 ok")
    text = script(form, *EHLO, *bad, "C: DATA", "S: 354 go", "C: x\r\nEND_OF_MESSAGE\r\n.", "S: 250 ok")
    assert "$(touch${IFS}x)'`x`@a.test" in words(text)
    assert text.rstrip().endswith("\nEND_OF_MESSAGE_")


def test_tls_is_asked_for() -> None:
    """STARTTLS, and TLS from the start."""
    secured = Secured(opened=True)
    starttls = ("S: 220 a", "C: STARTTLS", "S: 220 go", secured, "C: EHLO a", "S: 250 ok", "C: QUIT", "S: 221 b")
    assert "--tls" in words(script("swaks_command", *starttls))
    assert "--ssl-reqd" in words(script("curl_command", *starttls))
    implicit = (Secured(opened=True, implicit=True), "S: 220 a", "C: QUIT", "S: 221 b")
    assert "--tls-on-connect" in words(script("swaks_command", *implicit))
    assert "smtps://10.0.0.25:2525/" in words(script("curl_command", *implicit))


def test_what_was_not_sent_is_not_sent() -> None:
    """A session stops where it stopped."""
    assert words(script("swaks_command", *EHLO, *LOGIN))[-2:] == ["--quit-after", "AUTH"]
    assert words(script("swaks_command", *EHLO))[-2:] == ["--quit-after", "HELO"]
    assert words(script("swaks_command", *EHLO, *MAIL))[-2:] == ["--quit-after", "RCPT"]
    assert words(script("swaks_command", *EHLO, *MAIL[:2]))[-2:] == ["--quit-after", "MAIL"]
    assert words(script("curl_command", *EHLO))[-2:] == ["--request", "NOOP"]
    assert "# curl sends no transaction without content" in script("curl_command", *EHLO, *MAIL)


def test_what_a_tool_cannot_do_is_said() -> None:
    """Mechanisms and BDAT; the rest is done as well as it can be."""
    token = ("C: AUTH XOAUTH2 dXNlcj1hbGljZUBhLnRlc3QBYXV0aD1CZWFyZXIgeWEyOS5hYmNkZWYBAQ==", "S: 235 ok")
    assert "# swaks has no XOAUTH2" in script("swaks_command", *EHLO, *token)
    assert words(script("curl_command", *EHLO, *token))[-4:-2] == [
        "--oauth2-bearer", "${TOKEN:?set it to the access token}"
    ]  # fmt: skip
    chunk = (*MAIL, Octets(CLIENT, b"BDAT 5 LAST\r\nx: y\n", START), "S: 250 ok")
    assert "sent with BDAT" in script("swaks_command", *EHLO, *chunk)
    assert "sent with BDAT" in script("curl_command", *EHLO, *chunk)


def test_a_message_that_no_text_holds_is_named() -> None:
    """The file is to be extracted first."""
    binary = Octets(CLIENT, b"\x00\x01\r\n.\r\n", START)
    for form, name in (("swaks_command", "@message.eml"), ("curl_command", "message.eml")):
        text = script(form, *EHLO, *MAIL, "C: DATA", "S: 354 go", binary, "S: 250 ok")
        assert name in words(text)
        assert "# the message is not all here, or no text" in text


def test_an_ipv6_server_has_brackets_in_the_url() -> None:
    """As URLs want it."""
    connection = dialogue(*EHLO, client="fe80::1", server="fe80::25")
    assert "smtp://[fe80::25]:2525/app01" in words(script("curl_command", connection=connection))
