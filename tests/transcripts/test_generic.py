"""A log that nobody told us about: its marks are learnt from what stands after them."""

from __future__ import annotations

import pytest
from support.told import connections, dialect, exchanges, notes, told

REST = [
    ("S", "250-mail.example"),
    ("S", "250 AUTH LOGIN"),
    ("C", "AUTH LOGIN"),
    ("S", "334 VXNlcm5hbWU6"),
    ("C", "YWxpY2U="),
    ("S", "535 5.7.8 no"),
    ("C", "QUIT"),
    ("S", "221 bye"),
]


@pytest.mark.parametrize(
    ("server", "client"),
    [
        ("Got: {}", "Sent: {}"),
        ("<== {}", "==> {}"),
        ("[12:00:0{n}][6c2212be] SMTP[DATA]: < {}\\r\\n", "[12:00:0{n}][6c2212be] SMTP[DATA]: > {}\\r\\n"),
        ("[2016-09-12 15:11:36 -0400]: <s37b> Recv: {}", "[2016-09-12 15:11:36 -0400]: <s37b> Send: {}"),
        (
            '2026-11-23T18:00:0{n}Z TRACE x: event="write" data="{}\\r\\n" size={n}',
            '2026-11-23T18:00:0{n}Z TRACE x: event="read" data="{}\\r\\n" size={n}',
        ),
        ("09:41:1{n} AM - Server: {}", "09:41:1{n} AM - Client: {}"),
        ("smtp: 0x27432{n}: >>> {}", "smtp: 0x27432{n}: <<< {}"),
        ("{{ type: 'server', message: '{}' }}", "{{ type: 'client', message: '{}' }}"),
        ("RECV {}", "SEND {}"),
    ],
)
def test_marks_are_learnt(server: str, client: str) -> None:
    """Whatever stands before replies marks the server, whatever stands before commands the client."""
    lines = [("S", "220 mail.example ESMTP"), ("C", "EHLO app01"), *REST]
    text = "".join(
        (server if who == "S" else client).format(said, n=n % 10) + "\n" for n, (who, said) in enumerate(lines)
    )
    assert (dialect(text), exchanges(text)) == ("generic", ["EHLO 250, AUTH 535, QUIT 221"])


def test_one_mark_for_both() -> None:
    """The same words before both sides tell nothing: then replies are told by their code."""
    text = "smtp log: 220 hi\nsmtp log: EHLO a\nsmtp log: 250-x\n250 HELP\nsmtp log: QUIT\nsmtp log: 221 bye\n"
    assert told(text) == ["S: 220 hi", "C: EHLO a", "S: 250-x", "S: 250 HELP", "C: QUIT", "S: 221 bye"]


def test_codes_in_brackets() -> None:
    """`[220] 'text'` is a reply."""
    text = "[220] 'hi there'\n> HELO localhost\n[250] 'Ok'\n> QUIT\n[221] 'Bye'\n"
    assert told(text) == ["S: 220 hi there", "C: HELO localhost", "S: 250 Ok", "C: QUIT", "S: 221 Bye"]


def test_interleaved_sessions_come_apart() -> None:
    """What varies in brackets before the marks tells sessions apart where each is a dialogue."""
    text = "".join(
        f"<{key}> {'Recv' if said[0].isdigit() else 'Send'}: {said}\n"
        for said in ("220 hi", "EHLO a", "250 ok", "QUIT", "221 bye")
        for key in ("one", "two")
    )
    assert [connection.label for connection in connections(text)] == ["<one>", "<two>"]
    assert exchanges(text) == ["EHLO 250, QUIT 221"] * 2


def test_what_repeats_a_reply_is_a_note() -> None:
    """An error that quotes a reply is no second reply."""
    text = "Got: 220 hi\nSent: EHLO a\nGot: 550 no\nExpected response code 250 but got: 550 no\n"
    assert told(text) == ["S: 220 hi", "C: EHLO a", "S: 550 no"]
    assert notes(text) == ["Expected response code 250 but got: 550 no"]


def test_http_on_the_wrong_port() -> None:
    """A browser's request is what the client sent."""
    text = (
        "[SMTP 192.0.2.1:4] Sent 8 bytes: '220 hi\\r\\n'\n"
        "[SMTP 192.0.2.1:4] Received 30 bytes: 'GET / HTTP/1.1\\r\\n\\r\\n'\n"
        "[SMTP 192.0.2.1:4] Sent 9 bytes: '500 what\\r\\n'\n"
    )
    assert told(text)[1].startswith("C: GET / HTTP/1.1")


