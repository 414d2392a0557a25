"""From traces to the sessions that are played."""

from __future__ import annotations

import pytest
from replay.scripts import LOGIN, SENDING, trace
from replay.serving import sessions

from smtptrace.errors import UsageError
from smtptrace.replay import serve_source
from smtptrace.replay.serve_source import names, needs_tls, recorded, shortcomings

TLS = "S: 220 hi\nC: EHLO a\nS: 250 hi\nC: STARTTLS\nS: 220 go\n"


def test_a_session_knows_its_client():
    """The name it gave, and who it said it was."""
    (found,) = sessions(LOGIN.replace("EHLO a", "EHLO App01"))
    assert (found.name, found.helo, found.logins, found.implicit) == ("1", b"app01", (("LOGIN", "alice"),), False)


def test_typing_is_mended():
    """The command is the one that was meant, and no octets are kept."""
    (found,) = sessions("S: 220 hi\nC: EHLP\x08O a\nS: 250 hi\n")
    assert [each.command.line for each in found.session.exchanges] == [b"EHLO a"]
    assert found.session.connection.events == ()


def test_a_refusal_of_mistyped_words_is_not_played():
    """It was due to the keys; another refusal is."""
    text = "S: 220 hi\nC: EHLP\x08O a\nS: 500 what\nC: EHLO a\nS: 250 hi\nC: MAIL FROM:<a@b>\nS: 550 no\n"
    (found,) = sessions(text)
    assert [each.reply.code for each in found.session.exchanges] == [250, 550]
    again = "S: 220 hi\nC: EHLO a\nS: 500 what\nC: EHLO a\nS: 250 hi\nC: MAIL FROM:<a>\nS: 501 no\nC: RSET\nS: 250 ok\n"
    (found,) = sessions(again)
    assert [each.reply.code for each in found.session.exchanges] == [250, 501, 250]


def test_nothing_to_play(monkeypatch):
    """Neither a session without a server's word, nor more than can be held."""
    with pytest.raises(UsageError, match="no session in which a server says a word"):
        recorded([(trace("C: EHLO a\n"), "1")], "test")
    monkeypatch.setattr(serve_source, "MOST_SESSIONS", 2)
    with pytest.raises(UsageError, match="more than 2"):
        sessions(SENDING, SENDING, SENDING)


def test_what_the_certificate_is_for():
    """The names in the greetings."""
    found = sessions("S: 220 mx.own.test ESMTP\n", "S: 220 hi\n", "S: 554 mx2.own.test no\n")
    assert list(names(found)) == ["mx.own.test"]


def test_a_recording_that_begins_after_the_greeting():
    """Is played with a plain one, and it is said."""
    found = sessions("C: EHLO a\nS: 250 hi\nC: QUIT\nS: 221 bye\n")
    assert list(shortcomings(found, password=False)) == [
        "session 1: its greeting is not in the recording; a plain one is said"
    ]


@pytest.mark.parametrize(
    ("text", "needed"),
    [(TLS.replace("STARTTLS", "X-ANONYMOUSTLS"), True), (TLS, True), (LOGIN, True), (SENDING, False)],
)
def test_whether_tls_is_needed(text, needed):
    """Where it was there or offered."""
    assert needs_tls(sessions(text)) is needed


def auth(mechanism: str, reply: str = "235 ok") -> str:
    return f"S: 220 hi\nC: EHLO a\nS: 250 hi\nC: AUTH {mechanism} eA==\nS: {reply}\n"


@pytest.mark.parametrize(
    ("text", "password", "told"),
    [
        (TLS + "# tls: opened=no\n", False, "--keylog"),
        (auth("SCRAM-SHA-1"), False, "--password-fd"),
        (auth("DIGEST-MD5"), False, "--password-fd"),
        (auth("GSSAPI"), True, "ticket"),
        (auth("SCRAM-SHA-1"), True, ""),
        (auth("SCRAM-SHA-1", "535 no"), False, ""),
        (auth("NTLM"), False, ""),
    ],
)
def test_what_cannot_be_played(text, password, told):
    """It is said before anybody connects."""
    found = list(shortcomings(sessions(text), password=password))
    assert len(found) == bool(told)
    assert all(told in each and each.startswith("session 1: ") for each in found)
