"""The player: actions out, replies in, no I/O."""

from __future__ import annotations

import pytest
from replay.scripts import CHUNKED, DELIVERY, LOGIN, SENDING, script

from smtptrace.auth import Login
from smtptrace.replay.forwarded import with_xclient
from smtptrace.replay.player import Player, Receive, Rules, Send, StartTls
from smtptrace.replay.script import Said
from smtptrace.secret import Secret
from smtptrace.wire import Endpoint

RULES = Rules(lambda how: Login(how.user, Secret("geheim")), plain_auth=True)


def play(found, *replies: str, rules: Rules = RULES) -> tuple[Player, list[bytes]]:
    """What is sent when these are the replies; `TLS` stands where TLS begins."""
    player, sent, waiting = Player(found, rules), [], list(replies)
    actions = player.play()
    action = next(actions, None)
    while action is not None:
        answer = None
        if isinstance(action, Send):
            sent.append(action.octets)
        elif isinstance(action, Receive):
            lines = tuple(waiting.pop(0).encode().split(b"|"))
            answer = Said(int(lines[0][:3]), lines)
        else:
            assert isinstance(action, StartTls)
            sent.append(b"TLS")
        try:
            action = actions.send(answer)
        except StopIteration:
            break
    return player, sent


def test_a_message():
    """Command after command, the content after 354, QUIT at the end."""
    found = script(SENDING, exact=True)
    player, sent = play(found, "220 x", "250-x|250 SIZE", "250 x", "250 x", "354 x", "250 x", "221 x")
    assert sent[3:5] == [b"DATA\r\n", b"Subject: s\r\n\r\ntext\r\n.\r\n"]
    assert sent[-1] == b"QUIT\r\n"
    assert [done.received.code for done in player.done] == [220, 250, 250, 250, 250, 221]
    assert player.offers == [("SIZE",)]


def test_parameters_follow_the_offer():
    """What the target does not offer is left out and named; SIZE is that of the message."""
    text = SENDING.replace("MAIL FROM:<a@b>", "MAIL FROM:<a@b> SIZE=1 BODY=8BITMIME PRDR")
    found = script(text, exact=True)
    player, sent = play(found, "220 x", "250-x|250-SIZE|250 DSN", "250 x", "250 x", "354 x", "250 x", "221 x")
    assert sent[1] == b"MAIL FROM:<a@b> SIZE=20\r\n"
    assert sent[2] == b"RCPT TO:<c@d> NOTIFY=FAILURE ORCPT=rfc822;c@d\r\n"
    assert player.done[2].adapted == ("BODY left out", "PRDR left out")


LMTP = ("220 x", "250-x|250 CHUNKING", "250 x", "250 x", "550 no", "250 x")


def test_a_reply_for_each_recipient():
    """In LMTP as many as were accepted, after DATA and after the last chunk; the last one ends the step."""
    player, sent = play(script(DELIVERY, exact=True), *LMTP, "354 x", "250 one", "452 two", "221 x")
    assert ([each.code for each in player.done[6].replies], player.done[6].received.code) == ([250, 452], 452)
    assert sent[0] == b"LHLO a\r\n"
    chunks = DELIVERY.replace(
        "C: DATA\nS: 354 go\nC: text\nC: .\n", "C: BDAT 2\nC: \nS: 250 ok\nC: BDAT 6 LAST\nC: text\n"
    )
    player, _ = play(script(chunks, exact=True), *LMTP, "250 more", "250 one", "452 two", "221 x")
    assert [len(done.replies) for done in player.done] == [0] * 7 + [2, 0]


def test_xclient():
    """With the attributes that are offered; the offer is that of the EHLO after it."""
    found = with_xclient(script(SENDING, exact=True), Endpoint("10.0.0.9", 7))
    offer = "250-x|250-SIZE|250 XCLIENT ADDR NAME"
    player, sent = play(found, "220 x", offer, "220 x", "250 x", "250 x", "250 x", "354 x", "250 x", "221 x")
    assert sent[:3] == [b"EHLO a\r\n", b"XCLIENT NAME=[UNAVAILABLE] ADDR=10.0.0.9\r\n", b"EHLO a\r\n"]
    assert sent[4] == b"RCPT TO:<c@d>\r\n"
    for offer in ("250-x|250 XCLIENT NAME", "250 x"):
        player, sent = play(found, "220 x", offer, "221 x")
        assert (sent, "XCLIENT" in player.stopped) == ([b"EHLO a\r\n", b"QUIT\r\n"], True)
    assert play(found, "220 x", "250 XCLIENT ADDR|250 XCLIENT ADDR", "550 no", "221 x")[0].stopped


