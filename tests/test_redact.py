"""Secrets do not leave the program."""

from __future__ import annotations

import base64
import quopri
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dialogue import connection

from smtptrace import redact
from smtptrace.auth import SecretIds
from smtptrace.outputs.dialogue import render
from smtptrace.outputs.jsonl import line, session_object
from smtptrace.smtp import read_session
from smtptrace.trace import Trace, trace_session


def _b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def _trace(*lines: str) -> Trace:
    return trace_session(read_session(connection("\n".join(lines)), keep_content=True))


def _everything(trace: Trace) -> bytes:
    """All that any output shows of a trace."""
    shown = "\n".join(text.plain for text in render(trace, "1", None))
    return line(session_object(trace, SecretIds(), "1")) + shown.encode("utf-8", "surrogateescape")


LOGIN = (
    "S: 220 mail.example ESMTP",
    "C: EHLO app.example",
    "S: 250-mail.example",
    "S: 250 AUTH LOGIN PLAIN",
    "C: AUTH LOGIN",
    "S: 334 VXNlcm5hbWU6",
    f"C: {_b64('alice')}",
    "S: 334 UGFzc3dvcmQ6",
    f"C: {_b64('Secret123!')}",
    "S: 235 2.7.0 Authentication successful",
)


def test_a_login_shows_its_user_and_hides_its_password() -> None:
    """Neither the raw line nor the decoded one holds the password; everything else stays."""
    masked = redact.mask(_trace(*LOGIN))
    shown = _everything(masked)
    assert b"alice" in shown
    assert b"Secret123!" not in shown
    assert _b64("Secret123!").encode() not in shown
    assert b"****" in shown


def test_show_secrets_shows_them() -> None:
    """The revealed trace prints the password in the clear."""
    shown = _everything(redact.reveal(_trace(*LOGIN)))
    assert b"Secret123!" in shown


def test_an_initial_response_keeps_its_command() -> None:
    """AUTH PLAIN and its argument: the mechanism stays, the argument goes."""
    masked = redact.mask(
        _trace("S: 220 a", f"C: AUTH PLAIN {_b64(chr(0) + 'bob' + chr(0) + 'hunter2xyz')}", "S: 235 ok")
    )
    record = session_object(masked, SecretIds(), "1")
    assert record["exchanges"][0]["argument"] == "PLAIN ****"
    assert b"hunter2xyz" not in _everything(masked)


@pytest.mark.parametrize(
    "written",
    [
        "Secret123!",
        _b64("Secret123!"),
        _b64("xSecret123!y"),
        _b64("xxSecret123!"),
        urllib.parse.quote("Secret123!", safe=""),
        quopri.encodestring(b"Secret123!").decode().strip(),
        b"Secret123!".hex(),
    ],
)
def test_a_password_said_again_is_hidden_too(written: str) -> None:
    """In a reply, a command, or the message; in any of the usual encodings."""
    masked = redact.mask(
        _trace(
            *LOGIN,
            f"C: NOOP {written}",
            f"S: 250 {written}",
            "C: MAIL FROM:<a@b.example>",
            "S: 250 ok",
            "C: RCPT TO:<c@d.example>",
            "S: 250 ok",
            "C: DATA",
            "S: 354 go",
            f"C: Subject: {written}",
            r"C> \r\n",
            f"C: my password is {written}",
            "C: .",
            "S: 250 queued",
        )
    )
    shown = _everything(masked)
    assert written.encode() not in shown
    assert b"Secret123!" not in shown


def test_every_password_of_many_is_hidden() -> None:
    """However many logins a session has, each is hidden where it was sent, and no more than that."""
    passwords = [f"Guess-{number}!" for number in range(300)]
    lines = ["S: 220 mail.example ESMTP", "C: EHLO a", "S: 250 AUTH PLAIN LOGIN"]
    for number, password in enumerate(passwords):
        if number % 2:
            lines += [f"C: AUTH PLAIN {_b64(chr(0) + 'alice' + chr(0) + password)}", "S: 535 5.7.8 no"]
        else:
            lines += ["C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", f"C: {_b64('alice')}"]
            lines += ["S: 334 UGFzc3dvcmQ6", f"C: {_b64(password)}", "S: 535 5.7.8 no"]
    trace = _trace(*lines)
    blind = redact.mask(trace)
    said = [exchange.command.raw for exchange in blind.session.exchanges[1:] if exchange.command]
    assert said == [b"AUTH LOGIN\r\n", b"AUTH PLAIN ****\r\n"] * 150
    everything = _everything(blind)
    assert not any(_b64(password).encode() in everything or password.encode() in everything for password in passwords)
    assert not any(_b64(chr(0) + "alice" + chr(0) + password).encode() in everything for password in passwords)


def test_a_password_that_is_the_user_name_hides_only_where_it_was_sent() -> None:
    """Hiding the name everywhere would tell what the password is."""
    user = _b64(chr(0) + "service" + chr(0) + "service")
    masked = redact.mask(
        _trace("S: 220 a", f"C: AUTH PLAIN {user}", "S: 235 ok", "C: MAIL FROM:<service@x.example>", "S: 250 ok")
    )
    record = session_object(masked, SecretIds(), "1")
    assert record["auth"][0]["authcid"] == "service"
    assert record["auth"][0]["secret"] == "****"
    assert record["transactions"][0]["reverse_path"] == "service@x.example"
    assert user.encode() not in _everything(masked)


def test_a_trace_without_login_is_not_touched() -> None:
    """Nothing secret, nothing copied."""
    trace = _trace("S: 220 a", "C: NOOP", "S: 250 ok")
    assert redact.mask(trace) is trace


def test_nothing_else_is_changed() -> None:
    """Exchanges without secrets are the very same records."""
    trace = _trace(*LOGIN, "C: NOOP", "S: 250 ok")
    masked = redact.mask(trace)
    assert masked.session.exchanges[0] is trace.session.exchanges[0]
    assert masked.session.exchanges[-1] is trace.session.exchanges[-1]


@given(st.text(st.characters(min_codepoint=33, exclude_categories=["Cs"]), min_size=6, max_size=30))
def test_no_password_is_ever_shown(password: str) -> None:
    """Whatever the password, masked outputs hold neither it nor its base64 form, even if it was sent again."""
    masked = redact.mask(
        _trace(
            "S: 220 mail ready",
            "C: AUTH LOGIN",
            "S: 334 VXNlcm5hbWU6",
            f"C: {_b64('zoe')}",
            "S: 334 UGFzc3dvcmQ6",
            f"C: {_b64(password)}",
            f"S: 535 no {_b64(password)}",
            "C: NOOP " + password.replace("\\", "\\\\"),
            "S: 250 ok",
        )
    )
    said = b"".join(each.command.raw for each in masked.session.exchanges if each.command)
    said += b"".join(reply for each in masked.session.exchanges if each.reply for reply in each.reply.lines)
    assert password.encode() not in said
    assert _b64(password).encode() not in said