def test_brackets_that_tell_who_spoke() -> None:
    """`[rx]` before every reply and `[tx]` before every command are marks, an id in brackets is none."""
    text = (
        "SMTP: 03:04:05 [rx] 220 hi\nSMTP: 03:04:05 [tx] HELO a\nSMTP: 03:04:06 [rx] 250 ok\nSMTP: 03:04:06 [tx] QUIT\n"
    )
    assert exchanges(text + "SMTP: 03:04:07 [rx] 221 bye\n") == ["HELO 250, QUIT 221"]
    assert exchanges("[<-] 220 hi\n[->] EHLO a\n[<-] 250 ok\n[->] QUIT\n[<-] 221 bye\n") == ["EHLO 250, QUIT 221"]


def test_line_ends_spelled_out() -> None:
    """`<CRLF>` ends a line, and stands between those of one reply; the text of 354 is as it is."""
    text = (
        "x << 220 hi<CRLF>\nx Wrote: EHLO a<CRLF>\nx << 250-mx<CRLF>250 STARTTLS<CRLF>\nx Wrote: DATA<CRLF>\n"
        "x << 354 end with <CRLF>.<CRLF>\n"
    )
    assert told(text) == [
        "S: 220 hi",
        "C: EHLO a",
        "S: 250-mx",
        "S: 250 STARTTLS",
        "C: DATA",
        "S: 354 end with <CRLF>.<CRLF>",
        "gap: client",
    ]


def test_a_level_is_no_mark() -> None:
    """The same logger tells of a refusal at another level."""
    text = "INFO => Sent: EHLO a\nSUCCESS => Got: 250 ok\nINFO => Sent: MAIL FROM:<a@b>\nERROR => Got: 530 5.7.0 no\n"
    assert exchanges("SUCCESS => Got: 220 hi\n" + text) == ["EHLO 250, MAIL 530"]


def test_the_fraction_of_a_second_is_no_code() -> None:
    """A comma before 200 stands in a time."""
    text = "".join(
        f"2026-01-02 03:04:05,2{number}0 app {line}\n"
        for number, line in enumerate(("<< 220 hi", ">> EHLO a", "<< 250 ok", ">> QUIT", "<< 221 bye"))
    )
    assert exchanges(text) == ["EHLO 250, QUIT 221"]


def test_a_transaction_belongs_to_its_session() -> None:
    """`[A1.1]` is the first transaction of the session `[A1]`."""
    said = (
        "] S: 220 hi",
        "] C: EHLO a",
        "] S: 250 ok",
        "] C: MAIL FROM:<a@b>",
        ".1] S: 250 ok",
        ".1] C: RCPT TO:<c@d>",
    )
    text = "".join(f"[A1B2{line}\n" for line in (*said, ".1] S: 550 no", "] C: QUIT", "] S: 221 bye"))
    assert exchanges(text) == ["EHLO 250, MAIL 250, RCPT 550, QUIT 221"]


def test_what_is_suppressed_is_missing() -> None:
    """A line that says it does not show a command is none; the place in the source behind a line is left out."""
    text = (
        "m: S: 220 hi a.js:4:17\nm: C: EHLO a a.js:6:19\nm: S: 250 AUTH PLAIN a.js:4:17\n"
        "m: C: Logging suppressed (it contained a login) a.js:6:15\nm: S: 235 ok a.js:4:17\n"
    )
    assert told(text) == ["S: 220 hi", "C: EHLO a", "S: 250 AUTH PLAIN", "gap: client", "S: 235 ok"]


def test_a_line_told_twice() -> None:
    """Some logs tell a command as it came in and as they took it."""
    text = (
        "log: >>> 220 hi\nlog: <<< IO: |HELO  a\nlog: <<< HELO a\nlog: >>> 250 ok\nlog: <<< IO: |QUIT\nlog: <<< QUIT\n"
    )
    assert exchanges(text + "log: >>> 221 bye\n") == ["HELO 250, QUIT 221"]


def test_numbers_tell_sessions_apart() -> None:
    """A number of its own behind the time, where each has a dialogue."""
    text = "".join(
        f"2026-01-02 10:11:12\t{number}\t{'S' if said[0].isdigit() else 'C'}\t{said}\n"
        for said in ("220 hi", "EHLO a", "250 ok", "QUIT", "221 bye")
        for number in (1001, 1002)
    )
    assert exchanges(text) == ["EHLO 250, QUIT 221"] * 2


def test_a_number_at_the_end_is_no_reply() -> None:
    """The bits of a cipher are no code."""
    text = "s: >>> 220 hi\ns: <<< EHLO a\ns: >>> 250 ok\nx tls ciphers=TLSv1.3:AES:256\ns: <<< QUIT\ns: >>> 221 bye\n"
    assert exchanges(text) == ["EHLO 250, QUIT 221"]