def test_chunks():
    """As chunks where the target takes them, else as one DATA."""
    found = script(CHUNKED, exact=True)
    _, sent = play(found, "220 x", "250-x|250 CHUNKING", "250 x", "250 x", "250 x", "250 x", "221 x")
    assert sent[3:5] == [b"BDAT 8\r\nhello.\r\n", b"BDAT 7 LAST\r\nworld\r\n"]
    player, sent = play(found, "220 x", "250 x", "250 x", "250 x", "354 x", "250 x", "221 x")
    assert sent[3:5] == [b"DATA\r\n", b"hello.\r\nworld\r\n.\r\n"]
    assert player.stopped == ""


def test_starttls():
    """TLS begins after 220, and the offer before it is forgotten."""
    found = script(LOGIN, tls="starttls")
    replies = ("220 x", "250-x|250-STARTTLS|250 AUTH LOGIN", "220 go", "250 no more")
    player, sent = play(found, *replies, "221 x", rules=Rules(RULES.login))
    assert sent[1:3] == [b"STARTTLS\r\n", b"TLS"]
    assert "does not offer LOGIN" in player.stopped


def test_no_credentials_in_clear():
    """The player asks again, whatever was planned."""
    player, sent = play(script(LOGIN), "220 x", "250-x|250 AUTH LOGIN", "221 x", rules=Rules(RULES.login))
    assert sent == [b"EHLO a\r\n", b"QUIT\r\n"]
    assert "no TLS" in player.stopped


@pytest.mark.parametrize("force", [True, False])
def test_a_mechanism_that_is_not_offered(force):
    """It is tried only where it was asked for."""
    rules = Rules(RULES.login, plain_auth=True, force_auth=force)
    replies = ("220 x", "250-x|250 AUTH PLAIN", *(("504 no",) if force else ()), "221 x")
    _, sent = play(script(LOGIN), *replies, rules=rules)
    assert (b"AUTH LOGIN\r\n" in sent) is force


def test_secrets_are_not_in_what_was_sent():
    """As it may be shown."""
    replies = ("220 x", "250-x|250 AUTH LOGIN", "334 U", "334 P", "235 x", "221 x")
    player, _ = play(script(LOGIN), *replies)
    assert player.done[2].sent == b"AUTH LOGIN **** ****"


@pytest.mark.parametrize(
    ("replies", "last"),
    [
        (("554 x", "221 x"), b"QUIT\r\n"),
        (("220 x", "550 x", "221 x"), b"QUIT\r\n"),
        (("220 x", "250 x", "550 x", "221 x"), b"QUIT\r\n"),
        (("220 x", "250 x", "250 x", "550 x", "221 x"), b"QUIT\r\n"),
        (("220 x", "250 x", "250 x", "421 x", "221 x"), b"QUIT\r\n"),
    ],
)
def test_a_refusal_that_was_not_recorded_ends_it(replies, last):
    """Nothing is built on what was refused; the content stays here."""
    player, sent = play(script(SENDING), *replies)
    assert sent[-1] == last
    assert b"DATA\r\n" not in sent
    assert player.stopped


def test_a_refusal_that_was_recorded_does_not():
    """The session goes on as it did; the target may also be kinder now."""
    text = SENDING.replace("S: 250 ok\nC: DATA", "S: 250 ok\nC: RCPT TO:<x@d>\nS: 550 no\nC: DATA")
    for reply in ("550 no", "250 ok"):
        player, sent = play(script(text), "220 x", "250 x", "250 x", "250 x", reply, "354 x", "250 x", "221 x")
        assert (player.stopped, b"DATA\r\n" in sent) == ("", True)


def test_optional_steps_and_their_time():
    """They may fail, and wait as long as they are told to."""
    text = SENDING.replace("C: MAIL", "C: VRFY x\n# expect: optional timeout=3\nS: 252 x\nC: MAIL")
    player = Player(script(text), RULES)
    actions = player.play()
    waits = [next(actions)]
    try:
        for reply in (b"220 x", None, b"250 x", None, b"502 x"):
            waits.append(actions.send(reply and Said(int(reply[:3]), (reply,))))
    except StopIteration:
        pytest.fail("it ended")
    assert [wait.timeout_s for wait in waits if isinstance(wait, Receive)] == [60.0, 60.0, 3.0]
    assert player.stopped == ""


def test_a_break_is_noted_at_its_step():
    """With what had been sent, masked."""
    player = Player(script(LOGIN), RULES)
    actions = player.play()
    next(actions)
    for reply in (b"220 x", None, b"250 AUTH LOGIN", None):
        actions.send(reply and Said(int(reply[:3]), (b"250-x", reply) if b"AUTH" in reply else (reply,)))
    player.broken("gone")
    assert [done.problem for done in player.done] == ["", "", "gone"]
    assert player.done[-1].sent == b"AUTH LOGIN"


