"""Logs and notices of mail servers: whose arrows they are, which session a line belongs to, what is folded."""

from __future__ import annotations

from support.told import connections, dialect, exchanges, notes, told


def test_postfix_as_server_and_as_client() -> None:
    """The arrows are the daemon's: smtpd receives commands, smtp sends them."""
    served = (
        "Apr 23 13:04:48 mx postfix/smtpd[1]: connect from unknown[192.0.2.9]\n"
        "Apr 23 13:04:48 mx postfix/smtpd[1]: > unknown[192.0.2.9]: 220 mx ESMTP Postfix\n"
        "Apr 23 13:04:48 mx postfix/smtpd[1]: match_list_match: unknown: no match\n"
        "Apr 23 13:04:49 mx postfix/smtpd[1]: < unknown[192.0.2.9]: QUIT\n"
        "Apr 23 13:04:49 mx postfix/smtpd[1]: > unknown[192.0.2.9]: 221 2.0.0 Bye\n"
        "Apr 23 13:04:49 mx postfix/smtpd[1]: disconnect from unknown[192.0.2.9]\n"
    )
    assert told(served) == ["S: 220 mx ESMTP Postfix", "C: QUIT", "S: 221 2.0.0 Bye"]
    sent = "postfix/smtp[2]: < mx.example[192.0.2.4]:25: 220 mx\npostfix/smtp[2]: > mx.example[192.0.2.4]:25: QUIT\n"
    assert told(sent) == ["S: 220 mx", "C: QUIT"]
    assert str(connections(sent)[0].server) == "192.0.2.4:25"
    assert exchanges(served + served) == ["QUIT 221", "QUIT 221"]


def test_postfix_processes_come_apart() -> None:
    """Interleaved lines belong to their process."""
    text = "".join(
        f"Apr 23 13:04:48 mx postfix/smtpd[{pid}]: {said}\n"
        for said in ("> a[192.0.2.9]: 220 mx", "< a[192.0.2.9]: QUIT", "> a[192.0.2.9]: 221 Bye")
        for pid in (11, 12)
    )
    assert exchanges(text) == ["QUIT 221", "QUIT 221"]


def test_postfix_notice_unfolded() -> None:
    """Long lines of the transcript are folded at their parameters."""
    text = (
        "Transcript of session follows.\n\n Out: 220 mx ESMTP\n In:  MAIL\n     FROM:<a@b>\n     SIZE=20\n"
        " Out: 451 4.3.0 Error: queue file write error\n In:  QUIT\n"
    )
    assert told(text) == [
        "S: 220 mx ESMTP",
        "C: MAIL FROM:<a@b> SIZE=20",
        "S: 451 4.3.0 Error: queue file write error",
        "C: QUIT",
    ]


def test_bounce() -> None:
    """The reporting server's words are marked `>>>`, the other's `<<<`; the headers around are left out."""
    text = (
        "Subject: Returned mail\nFrom: MAILER-DAEMON\n\n   ----- Transcript of session follows -----\n"
        "... while talking to mx.example.:\n>>> DATA\n<<< 550 5.7.1 relay not permitted\n"
        "554 5.0.0 Service unavailable\n"
    )
    assert told(text)[1:3] == ["C: DATA", "S: 550 5.7.1 relay not permitted"]
    assert connections(text)[0].server.host == "mx.example"


def test_sendmail_verbose() -> None:
    """Replies stand without a mark."""
    text = (
        "a@b... Connecting to mx.b. via esmtp...\n220 mx.b ESMTP\n>>> EHLO host\n250-mx.b\n250 HELP\n"
        ">>> MAIL From:<x@y>\n550 no\na@b... User unknown\n"
    )
    assert (dialect(text), exchanges(text)) == ("sendmail", ["EHLO 250, MAIL 550"])
    relayed = "050 >>> EHLO host\n050 250 ok\n050 >>> QUIT\n050 221 bye\n"
    assert exchanges(relayed) == ["EHLO 250, QUIT 221"]


def test_exim_as_client() -> None:
    """Continued replies are indented, blobs are stars, the message is a mark."""
    text = (
        "Connecting to mx [192.0.2.4]:25 ... connected\n  SMTP<< 220 ESMTP\n  SMTP>> EHLO a\n"
        "  SMTP<< 250-OK\n         250-HELP\n"
        "         250 AUTH PLAIN\n  SMTP>> AUTH PLAIN ********************\n  SMTP<< 235 ok\n  SMTP>> DATA\n"
        "  SMTP<< 354 go\n"
        "  SMTP>> (writing message)\n  SMTP<< 250 OK\n  SMTP(close)>>\nLOG: MAIN\n  Completed\n"
    )
    assert told(text) == [
        "S: 220 ESMTP",
        "C: EHLO a",
        "S: 250-OK",
        "S: 250-HELP",
        "S: 250 AUTH PLAIN",
        "C: AUTH PLAIN ******************** (masked)",
        "S: 235 ok",
        "C: DATA",
        "S: 354 go",
        "gap: client",
        "S: 250 OK",
    ]
    assert "LOG: Completed" in notes(text)


