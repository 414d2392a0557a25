"""The whole reader: ordinary sessions."""

from __future__ import annotations

from hashlib import sha256

from support.dialogue import connection, dialogue_events, in_pieces, session, talk

from smtptrace.smtp import AuthExchange, DataExchange, Dialogue, Outcome

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


def so_far(script):
    """The session as it stands after a script, without its end."""
    dialogue = Dialogue(connection(""))
    for event in dialogue_events(script):
        dialogue.feed(event)
    return dialogue.so_far()


def test_a_session_that_goes_on_tells_what_waits_for_a_reply():
    """The command that was sent last stands there without one, and the transaction is open."""
    begun = ORDINARY[: ORDINARY.index("    S: 354")]
    read = so_far(begun)
    assert talk(read) == [("EHLO", 250), ("AUTH", 235), ("MAIL", 250), ("RCPT", 250), ("DATA", None)]
    (transaction,) = read.transactions
    assert (transaction.reverse_path, transaction.recipients[0].address) == (b"a@example.com", b"b@example.net")
    assert not read.closes


def test_a_login_that_goes_on_tells_its_rounds():
    """So that who looks on sees the name, decoded, while the password is still awaited."""
    read = so_far(ORDINARY[: ORDINARY.index("    C: c2VjcmV0")])
    (login,) = read.authentications
    assert (login.mechanism, [each.response for each in login.rounds]) == ("LOGIN", [b"YWxpY2U=", None])
    assert login.rounds[1].challenge.lines == (b"334 UGFzc3dvcmQ6",)


def test_looking_on_changes_nothing():
    """A reader that is asked after every event gives the same session at its end."""
    dialogue = Dialogue(connection(""))
    for event in in_pieces(dialogue_events(ORDINARY), 3):
        dialogue.feed(event)
        dialogue.so_far()
    assert talk(dialogue.finish()) == talk(session(ORDINARY))
    assert talk(so_far(ORDINARY)) == talk(session(ORDINARY))


def test_a_session_in_tls_says_so_while_it_goes_on():
    """As soon as the handshake begins."""
    read = so_far(
        r"""
        S: 220 hi
        C: EHLO a
        S: 250 STARTTLS
        C: STARTTLS
        S: 220 go
        C> \x16\x03\x01\x00\x05\x01\x00\x00\x01\x00
        """
    )
    assert read.tls is not None