def test_a_reply_in_one_line_that_goes_on() -> None:
    """A log that folds a reply keeps the hyphen of its first line; it proves TLS all the same."""
    text = (
        "l - < 220 hi\nl - > STARTTLS\nl - < 220 go\nl - > EHLO a\nl - < 250-mx 8BITMIME\nl - > QUIT\nl - < 221 bye\n"
    )
    assert "tls" in told(text)
    assert exchanges(text) == ["STARTTLS 220, EHLO 250, QUIT 221"]


def test_columns() -> None:
    """Who spoke in a column of its own."""
    for mark in ";,\t":
        rows = (("S", "220 hi"), ("C", "EHLO a"), ("S", "250 ok"), ("C", "QUIT"), ("S", "221 bye"))
        text = "".join(f"03:04:05{mark}{who}{mark}{said}\n" for who, said in rows)
        assert exchanges(text) == ["EHLO 250, QUIT 221"]


def test_sessions_by_a_number_without_a_time() -> None:
    """`[conn 17]` and `[conn 18]` interleaved, as many servers write it."""
    said = ("<<< 220 hi", ">>> EHLO a", "<<< 250 ok", ">>> QUIT", "<<< 221 bye")
    text = "".join(f"[conn {number}] {line}\n" for line in said for number in (17, 18))
    assert exchanges(text) == ["EHLO 250, QUIT 221"] * 2
    assert [connection.label for connection in connections(text)] == ["[conn 17]", "[conn 18]"]


def test_line_ends_as_words() -> None:
    """Indy writes `<EOL>` at the end of a line and between the lines of a reply."""
    text = (
        "Stat Connected.\nRecv 24.11.2026 03:35:00: 220 hi<EOL>\nSent 24.11.2026 03:35:00: EHLO PC<EOL>\n"
        "Recv 24.11.2026 03:35:00: 250-hi<EOL>250 HELP<EOL>\nSent 24.11.2026 03:35:02: QUIT<EOL>\n"
        "Recv 24.11.2026 03:35:02: 221 Bye<EOL>\n"
    )
    assert told(text) == ["S: 220 hi", "C: EHLO PC", "S: 250-hi", "S: 250 HELP", "C: QUIT", "S: 221 Bye"]


def test_a_login_that_the_log_leaves_out() -> None:
    """Thunderbird leaves out what has a secret: AUTH itself, with the mechanism it tells of, or what answers 334."""
    text = (
        "smtp: S: 220 hi\n C.jsm:4\nsmtp: C: EHLO a C.jsm:5\nsmtp: S: 250-hi\n250 AUTH PLAIN LOGIN\n C.jsm:4\n"
        "smtp: Authentication via AUTH PLAIN C.jsm:7\n"
        "smtp: C: Logging suppressed (it probably contained auth information) C.jsm:5\nsmtp: S: 535 no\n C.jsm:4\n"
        "smtp: C: AUTH LOGIN C.jsm:5\nsmtp: S: 334 VXNlcm5hbWU6\n C.jsm:4\n"
        "smtp: C: Logging suppressed (it probably contained auth information) C.jsm:5\nsmtp: S: 535 no\n C.jsm:4\n"
    )
    assert exchanges(text) == ["EHLO 250, AUTH 535, AUTH 535"]
    assert told(text)[4:] == [
        "C: AUTH PLAIN (masked)",
        "S: 535 no",
        "C: AUTH LOGIN",
        "S: 334 VXNlcm5hbWU6",
        "gap: client",
        "S: 535 no",
    ]


def test_a_log_that_begins_without_a_mark() -> None:
    """The greeting before the first mark belongs to the dialogue."""
    text = "220 hi\nhello: 250-mx.test\n250 HELP\nfrom: 250 ok\nto: 550 no\nquit: 221 bye\n"
    assert told(text)[0] == "S: 220 hi"


def test_placeholders_for_a_user() -> None:
    """`<username>` stands for a name as `<password>` stands for a secret."""
    text = (
        "Resp: 220 hi\nSent: EHLO a\nResp: 250 AUTH LOGIN\nSent: AUTH LOGIN\nResp: 334 VXNlcm5hbWU6\nSent: <username>\n"
        "Resp: 334 UGFzc3dvcmQ6\nSent: <password>\nResp: 535 no\n"
    )
    assert [line for line in told(text) if "masked" in line] == ["C: <username> (masked)", "C: <password> (masked)"]
