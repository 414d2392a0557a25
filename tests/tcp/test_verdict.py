"""A flow is SMTP by what it says, on any port; the port only helps where that is too little."""

from __future__ import annotations

import base64

import pytest
from support.segments import CLIENT, GREETING, SERVER, Side, Talk, follow

from smtptrace.tcp._verdict import Verdict, judge

TLS_HELLO = b"\x16\x03\x01\x00\x2e\x01\x00\x00\x2a\x03\x03" + bytes(35)
TLS_DATA = b"\x17\x03\x03\x00\x20" + bytes(32)


def sessions(*turns: tuple[Side, bytes], port: int = 4000, shake: bool = True) -> list[tuple[bytes, bytes]]:
    """Streams of the SMTP connections that are found in one with these turns."""
    talk = Talk(ports=(50000, port))
    if shake:
        talk.shake()
    for side, data in turns:
        talk.send(side, data)
    return [followed.streams for followed in follow(talk.close().packets)]


@pytest.mark.parametrize("port", [25, 4000, 80, 443, 21])
@pytest.mark.parametrize(
    "turns",
    [
        [(SERVER, GREETING)],
        [(SERVER, b"220 mail.example.org\r\n"), (CLIENT, b"ehlo x\r\n")],
        [(SERVER, b"220 f\n"), (CLIENT, b"EHLO\n")],
        [(SERVER, b"220 a\x1b[31m\x07\r\n"), (CLIENT, b"EHLO x\r\n")],
        [(SERVER, b"220-a\r\n220 b\r\n"), (CLIENT, b"HELO x\r\n")],
        [(SERVER, b"220 host LMTP\r\n"), (CLIENT, b"LHLO x\r\n")],
        [(SERVER, b"554 5.7.1 go away\r\n")],
        [(SERVER, b"421 4.3.2 busy\r\n")],
        [(SERVER, b"220 a.test\r\n"), (CLIENT, b"STARTTLS\r\n")],
        [(SERVER, b"220 a.test\r\n"), (CLIENT, b"AUTH NTLM\r\n")],
        [(SERVER, b"220 a.test\r\n"), (CLIENT, b"NOOP\r\n"), (SERVER, b"250 ok\r\n"), (CLIENT, b"MAIL FROM:<a@b>\r\n")],
        [(SERVER, b"220 a.test\r\n"), (CLIENT, b"VRFY jo"), (CLIENT, b"e\r\n")],
        [(CLIENT, b"E"), (CLIENT, b"HLO x\r"), (CLIENT, b"\n")],
        [(CLIENT, b"PROXY TCP4 1.2.3.4 5.6.7.8 9 25\r\n"), (SERVER, GREETING)],
        [(CLIENT, b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12) + b"EHLO x\r\n"), (SERVER, b"220 a\r\n")],
        [(CLIENT, b"\r\n"), (SERVER, GREETING)],
        [(CLIENT, b"EHKO\x08\x08LO x\r\n"), (SERVER, GREETING)],
        [(SERVER, b"2"), (SERVER, b"20 "), (SERVER, b"a.test Postfix\r\n"), (CLIENT, b"EHLO x\r\n")],
    ],
)
def test_smtp_on_any_port(turns: list[tuple[Side, bytes]], port: int) -> None:
    """Nothing of it is lost while it is found out."""
    client = b"".join(data for side, data in turns if side is CLIENT)
    server = b"".join(data for side, data in turns if side is SERVER)
    assert sessions(*turns, port=port) == [(client, server)]