def test_exim_as_server() -> None:
    """Who greets is the server: then `SMTP>>` are replies."""
    assert told("12345 SMTP>> 220 mx Exim\n12345 SMTP<< QUIT\n12345 SMTP>> 221 bye\n") == [
        "S: 220 mx Exim",
        "C: QUIT",
        "S: 221 bye",
    ]


def test_hmailserver() -> None:
    """SMTPD serves, SMTPC delivers; sessions by number; multi-line replies on one row."""

    def row(role: str, number: int, said: str) -> str:
        return f'"{role}"\t1234\t{number}\t"2022-07-03 19:46:05.173"\t"127.0.0.1"\t"{said}"\n'

    served = (
        row("SMTPD", 7, "SENT: 220 hi")
        + row("SMTPD", 7, "RECEIVED: EHLO a")
        + row("SMTPD", 7, "SENT: 250-x[nl]250 AUTH LOGIN")
    )
    sent = row("SMTPC", 8, "RECEIVED: 220 hi") + row("SMTPC", 8, "SENT: QUIT")
    assert told(served) == ["S: 220 hi", "C: EHLO a", "S: 250-x", "S: 250 AUTH LOGIN"]
    assert exchanges(served + sent) == ["EHLO 250", "QUIT -"]


def test_bare_lines() -> None:
    """A lone reply, a log line that quotes one, an exception: one reply each, the line as a note."""
    for text, reply in (
        ("550 5.7.1 Unable to relay", "S: 550 5.7.1 Unable to relay"),
        (
            "NOQUEUE: reject: RCPT from x[192.0.2.1]: 554 5.7.1 <a@b>: Relay access denied;",
            "S: 554 5.7.1 <a@b>: Relay access denied;",
        ),
        (
            "smtplib.SMTPDataError: (550, b'maximum allowed line length is 998')",
            "S: 550 maximum allowed line length is 998",
        ),
        (
            "{:error, {:temporary_failure, 'mx', \"451 See http://x/smtplf.html.\\r\\n\"}}",
            "S: 451 See http://x/smtplf.html.",
        ),
    ):
        assert told(text)[-1] == reply
        assert notes(text) == [text]


def test_bare_failure_without_a_reply() -> None:
    """A TLS library's error has no reply, but a reader of it has a question."""
    text = "[Error: 1404:error:1408F10B:SSL routines:ssl3_get_record:wrong version number:../x.c:332:"
    assert notes(text) == [text]


def test_exim_pads_process_ids() -> None:
    """A short process id is as wide as a long one, and what went to the log stands below the word for it."""
    text = (
        "22:32:14  1376 Process 1376 is handling incoming connection from [192.0.2.9]\n"
        "22:32:14  1376 SMTP>> 220 mx ESMTP Exim\n22:32:14  1376 SMTP<< EHLO app\n"
        "22:32:14  1376 SMTP>> 250-mx Hello app\n22:32:14  1376        250 HELP\n"
        "22:32:14  1376 SMTP<< RCPT TO:<x@y.example>\n22:32:14  1376 SMTP>> 550 unknown user\n"
        "22:32:14  1376 LOG: MAIN REJECT\n22:32:14  1376   rejected RCPT <x@y.example>: unknown user\n"
        "22:32:14 21376 LOG: MAIN\n22:32:14 21376   Completed\n"
    )
    assert exchanges(text) == ["EHLO 250, RCPT 550"]
    assert connections(text)[0].client.host == "192.0.2.9"
    assert notes(text)[1:] == ["LOG: rejected RCPT <x@y.example>: unknown user"]


def test_what_a_server_log_adds_to_a_reply() -> None:
    """Postfix adds sender and recipient, Exim the login; none of it was said."""
    reject = (
        "Jan  2 04:07:00 mx postfix/smtpd[11]: NOQUEUE: reject: RCPT from unknown[203.0.113.4]: 450 4.7.25 Client host"
        " rejected: cannot find your hostname; from=<a@b.test> to=<c@d.test> proto=ESMTP helo=<pc>\n"
    )
    failed = "login authenticator failed for (pc) [203.0.113.4]: 535 Incorrect authentication data (set_id=joe)\n"
    assert told(reject)[-1] == "S: 450 4.7.25 Client host rejected: cannot find your hostname"
    assert told(failed)[-1] == "S: 535 Incorrect authentication data"


def test_exim_replies_that_are_not_indented() -> None:
    """Older versions write the further lines of a reply as they are, behind the process or not."""
    for margin in ("12345 ", ""):
        text = (
            "12345 SMTP>> 220 mx ESMTP Exim 4.69\n12345 SMTP<< EHLO pc\n12345 SMTP>> 250-mx Hello pc\n"
            f"{margin}250-SIZE 1000\n{margin}250 HELP\n{margin}250 is a number\n"
            "12345 SMTP<< QUIT\n12345 SMTP>> 221 bye\n"
        )
        assert exchanges(text) == ["EHLO 250, QUIT 221"]
        assert told(text)[2:5] == ["S: 250-mx Hello pc", "S: 250-SIZE 1000", "S: 250 HELP"]
