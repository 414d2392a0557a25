"""Several replies to one content: LMTP and PRDR."""

from __future__ import annotations

from support.dialogue import session, talk

from smtptrace.smtp import Outcome


def test_lmtp_gives_one_reply_for_each_accepted_recipient():
    """LHLO makes it LMTP (RFC 2033, 4.2)."""
    read = session("""
        S: 220 hi
        C: LHLO a
        S: 250 hi
        C: MAIL FROM:<a@x.test>
        S: 250 ok
        C: RCPT TO:<b@x.test>
        S: 250 ok
        C: RCPT TO:<c@x.test>
        S: 550 no
        C: RCPT TO:<d@x.test>
        S: 250 ok
        C: DATA
        S: 354 go
        C: .
        S: 250 2.0.0 <b@x.test> queued as 1234567
        S: 452 4.2.2 <d@x.test> full
        C: QUIT
        S: 221 bye
    """)
    assert read.lmtp
    assert talk(read)[-2:] == [("DATA", 452), ("QUIT", 221)]
    assert [reply.code for reply in read.exchanges[-2].replies] == [250, 452]
    assert read.transactions[0].outcome is Outcome.ACCEPTED
    assert read.transactions[0].queue_id == "1234567"


def test_lmtp_with_chunks_answers_the_last_for_each_recipient():
    """Other chunks get one reply."""
    read = session(r"""
        S: 220 hi
        C: LHLO a
        C: MAIL FROM:<a@x.test>
        C: RCPT TO:<b@x.test>
        C: RCPT TO:<c@x.test>
        C> BDAT 1\r\naBDAT 1 LAST\r\nb
        C: QUIT
        S> 250 hi\r\n250 ok\r\n250 ok\r\n250 ok\r\n250 one\r\n250 b\r\n550 c\r\n221 bye\r\n
    """)
    assert talk(read)[-3:] == [("BDAT", 250), ("BDAT", 550), ("QUIT", 221)]


def test_prdr_gives_a_reply_for_each_recipient_and_one_for_all():
    """353, one each, and the final one."""
    read = session("""
        S: 220 hi
        C: MAIL FROM:<a@x.test> PRDR
        C: RCPT TO:<b@x.test>
        C: RCPT TO:<c@x.test>
        C: DATA
        S: 250 ok
        S: 250 ok
        S: 250 ok
        S: 354 go
        C: .
        S: 353 PRDR
        S: 250 b
        S: 550 c
        S: 250 ok id=1tQx-00000y-2k
        C: QUIT
        S: 221 bye
    """)
    assert [reply.code for reply in read.exchanges[3].replies] == [353, 250, 550, 250]
    assert talk(read)[-1] == ("QUIT", 221)
    assert read.transactions[0].queue_id == "1tQx-00000y-2k"