@pytest.mark.parametrize("port", [21, 4000])
@pytest.mark.parametrize(
    "turns",
    [
        [(SERVER, b"220 (vsFTPd 3.0.3)\r\n"), (CLIENT, b"USER anonymous\r\n"), (SERVER, b"331 Password\r\n")],
        [(SERVER, b"220 Welcome\r\n"), (CLIENT, b"USER joe\r\n"), (SERVER, b"331 Password\r\n")],
        [(SERVER, b"220 Welcome\r\n"), (CLIENT, b"AUTH TLS\r\n"), (SERVER, b"234 go\r\n"), (CLIENT, TLS_HELLO)],
        [(SERVER, b"220 Welcome\r\n"), (CLIENT, b"QUIT\r\n"), (SERVER, b"221 Bye\r\n")],
        [(SERVER, b"+OK POP3 ready\r\n"), (CLIENT, b"AUTH PLAIN\r\n"), (SERVER, b"+ \r\n")],
        [(SERVER, b"* OK IMAP4rev1 ready\r\n"), (CLIENT, b"a1 LOGIN joe x\r\n")],
        [(SERVER, b"200 news.test InterNetNews\r\n"), (CLIENT, b"MODE READER\r\n")],
        [(SERVER, b"SSH-2.0-OpenSSH_9.2\r\n"), (CLIENT, b"SSH-2.0-x\r\n")],
        [(CLIENT, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n")],
        [(CLIENT, b"NOOP\r\n"), (SERVER, b"garbage\r\n")],
        [(CLIENT, TLS_HELLO), (SERVER, b"\x16\x03\x03\x00\x02\x02\x00")],
        [(CLIENT, b"\0\1\2\3"), (SERVER, b"\0\1\2\3")],
        [(SERVER, b"220 \x00\x01\x02\r\n"), (CLIENT, b"\0\0")],
        [(CLIENT, b"XYZZY\r\n")],
        [(SERVER, b"2"), (CLIENT, b"h")],
    ],
)
def test_what_is_not_smtp(turns: list[tuple[Side, bytes]], port: int) -> None:
    """Other protocols whose servers talk alike, and those that do not."""
    assert sessions(*turns, port=port) == []


@pytest.mark.parametrize(
    "turns",
    [
        [(CLIENT, TLS_HELLO)],
        [(CLIENT, b"\x80\x2e\x01\x03\x01" + bytes(43))],
        [(SERVER, b"220 a\r\n")],
        [(SERVER, b"554 no\r\n"), (CLIENT, b"garbage \xff\xfe\r\n")],
        [(CLIENT, b"QUIT\r\n")],
        [(CLIENT, b"\x00\xff\x01 what is this"), (SERVER, GREETING)],
    ],
)
def test_a_port_of_smtp_helps(turns: list[tuple[Side, bytes]]) -> None:
    """There less is enough."""
    assert len(sessions(*turns, port=465)) == 1


@pytest.mark.parametrize(
    "turns",
    [
        [(CLIENT, b"\0VL=339<Q"), (SERVER, b"\0b4\7\3")],
        [(CLIENT, b"SSH-2.0-x\r\n"), (SERVER, b"SSH-2.0-y\r\n")],
        [(CLIENT, b"\1\2\3\4" * 2000)],
        [(CLIENT, b"GET / HTTP/1.1\r\n\r\n")],
    ],
)
def test_other_protocols_on_a_port_of_smtp(turns: list[tuple[Side, bytes]]) -> None:
    """They are none of ours."""
    assert sessions(*turns, port=465) == []


LINE = base64.b64encode(bytes(57)) + b"\r\n"


@pytest.mark.parametrize("port", [25, 4000])
@pytest.mark.parametrize(
    "turns",
    [
        [(CLIENT, b"RCPT TO:<a@b>\r\n"), (SERVER, b"250 ok\r\n")],
        [(CLIENT, b"AUTH LOGIN\r\n"), (SERVER, b"334 VXNlcm5hbWU6\r\n"), (CLIENT, b"Ym9i\r\n")],
        [(CLIENT, b"Ym9i\r\n"), (SERVER, b"334 UGFzc3dvcmQ6\r\n")],
        [(CLIENT, b"eA==\r\n"), (SERVER, b"235 2.7.0 ok\r\n")],
        [(CLIENT, LINE * 20), (SERVER, b"250 2.0.0 Ok: queued as 1234\r\n")],
        [(SERVER, b"354 go ahead\r\n"), (CLIENT, b"Subject: x\r\n\r\nhello\r\n.\r\n")],
        [(SERVER, b"250-PIPELINING\r\n250 HELP\r\n")],
        [(CLIENT, b"DATA\r\n"), (SERVER, b"354 go\r\n")],
        [(CLIENT, b"QUIT\r\n"), (SERVER, b"221 2.0.0 Bye\r\n")],
    ],
)
def test_begun_in_the_middle(turns: list[tuple[Side, bytes]], port: int) -> None:
    """Commands and replies, but also what stands between them."""
    (streams,) = sessions(*turns, port=port, shake=False)
    assert streams[0] == b"".join(data for side, data in turns if side is CLIENT)


@pytest.mark.parametrize("data", [LINE, b"hello world\r\n", TLS_DATA, b"no line end but long enough " * 5])
def test_content_on_a_port_of_smtp(data: bytes) -> None:
    """A message, or TLS, from the middle of a session."""
    assert sessions((CLIENT, data), port=587, shake=False) == [(data, b"")]


@pytest.mark.parametrize("data", [LINE, b"hello world\r\n", TLS_DATA, b"\0\0\0\0"])
def test_content_on_another_port(data: bytes) -> None:
    """It could be anything."""
    assert sessions((CLIENT, data), port=4000, shake=False) == []


def test_content_on_another_port_is_waited_for_with_a_bound() -> None:
    """After 4 KiB without a word of SMTP it is given up."""
    turns = [(CLIENT, LINE)] * 400
    assert sessions(*turns, (SERVER, b"250 2.0.0 queued\r\n"), port=4000, shake=False) == []


@pytest.mark.parametrize(
    ("heads", "ports", "expected"),
    [
        ((b"EHLO x\r\n", b""), (25, 40000), Verdict.FIRST_IS_CLIENT),
        ((b"220 x ESMTP\r\n", b""), (40000, 25), Verdict.SECOND_IS_CLIENT),
        ((b"text of a message\r\n", b""), (40000, 25), Verdict.FIRST_IS_CLIENT),
        ((b"", b"text of a message\r\n"), (25, 40000), Verdict.SECOND_IS_CLIENT),
        ((TLS_DATA, TLS_DATA), (465, 40000), Verdict.SECOND_IS_CLIENT),
        ((b"250 ok\r\n", b"RSET\r\n"), (25, 25), Verdict.SECOND_IS_CLIENT),
    ],
)
def test_who_is_the_client(heads: tuple[bytes, bytes], ports: tuple[int, int], expected: Verdict) -> None:
    """Without a SYN what is said tells, else the port."""
    assert judge(heads, ports, None, midway=True, final=True) is expected


def test_a_client_on_the_port_of_a_server() -> None:
    """The sides are told right from the first event on, whoever was seen first."""
    talk = Talk(ports=(25, 40000)).s(GREETING).s(b"250 a\r\n").c(b"MAIL FROM:<a@b>\r\n")
    (followed,) = follow(talk.packets)
    assert followed.connection.client.port == 25
    assert followed.streams == (b"MAIL FROM:<a@b>\r\n", GREETING + b"250 a\r\n")


def test_a_flow_that_is_not_smtp_stays_forgotten() -> None:
    """Until it is opened anew."""
    talk = Talk(ports=(50000, 4000)).shake().c(b"GET / HTTP/1.1\r\n").s(b"HTTP/1.1 200 OK\r\n").s(GREETING).close()
    again = Talk(ports=(50000, 4000), isn=(77_000_000, 88_000_000)).shake().s(GREETING).close()
    (followed,) = follow(talk.packets + again.packets)
    assert followed.streams == (b"", GREETING)
