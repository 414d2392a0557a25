"""Mail transactions out of exchanges."""

from __future__ import annotations

from hashlib import sha256

import pytest
from support.dialogue import session, talk

from smtptrace.smtp import DataExchange, Outcome
from smtptrace.smtp.transactions import path_of


def test_the_octets_of_a_content_are_held_once():
    """A message of many chunks is not held anew with each; one that is refused on the way has what came up to it."""
    for end, verdict in (("C> BDAT 3 LAST\\r\\nmno", "250 2.0.0 ok"), ("C> BDAT 3\\r\\nmno", "552 5.3.4 too much")):
        script = f"""
        S: 220 hi
        C: MAIL FROM:<a@x.test>
        S: 250 ok
        C: RCPT TO:<b@x.test>
        S: 250 ok
        C> BDAT 6\\r\\nabcdef
        S: 250 ok
        C> BDAT 6\\r\\nghijkl
        S: 250 ok
        {end}
        S: {verdict}
        """
        read = session(script, keep_content=True)
        wholes = [each.whole for each in read.exchanges if isinstance(each, DataExchange)]
        assert [(whole.seen, whole.data) for whole in wholes[:2]] == [(6, None), (12, None)]
        content = read.transactions[0].content
        assert (content.data, content.head, content.seen) == (b"abcdefghijklmno", b"abcdefghijklmno", 15)
        assert session(script).transactions[0].content.data is None


def test_chunks_are_counted_and_joined():
    """BDAT takes octets by count, whatever they look like; the transaction has all of them."""
    read = session(
        r"""
        S: 220 hi
        C: MAIL FROM:<a@x.test> BODY=BINARYMIME
        C: RCPT TO:<b@x.test>
        C> BDAT 7\r\nQUIT\r\n.
        C> BDAT 4\r\n.\r\n\n
        C> BDAT 0 LAST\r\n
        C: QUIT
        S: 250 ok
        S: 250 ok
        S: 250 7 octets
        S: 250 4 octets
        S: 250 ok id=1tQx-00 queued
        S: 221 bye
    """,
        keep_content=True,
    )
    assert [verb for verb, _ in talk(read)] == ["MAIL", "RCPT", "BDAT", "BDAT", "BDAT", "QUIT"]
    (transaction,) = read.transactions
    assert transaction.outcome is Outcome.ACCEPTED
    assert transaction.content.data == b"QUIT\r\n..\r\n\n"
    assert transaction.content.sha256 == sha256(b"QUIT\r\n..\r\n\n").hexdigest()
    assert read.exchanges[2].content.data == b"QUIT\r\n."


def test_rset_between_chunks_begins_anew():
    """Chunks of an abandoned transaction are not joined to the next."""
    read = session(
        r"""
        S: 220 hi
        C: MAIL FROM:<a@x.test>
        C> BDAT 3\r\nabc
        C: RSET
        C: MAIL FROM:<a@x.test>
        C> BDAT 3 LAST\r\ndef
        S: 250 ok
        S: 250 ok
        S: 250 ok
        S: 250 ok
        S: 250 ok
    """,
        keep_content=True,
    )
    assert [each.outcome for each in read.transactions] == [Outcome.ABANDONED, Outcome.ACCEPTED]
    assert read.transactions[1].content.data == b"def"


def test_a_refused_chunk_decides_the_transaction():
    """Its octets still follow; later chunks open nothing new."""
    read = session(r"""
        S: 220 hi
        C: MAIL FROM:<a@x.test>
        C> BDAT 3\r\nabcBDAT 2 LAST\r\nde
        S: 250 ok
        S: 552 too much
        S: 503 no
    """)
    assert talk(read) == [("MAIL", 250), ("BDAT", 552), ("BDAT", 503)]
    assert [each.outcome for each in read.transactions] == [Outcome.REFUSED]


def test_recipients_whose_mail_is_missing():
    """The transaction begins with what is here."""
    read = session("""
        -- gap C ? before-capture
        -- gap S ? before-capture
        C: RCPT TO:<b@x.test>
        S: 250 ok
        C: RSET
        S: 250 ok
    """)
    (transaction,) = read.transactions
    assert (transaction.mail, transaction.recipients[0].address) == (None, b"b@x.test")


