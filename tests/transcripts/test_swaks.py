"""swaks' marks, decoded credentials, TLS, and errors of its own."""

from __future__ import annotations

from support.told import connections, exchanges, notes, told


def test_every_mark() -> None:
    """Sent and received, in clear and under TLS, expected or not."""
    text = (
        "=== Trying 127.0.0.1:25...\n=== Connected to 127.0.0.1.\n<-  220 hi\n -> STARTTLS\n<-  220 go\n"
        "=== TLS started with cipher TLSv1.3:TLS_AES_256_GCM_SHA384:256\n ~> EHLO a\n<~  250 ok\n*~> FOO\n"
        "<~* 500 what\n"
        "*** something broke\n~> QUIT\n<~  221 bye\n"
    )
    assert told(text) == [
        "S: 220 hi",
        "C: STARTTLS",
        "S: 220 go",
        "tls TLSv1.3",
        "C: EHLO a",
        "S: 250 ok",
        "C: FOO",
        "S: 500 what",
        "C: QUIT",
        "S: 221 bye",
    ]
    assert "something broke" in notes(text)
    assert str(connections(text)[0].server) == "127.0.0.1:25"


def test_decoded_login_is_encoded_again() -> None:
    """-apt shows what base64 stands for; what was on the wire follows from it, and says that it was derived."""
    text = (
        "<-  220 hi\n -> AUTH LOGIN\n<-  334 Username:\n -> heidi\n<-  334 Password:\n"
        " -> PROVIDED_BUT_REMOVED\n<** 535 no\n"
    )
    assert told(text)[2:6] == [
        "S: 334 VXNlcm5hbWU6 (decoded)",
        "C: aGVpZGk= (decoded)",
        "S: 334 UGFzc3dvcmQ6 (decoded)",
        "C: PROVIDED_BUT_REMOVED (masked)",
    ]


def test_prompt_in_clear_with_base64_after_it() -> None:
    """A server that prompts in clear gets base64 all the same."""
    assert told("<-  220 hi\n -> AUTH LOGIN\n<-  334 Username:\n -> dXNlcg==\n<-  535 no\n")[2:4] == [
        "S: 334 Username:",
        "C: dXNlcg==",
    ]


def test_decoded_plain() -> None:
    """The NULs of PLAIN are shown as backslash zero."""
    assert told("<-  220 hi\n -> AUTH PLAIN \\0alice\\0x\n<-  235 ok\n")[1] == "C: AUTH PLAIN AGFsaWNlAHg= (decoded)"


def test_removed_password_inside_base64() -> None:
    """-ahp puts a mark in place of the password before it encodes."""
    line = "AUTH PLAIN AHZhbGlkdXNlcgBQUk9WSURFRF9CVVRfUkVNT1ZFRA=="
    assert told(f"<-  220 hi\n -> {line}\n<-  235 ok\n")[1] == f"C: {line} (masked)"


def test_pipelined_and_refused() -> None:
    """Replies to a pipeline, the last of them refusing DATA: what follows is a command."""
    text = (
        "<-  220 hi\n -> MAIL FROM:<a@b>\n -> RCPT TO:<c@d>\n -> DATA\n<** 550 no\n<** 503 no\n<** 503 no\n"
        " -> QUIT\n<-  221 x\n"
    )
    assert exchanges(text) == ["MAIL 550, RCPT 503, DATA 503, QUIT 221"]


def test_two_runs_in_one_file() -> None:
    """Each `=== Trying` begins a session."""
    run = "=== Trying 127.0.0.1:25...\n<-  220 hi\n -> QUIT\n<-  221 bye\n"
    assert exchanges(run + run) == ["QUIT 221", "QUIT 221"]


def test_swaks_on_a_web_page() -> None:
    """Where the page has made one space of two, and taken the first one away."""
    text = "=== Trying mx:25...\n<- 220 hi\n-> EHLO a\n<- 250-hi\n<- 250 AUTH PLAIN\n-> QUIT\n<- 221 bye\n"
    assert exchanges(text) == ["EHLO 250, QUIT 221"]
    assert told(text)[0] == "S: 220 hi"
