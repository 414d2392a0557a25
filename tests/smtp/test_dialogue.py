"""The whole reader: ordinary sessions."""

from __future__ import annotations

from hashlib import sha256

from support.dialogue import session, talk

from smtptrace.smtp import AuthExchange, DataExchange, Outcome

ORDINARY = r"""
    S: 220 mx.example.net ESMTP Postfix
    C: EHLO app01
    S: 250-mx.example.net
    S: 250-PIPELINING
    S: 250 AUTH LOGIN
    C: AUTH LOGIN
    S: 334 VXNlcm5hbWU6
    C: YWxpY2U=
    S: 334 UGFzc3dvcmQ6
    C: c2VjcmV0
    S: 235 2.7.0 Authentication successful
    C: MAIL FROM:<a@example.com>
    C: RCPT TO:<b@example.net>
    C: DATA
    S: 250 2.1.0 Ok
    S: 250 2.1.5 Ok
    S: 354 End data with <CR><LF>.<CR><LF>
    C: Subject: hi
    C:
    C: ..dots
    C: .
    S: 250 2.0.0 Ok: queued as 4F2A91C0
    C: QUIT
    S: 221 2.0.0 Bye
"""


def test_an_ordinary_session_is_read_whole():
    """Commands pair with their replies, the AUTH rounds belong to AUTH, and the content is what the server takes."""
    read = session(ORDINARY, keep_content=True)
    assert talk(read) == [("EHLO", 250), ("AUTH", 235), ("MAIL", 250), ("RCPT", 250), ("DATA", 250), ("QUIT", 221)]
    assert read.greeting is not None
    assert read.greeting.code == 220
    assert read.helo == b"app01"
    assert read.extensions == ("PIPELINING", "AUTH LOGIN")
    auth = read.exchanges[1]
    assert isinstance(auth, AuthExchange)
    assert (auth.mechanism, auth.initial) == ("LOGIN", None)
    assert [r.response for r in auth.rounds] == [b"YWxpY2U=", b"c2VjcmV0"]
    data = read.exchanges[4]
    assert isinstance(data, DataExchange)
    assert data.intermediate is not None
    assert data.content is not None
    assert data.content.data == b"Subject: hi\r\n\r\n.dots\r\n"
    assert data.content.sha256 == sha256(data.content.data).hexdigest()
    (transaction,) = read.transactions
    assert transaction.outcome is Outcome.ACCEPTED
    assert transaction.queue_id == "4F2A91C0"
    assert transaction.authentication == 0
    assert (transaction.reverse_path, transaction.recipients[0].address) == (b"a@example.com", b"b@example.net")
    assert read.complete


def test_what_stands_beside_the_octets_is_kept():
    """Notes, marks of typing and ends of the connection never change what was said."""
    read = session("S: 220 hi\n-- note LogonDenied\nC: QUIT\nS: 221 bye\n-- close S fin")
    assert [note.text for note in read.notes] == ["LogonDenied"]
    assert len(read.closes) == 1
    assert read.complete
    assert (read.start_ns, read.end_ns) == (1767323045010000000, 1767323045050000000)
