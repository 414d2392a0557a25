"""What each client's log has of its own: where content and secrets are left out, and how TLS and failures are told."""

from __future__ import annotations

from support.told import connections, dialect, exchanges, notes, told

from smtptrace.wire import Octets, TimeBasis


def test_phpmailer_glued_on_a_web_page() -> None:
    """Reply lines that lost their line ends are told apart by their code."""
    text = (
        "2018-03-13 12:21:15 SERVER -> CLIENT: 220-a ESMTP 220-We do not 220 and/or bulk\n"
        "2018-03-13 12:21:15 CLIENT -> SERVER: EHLO x\n"
        "2018-03-13 12:21:16 SERVER -> CLIENT: 250-h Hello [203.0.113.1]250-SIZE 52428800250-AUTH LOGIN250 HELP\n"
        "2018-03-13 12:21:16 CLIENT -> SERVER: AUTH LOGIN\n2018-03-13 12:21:16 SERVER -> CLIENT: 334 VXNlcm5hbWU6\n"
        "2018-03-13 12:21:16 CLIENT -> SERVER: [credentials hidden]\n2018-03-13 12:21:16 SERVER -> CLIENT: 535 no\n"
        "2018-03-13 12:21:17 SMTP ERROR: Username command failed: 535 no\n"
    )
    assert told(text)[:8] == [
        "S: 220-a ESMTP",
        "S: 220-We do not",
        "S: 220 and/or bulk",
        "C: EHLO x",
        "S: 250-h Hello [203.0.113.1]",
        "S: 250-SIZE 52428800",
        "S: 250-AUTH LOGIN",
        "S: 250 HELP",
    ]
    assert told(text)[10] == "C: [credentials hidden] (masked)"
    assert notes(text) == ["SMTP ERROR: Username command failed: 535 no"]


def test_old_phpmailer() -> None:
    """Before 5.2 only the server's side was told, and the refusal as an error."""
    text = (
        "SMTP -> FROM SERVER:220 hi\nSMTP -> FROM SERVER: 250-x 250 AUTH LOGIN\n"
        "SMTP -> FROM SERVER:220 2.0.0 Ready to start TLS\n"
        "SMTP -> FROM SERVER: 250 AUTH LOGIN\nSMTP -> ERROR: Password not accepted from server: 535 5.7.8 no\n"
    )
    assert "tls" in told(text)
    assert exchanges(text) == ["- 250, - 220, - 250, - 535"]


def test_nodemailer_sessions_by_their_ids() -> None:
    """Two connections at once; further reply lines without an id belong to the line before."""
    lines = []
    for said in ("S: 220 hi", "C: EHLO a", "S: 250-x", None, "C: QUIT", "S: 221 bye"):
        for key in ("aaa", "bbb"):
            lines.append(f"[2026-02-06 10:11:12] DEBUG [{key}] {said}" if said else "")
            if said == "S: 250-x":
                lines.append("[2026-02-06 10:11:12] DEBUG       S: 250 HELP")
    text = "\n".join(line for line in lines if line) + "\n"
    assert exchanges(text) == ["EHLO 250, QUIT 221"] * 2
    assert [connection.label for connection in connections(text)] == ["aaa", "bbb"]


def test_nodemailer_tells_of_tls_and_leaves_the_message_out() -> None:
    """An implicit TLS connection; the message is a mark; the password is one too."""
    text = (
        "[2026-02-06 10:11:12] INFO  [x] Secure connection established to 192.0.2.4:465\n"
        "[2026-02-06 10:11:12] DEBUG [x] S: 220 hi\n"
        "[2026-02-06 10:11:12] DEBUG [x] C: AUTH PLAIN AHVzZXIALyogc2VjcmV0ICov\n"
        "[2026-02-06 10:11:12] DEBUG [x] S: 235 ok\n[2026-02-06 10:11:12] DEBUG [x] C: DATA\n"
        "[2026-02-06 10:11:12] DEBUG [x] S: 354 go\n"
        "[2026-02-06 10:11:13] DEBUG [x] C: <188 bytes encoded mime message (source size 185 bytes)>\n"
        "[2026-02-06 10:11:14] DEBUG [x] S: 250 queued\n"
    )
    assert told(text) == [
        "tls implicit",
        "S: 220 hi",
        "C: AUTH PLAIN AHVzZXIALyogc2VjcmV0ICov (masked)",
        "S: 235 ok",
        "C: DATA",
        "S: 354 go",
        "gap: client",
        "S: 250 queued",
    ]
    (connection,) = connections(text)
    assert connection.origin.time_basis is TimeBasis.RELATIVE
    assert connection.events[-1].time_ns == 2_000_000_000


