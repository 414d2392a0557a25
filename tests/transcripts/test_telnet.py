"""A dialogue without marks: replies by their code, content up to its dot, everything else by what it looks like."""

from __future__ import annotations

from support.told import connections, exchanges, notes, told


def test_a_window_pasted() -> None:
    """The server is named by the lines of telnet itself."""
    text = (
        "$ telnet mail.example 587\nTrying 192.0.2.4...\nConnected to mail.example.\nEscape character is '^]'.\n"
        "220 mail.example\nEHLO a\n250 ok\nQUIT\n221 bye\nConnection closed by foreign host.\n"
    )
    assert told(text) == ["S: 220 mail.example", "C: EHLO a", "S: 250 ok", "C: QUIT", "S: 221 bye"]
    assert str(connections(text)[0].server) == "192.0.2.4:587"


def test_content_that_looks_like_replies() -> None:
    """Between 354 and the lone dot everything is the client's."""
    text = "220 hi\nDATA\n354 go\nSubject: x\n\n250 not a reply\nQUIT\n.\n250 queued\nQUIT\n221 bye\n"
    assert told(text)[3:8] == ["C: Subject: x", "C: ", "C: 250 not a reply", "C: QUIT", "C: ."]
    assert exchanges(text) == ["DATA 250, QUIT 221"]


def test_content_left_out() -> None:
    """Without a dot the next reply ends the content, and a gap stands for what is not shown."""
    assert told("220 hi\nDATA\n354 go\n552 too big\nQUIT\n221 bye\n")[2:] == [
        "S: 354 go",
        "gap: client",
        "S: 552 too big",
        "C: QUIT",
        "S: 221 bye",
    ]


def test_commands_nobody_knows() -> None:
    """A line before a reply that nobody waits for is a command, however odd."""
    text = "220 hi\nEHLI a\n500 what\nmail frm:<a@b>\n501 syntax\nGET / HTTP/1.1\n500 what\n"
    assert exchanges(text) == ["EHLI 500, MAIL 501, GET 500"]


def test_remarks_are_notes() -> None:
    """What is said while a reply is awaited is no command."""
    text = (
        "220 hi\nEHLO a\n250 AUTH LOGIN\nAUTH LOGIN ZXg=\n(no answer; a second <CR> brings:)\n502 no\nQUIT\n221 bye\n"
    )
    assert exchanges(text) == ["EHLO 250, AUTH 502, QUIT 221"]
    assert notes(text) == ["(no answer; a second <CR> brings:)"]


def test_several_lines_and_as_many_replies() -> None:
    """After a refused DATA each line of the message is taken for a command."""
    text = "220 hi\nDATA\n503 no\nSubject: x\nhello\n.\n500 a\n500 b\n500 c\nQUIT\n221 bye\n"
    assert exchanges(text) == ["DATA 503, - 500, HELLO 500, - 500, QUIT 221"]


def test_an_empty_response() -> None:
    """A blank line between challenge and reply is a response."""
    assert told("220 hi\nAUTH SCRAM-SHA-1\n334 dj1x\n\n235 ok\n")[3:] == ["C: ", "S: 235 ok"]


def test_only_the_server() -> None:
    """A one-sided log gives replies that nobody asked for, a session for each greeting."""
    text = "220 one\n250 ok\n535 no\n221 bye\n220 two\n250 ok\n221 bye\n"
    assert exchanges(text) == ["- 250, - 535, - 221", "- 250, - 221"]


def test_indented_in_a_manual() -> None:
    """The margin of the replies is taken off every line."""
    text = (
        "Type this:\n\n    220 hi\n    EHLO a\n    250 ok\n    DATA\n    354 go\n      deep\n    .\n"
        "    250 ok\n\nThat is all.\n"
    )
    assert "C:   deep" in told(text)


def test_tls_that_a_later_reply_proves() -> None:
    """After 220 to STARTTLS a good reply has come through TLS; without one nobody knows."""
    text = "220 hi\nSTARTTLS\n220 go ahead\n"
    assert "tls" not in told(text)
    assert told(text + "EHLO a\n250 ok\n")[3] == "tls"


def test_greeting_not_shown() -> None:
    """An excerpt says so, so that its first reply is taken for no greeting."""
    assert told("EHLO a\n250 ok\n")[0] == "gap: server"
    assert told("235 ok\nMAIL FROM:<a@b>\n250 ok\n")[:2] == ["gap: server", "gap: client"]


def test_a_backspace_that_was_not_sent() -> None:
    """Backspace, space, backspace is how a terminal takes back what it had not sent."""
    text = "220 hi\nEHLI\b \bO a\n250 ok\n"
    assert told(text) == ["S: 220 hi", "typed: EHLO a", "C: EHLO a", "S: 250 ok"]


def test_a_backspace_that_was_sent() -> None:
    """`^H` is how a terminal shows a backspace that went to the server; a raw one went there too."""
    for typed in ("mail frrom^H^H^Hom:<a@b>", "mail frrom\b\b\bom:<a@b>"):
        (connection,) = connections(f"220 hi\n{typed}\n501 5.5.4 Unrecognized parameter\n")
        sent = [event.data for event in connection.events if getattr(event, "data", b"").startswith(b"mail")]
        assert sent == [b"mail frrom\b\b\bom:<a@b>\r\n"]
        assert told(f"220 hi\n{typed}\n501 no\n")[1] == "typed: mail from:<a@b>"


def test_caret_in_content_is_text() -> None:
    """In a message `^H` are two characters."""
    assert "C: fool^H^H^H^Hgentleman" in told("220 hi\nDATA\n354 go\nfool^H^H^H^Hgentleman\n.\n250 ok\n")


def test_much_prose_ends_a_dialogue() -> None:
    """Where a text goes on about something else, the dialogue is over."""
    prose = "".join(f"This is line {number} of the explanation that follows\n" for number in range(20))
    assert exchanges(f"220 hi\nQUIT\n221 bye\n{prose}250 more\n") == ["QUIT 221"]


def test_a_greeting_after_a_quit_without_reply() -> None:
    """A log that does not show what answered QUIT may go on with the next session."""
    assert exchanges("220 one\nEHLO a\n250 ok\nQUIT\n220 two\nEHLO b\n250 ok\n") == ["EHLO 250, QUIT -", "EHLO 250"]