PIPELINED = """\
S: 220 hi
C: EHLO a
S: 250 PIPELINING
C: MAIL FROM:<a@b>
C: RCPT TO:<c@d>
C: RCPT TO:<e@d>
C: DATA
S: 250 ok
S: 250 ok
S: 250 ok
S: 354 go
C: Subject: s
C: .
S: 250 ok
C: QUIT
S: 221 bye
"""
OFFER = ("220 x", "250-x|250 PIPELINING")
GROUP = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@d>\r\nDATA\r\n"


def test_commands_that_went_together_go_together():
    """Where the target offers it, the content after the 354 (RFC 2920)."""
    found = script(PIPELINED, exact=True)
    player, sent = play(found, *OFFER, "250 x", "250 x", "250 x", "354 x", "250 x", "221 x")
    assert sent[1:] == [GROUP, b"Subject: s\r\n.\r\n", b"QUIT\r\n"]
    assert [done.received.code for done in player.done] == [220, 250, 250, 250, 250, 250, 221]
    _, sent = play(script(SENDING), *OFFER, "250 x", "250 x", "354 x", "250 x", "221 x")
    assert b"MAIL FROM:<a@b>\r\n" in sent


def test_one_by_one_where_it_is_not_offered():
    """It is said."""
    player, sent = play(script(PIPELINED), "220 x", "250 x", "250 x", "250 x", "250 x", "354 x", "250 x", "221 x")
    assert sent[1:3] == [b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<c@d>\r\n"]
    assert [done.adapted for done in player.done[2:5]] == [(), *[("sent alone, for the target has no PIPELINING",)] * 2]


def test_a_target_that_took_no_recipient_but_wants_content():
    """Gets a lone dot, never the message (RFC 2920, 3.1)."""
    player, sent = play(script(PIPELINED), *OFFER, "250 x", "550 x", "550 x", "354 x", "554 x", "221 x")
    assert sent[2:] == [b".\r\n", b"QUIT\r\n"]
    assert player.done[-1].problem == "the target took no recipient"


def test_no_empty_message_where_the_session_ends_early():
    """Nothing goes after 354 to one that has a recipient; the connection is closed."""
    player, sent = play(script(PIPELINED), *OFFER, "250 x", "250 x", "421 x", "354 x")
    assert sent[1:] == [GROUP]
    assert player.stopped == "the target closes"


def test_a_refused_group():
    """All its replies are taken before the session ends."""
    player, sent = play(script(PIPELINED), *OFFER, "550 x", "503 x", "503 x", "503 x", "221 x")
    assert sent[1:] == [GROUP, b"QUIT\r\n"]
    assert (len(player.done), player.stopped) == (6, "MAIL was refused, and what follows builds on it")


def test_a_recipient_that_must_not_go_is_not_in_a_group():
    """Nothing of the group after it goes either."""
    rules = Rules(RULES.login, may_go=lambda line: b"e@d" not in line)
    player, sent = play(script(PIPELINED), *OFFER, "250 x", "250 x", "221 x", rules=rules)
    assert sent[1:] == [b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n", b"QUIT\r\n"]
    assert player.stopped == "this recipient is not allowed"


UTF8 = SENDING.replace("<a@b>", "<ä@b> SMTPUTF8")


def test_addresses_in_utf8():
    """They go where the target takes them, and nowhere else (RFC 6531)."""
    _, sent = play(script(UTF8), "220 x", "250-x|250 SMTPUTF8", "250 x", "250 x", "354 x", "250 x", "221 x")
    assert sent[1] == "MAIL FROM:<ä@b> SMTPUTF8\r\n".encode()
    player, sent = play(script(UTF8), "220 x", "250 x", "221 x")
    assert player.stopped == "the address needs SMTPUTF8, which the target does not offer"
    assert not any(b"MAIL" in line for line in sent)
    ascii_only = UTF8.replace("ä", "a")
    _, sent = play(script(ascii_only), "220 x", "250 x", "250 x", "250 x", "354 x", "250 x", "221 x")
    assert sent[1] == b"MAIL FROM:<a@b>\r\n"


def test_a_recipient_in_utf8_is_announced():
    """Where it stands in the place of those of the session."""
    found = script(SENDING, to="ö@d")
    _, sent = play(found, "220 x", "250-x|250 SMTPUTF8", "250 x", "250 x", "354 x", "250 x", "221 x")
    assert sent[1:3] == [b"MAIL FROM:<a@b> SMTPUTF8\r\n", "RCPT TO:<ö@d>\r\n".encode()]
    player, _ = play(found, "220 x", "250 x", "250 x", "221 x")
    assert "SMTPUTF8" in player.stopped
    together = script(PIPELINED, to="ö@d")
    player, sent = play(together, *OFFER, "250 x", "221 x")
    assert ("SMTPUTF8" in player.stopped, sent[1:]) == (True, [b"MAIL FROM:<a@b>\r\n", b"QUIT\r\n"])