def test_nodemailer_that_never_heard_a_word() -> None:
    """A connection that failed before anything was said is a connection, with what the log says of it."""
    text = (
        "[2026-02-06 10:11:12] INFO  [x] Connection established to 192.0.2.4:991\n"
        "[2026-02-06 10:11:42] ERROR [x] Greeting never received\n"
    )
    (connection,) = connections(text)
    assert (str(connection.server), not any(isinstance(event, Octets) for event in connection.events)) == (
        "192.0.2.4:991",
        True,
    )


def test_mailkit() -> None:
    """Each `Connected to` begins a session; stamps are UTC."""
    run = (
        "Connected to smtp://mail.example:587/?starttls=always\n2026-01-01T10:00:00.0000000Z S: 220 hi\n"
        "2026-01-01T10:00:01.0000000Z C: QUIT\n"
    )
    assert exchanges(run + run) == ["QUIT -", "QUIT -"]
    connection = connections(run)[0]
    assert (str(connection.server), connection.origin.time_basis) == ("mail.example:587", TimeBasis.UTC)


def test_curl_leaves_content_out() -> None:
    """Braces say how many octets, not which; those of TLS records are no content."""
    text = (
        "* Connected to mail.example (192.0.2.4) port 587 (#0)\n< 220 hi\n> DATA\n} [5 bytes data]\n"
        "< 354 go\n} [86 bytes data]\n"
        "< 250 ok\n* Connection #0 to host mail.example left intact\n"
    )
    assert told(text) == ["S: 220 hi", "C: DATA", "S: 354 go", "gap: client", "S: 250 ok"]


def test_smtplib_strings_are_exact() -> None:
    """Escapes are undone; the summary of each reply is left out; whole messages are one event."""
    text = (
        "send: 'data\\r\\n'\nreply: b'354 go\\r\\n'\nreply: retcode (354); Msg: b'go'\nsend: b'a\\x08\\r\\n"
        "..b\\r\\n.\\r\\n'\nreply: b'250 ok\\r\\n'\n"
    )
    (connection,) = connections(text)
    said = [event.data for event in connection.events if isinstance(event, Octets)]
    assert said == [b"data\r\n", b"354 go\r\n", b"a\x08\r\n..b\r\n.\r\n", b"250 ok\r\n"]


def test_javamail_suppresses_auth() -> None:
    """The command is told, its rounds are not; the exception has the reply."""
    text = (
        'DEBUG SMTP: trying to connect to host "h", port 465, isSSL true\n220 hi\nEHLO a\n250 AUTH LOGIN\n'
        "DEBUG SMTP: AUTH LOGIN command trace suppressed\nDEBUG SMTP: AUTH LOGIN failed\n"
        "jakarta.mail.AuthenticationFailedException: 535 5.7.8 no\n"
    )
    assert (told(text)[0], exchanges(text)) == ("tls implicit", ["EHLO 250, AUTH 535"])
    unknown = text.replace("failed", "succeeded").replace("jakarta", "x/")
    assert exchanges(unknown + "MAIL FROM:<a@b>\n250 ok\n") == ["EHLO 250, AUTH -, MAIL 250"]


def test_ruby_tells_how_much_it_wrote() -> None:
    """The size of the content is known, the octets are not."""
    text = (
        '-> "220 hi\\r\\n"\n<- "DATA\\r\\n"\n-> "354 go\\r\\n"\nwriting message from String\nwrote 31 bytes\n'
        '-> "250 ok\\r\\n"\n'
    )
    assert told(text) == ["S: 220 hi", "C: DATA", "S: 354 go", "gap: client 31", "S: 250 ok"]


def test_swift_and_symfony() -> None:
    """One pair of marks or two; errors stand with `!!`."""
    for sent, got in ((">> ", "<< "), ("> ", "< ")):
        text = f"{got}220 hi\n{sent}EHLO a\n{got}250-x\n{got}250 y\n!! Expected response code 250\n"
        assert (dialect(text), exchanges(text)) == ("symfony", ["EHLO 250"])