@pytest.mark.parametrize(
    ("argument", "address"),
    [
        (b"FROM:<a@x.test>", b"a@x.test"),
        (b"from: <a@x.test> SIZE=10", b"a@x.test"),
        (b"TO:a@x.test", b"a@x.test"),
        (b"FROM:<>", b""),
        (b"FROM:<a b@x.test", b"a b@x.test"),
        (b"nothing", b""),
    ],
)
def test_the_address_of_a_path(argument, address):
    """With and without angle brackets, spaces and parameters."""
    assert path_of(argument) == address


def outcomes(script):
    """(reverse-path, outcome) of each transaction."""
    return [(each.reverse_path, each.outcome.value) for each in session("S: 220 hi\n" + script).transactions]


def test_every_way_a_transaction_ends():
    """Accepted, refused at MAIL, RCPT or content, abandoned by RSET, EHLO, QUIT, another MAIL or the end."""
    mail, rcpt, data = (
        "C: MAIL FROM:<{}@x>\nS: 250 ok\n",
        "C: RCPT TO:<b@x>\nS: {} so\n",
        "C: DATA\nS: 354 go\nC: .\nS: {} so\n",
    )
    script = (
        mail.format("a")
        + rcpt.format(250)
        + data.format(250)
        + mail.format("b").replace("250", "550")
        + mail.format("c")
        + rcpt.format(550)
        + "C: RSET\nS: 250 ok\n"
        + mail.format("d")
        + rcpt.format(250)
        + data.format(554)
        + mail.format("e")
        + rcpt.format(250)
        + "C: RSET\nS: 250 ok\n"
        + mail.format("f")
        + "C: EHLO a\nS: 250 hi\n"
        + mail.format("g")
        + mail.format("h")
        + "C: RSET\nS: 500 no\nC: QUIT\nS: 221 bye\n"
    )
    assert outcomes(script) == [
        (b"a@x", "accepted"),
        (b"b@x", "refused"),
        (b"c@x", "refused"),
        (b"d@x", "refused"),
        (b"e@x", "abandoned"),
        (b"f@x", "abandoned"),
        (b"g@x", "abandoned"),
        (b"h@x", "abandoned"),
    ]


def test_a_second_mail_that_is_refused_leaves_the_first():
    """503 nested MAIL: the recipients belong to the one that is open."""
    script = "C: MAIL FROM:<a@x>\nS: 250 ok\nC: MAIL FROM:<b@x>\nS: 503 nested\nC: DATA\nS: 354 go\nC: .\nS: 250 ok"
    assert outcomes(script) == [(b"a@x", "accepted")]


def test_a_content_without_mail():
    """A server that takes it anyway has taken a message."""
    assert outcomes("C: DATA\nS: 354 go\nC: .\nS: 250 ok") == [(b"", "accepted")]
    assert outcomes("C: EHLO a\nS: 250 hi\nC: DATA\nS: 503 no") == []
    assert outcomes("C: EHLO a\nS: 250 hi\nC: RCPT TO:<b@x>\nS: 250 ok") == []


def test_the_login_a_transaction_ran_under():
    """None before the first that was accepted."""
    read = session("""
        S: 220 hi
        C: MAIL FROM:<a@x>
        S: 250 ok
        C: AUTH PLAIN AA==
        S: 535 no
        C: AUTH PLAIN AA==
        S: 235 ok
        C: MAIL FROM:<b@x>
        S: 250 ok
    """)
    assert [each.authentication for each in read.transactions] == [None, 1]


def test_a_url_instead_of_octets():
    """BURL LAST decides as BDAT LAST does (RFC 4468)."""
    script = "C: MAIL FROM:<a@x>\nS: 250 ok\nC: BURL imap://x\nS: 250 ok\nC: BURL imap://y LAST\nS: 250 ok"
    assert outcomes(script) == [(b"a@x", "accepted")]