def test_aiosmtplib_exceptions() -> None:
    """A tuple of code and text is a reply."""
    assert told("aiosmtplib.errors.SMTPAuthenticationError: (535, '5.7.8 Authentication credentials invalid')\n")[
        -1
    ] == ("S: 535 5.7.8 Authentication credentials invalid")


def test_msmtp() -> None:
    """Its settings are no notes, its TLS facts are."""
    text = (
        "host = mail.example\n<-- 220 hi\n--> STARTTLS\n<-- 220 go\nTLS session parameters:\n"
        "    (TLS1.3)-(X)\n--> EHLO a\n<-- 250 ok\n"
    )
    assert told(text) == ["S: 220 hi", "C: STARTTLS", "S: 220 go", "tls", "C: EHLO a", "S: 250 ok"]
    assert notes(text) == ["TLS session parameters:", "(TLS1.3)-(X)"]


def test_s_client_hides_its_beginning() -> None:
    """With -starttls greeting, EHLO and STARTTLS are not shown; without it TLS is from the first octet."""
    head = (
        "CONNECTED(00000003)\n---\nNew, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384\n"
        "Verify return code: 18 (self-signed certificate)\n---\n"
    )
    assert told(head + "250 XRDST\nEHLO a\n250 ok\n") == [
        "gap: server",
        "gap: client",
        "S: 250 XRDST",
        "gap: server",
        "gap: client",
        "tls TLSv1.3",
        "C: EHLO a",
        "S: 250 ok",
    ]
    assert told(head + "220 hi\nQUIT\n221 bye\n")[:2] == ["tls implicit TLSv1.3", "S: 220 hi"]


def test_phpmailer_at_level_1() -> None:
    """The client's side alone: replies are not shown, but for the one that an error tells of, over several lines."""
    text = (
        "2026-01-02 03:14:00 CLIENT -> SERVER: EHLO a\n2026-01-02 03:14:00 CLIENT -> SERVER: AUTH LOGIN\n"
        "2026-01-02 03:14:00 CLIENT -> SERVER: [credentials hidden]\n"
        "2026-01-02 03:14:00 CLIENT -> SERVER: [credentials hidden]\n"
        "2026-01-02 03:14:01 SMTP ERROR: Password command failed: 535-5.7.8 Not accepted.\n535 5.7.8 Ask us\n"
        "SMTP Error: Could not authenticate.\n2026-01-02 03:14:01 CLIENT -> SERVER: QUIT\n"
    )
    assert exchanges(text) == ["EHLO -, AUTH 535, QUIT -"]
    assert told(text) == [
        "gap: server",
        "C: EHLO a",
        "gap: server",
        "C: AUTH LOGIN",
        "gap: client",
        "S: 535-5.7.8 Not accepted.",
        "S: 535 5.7.8 Ask us",
        "C: QUIT",
    ]


def test_phpmailer_that_heard_nothing() -> None:
    """An empty line of the server's is what PHPMailer writes when the connection is gone."""
    text = "SERVER -> CLIENT: 220 hi\nCLIENT -> SERVER: QUIT\nSERVER -> CLIENT: \nSMTP ERROR: QUIT command failed: \n"
    assert told(text) == ["S: 220 hi", "C: QUIT"]


def test_javamail_exception_that_quotes_a_reply() -> None:
    """What the exception says again is no further dialogue."""
    text = (
        'DEBUG SMTP: trying to connect to host "mx.test", port 587, isSSL false\n220 mx.test\nEHLO a\n'
        '250 AUTH XOAUTH2\nDEBUG SMTP: Found extension "AUTH"\nAUTH XOAUTH2 dXNlcj1h\n535-5.7.8 no\n535 5.7.8 sorry\n'
        "DEBUG SMTP: AUTH XOAUTH2 failed\n"
        'Exception in thread "main" jakarta.mail.AuthenticationFailedException: 535-5.7.8 no\n535 5.7.8 sorry\n\n'
        "\tat org.eclipse.angus.mail.smtp.SMTPTransport.authenticate(SMTPTransport.java:965)\n"
    )
    assert exchanges(text) == ["EHLO 250, AUTH 535"]


def test_msmtp_tells_the_server_in_its_settings() -> None:
    """Host and port, with the spaces that newer versions put in."""
    text = "host                  = mx.test\nport                  = 587\n<-- 220 hi\n--> QUIT\n<-- 221 bye\n"
    (connection,) = connections(text)
    assert str(connection.server) == "mx.test:587"
