"""The player of what was sent: the same octets, and the same waits."""

from __future__ import annotations

import pytest
from replay.scripts import CHUNKED, LOGIN, SENDING, trace
from replay.test_as_sent import as_sent
from replay.test_player import RULES

from smtptrace.replay.actions import Pause, Receive, Rules, Send
from smtptrace.replay.as_sent import script_as_sent
from smtptrace.replay.prepare import Choices, prepared
from smtptrace.replay.sent_player import EARLY, MORE, SentPlayer
from smtptrace.replay.step import Said
from smtptrace.secret import Secret

PIPELINED = """
    S: 220 hi
    C: ehlo a
    S: 250 hi
    C> MAIL FROM:<a@b>\\r\\nRCPT TO:<c@d>\\r\\nDATA\\n
    S: 250 ok
    S: 250 ok
    S: 354 go
    C> x\\n.\\r\\n\\r\\n.\\r\\n
    S: 250 ok
    C: QUIT
    S: 221 bye
"""
GROUP = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\n"


def play(found, *replies: str, rules: Rules = RULES):
    """The player, and what it did: octets sent, codes received, seconds of pauses."""
    player, did, waiting = SentPlayer(found, rules), [], list(replies)
    actions = player.play()
    action = next(actions, None)
    while action is not None:
        answer = None
        if isinstance(action, Receive):
            lines = tuple(waiting.pop(0).encode().split(b"|"))
            answer = Said(int(lines[0][:3]), lines)
            did.append(answer.code)
        else:
            did.append(action.octets if isinstance(action, Send) else getattr(action, "seconds", "TLS"))
        assert not isinstance(action, Pause) or rules.pace
        try:
            action = actions.send(answer)
        except StopIteration:
            break
    return player, did


def test_the_same_octets_and_waits():
    """Nothing is added, nothing adapted; the end is the end."""
    player, did = play(as_sent(PIPELINED), "220 x", "250 x", "250 x", "250 x", "354 x", "250 x", "221 x")
    assert did == [220, b"ehlo a\r\n", 250, GROUP, 250, 250, 354, b"x\n.\r\n\r\n.\r\n", 250, b"QUIT\r\n", 221]
    assert [done.received.code for done in player.done] == [220, 250, 250, 250, 250, 221]
    assert player.stopped == ""


def test_a_message_goes_only_where_it_is_asked_for():
    """Else a server would read it as commands."""
    player, did = play(as_sent(PIPELINED), "220 x", "250 x", "250 x", "550 x", "554 x", "221 x", "221 x")
    assert b"x\n.\r\n\r\n.\r\n" not in did
    assert player.stopped == "DATA was refused, and what follows builds on it"


def test_a_message_that_was_sent_unasked():
    """It is out; the connection is closed over it, and nothing follows."""
    found = as_sent("S: 220 hi\nC> DATA\\r\\nx\\r\\n.\\r\\nQUIT\\r\\n\nS: 354 go\nS: 250 ok\nS: 221 bye")
    player, did = play(found, "220 x", "500 x")
    assert did == [220, b"DATA\r\nx\r\n.\r\nQUIT\r\n", 500]
    assert player.stopped == EARLY


def test_a_target_that_asks_for_more():
    """There is nothing to say to it."""
    found = as_sent("S: 220 hi\nC: DATA\nS: 503 no\nC: QUIT\nS: 221 bye")
    player, did = play(found, "220 x", "354 x")
    assert (did, player.stopped) == ([220, b"DATA\r\n", 354], MORE)
    found = prepared(as_sent(PIPELINED), Choices(until="data"))
    player, did = play(found, "220 x", "250 x", "250 x", "250 x", "354 x")
    assert (did[-4:], player.stopped) == ([GROUP, 250, 250, 354], "")


def test_a_line_that_never_ended():
    """It is sent as it was, and nothing is awaited."""
    player, did = play(as_sent("S: 220 hi\nC: NOOP\nS: 250 ok\nC> QU"), "220 x", "250 x")
    assert did == [220, b"NOOP\r\n", 250, b"QU"]
    assert [done.received and done.received.code for done in player.done] == [220, 250, None]


def test_the_recorded_time():
    """Packet by packet, at the pace that is asked for."""
    found = as_sent("S: 220 hi\nC> NO\nC> OP\\r\\n\nS: 250 ok")
    _, did = play(found, "220 x", "250 x", rules=Rules(RULES.login, pace=2.0))
    assert did == [220, 0.02, b"NO", 0.02, b"OP\r\n", 250]


def test_a_login_is_made_anew():
    """With the octets of today, between those of the trace."""
    found = script_as_sent(trace(LOGIN), "1")
    _, did = play(found, "220 x", "250-x|250 AUTH LOGIN", "334 U", "334 P", "235 x", "221 x")
    assert did[3:] == [b"AUTH LOGIN\r\n", 334, b"YWxpY2U=\r\n", 334, b"Z2VoZWlt\r\n", 235, b"QUIT\r\n", 221]
    assert b"c2VjcmV0MQ==\r\n" not in did


def test_a_login_of_the_trace():
    """Where it is asked for; it is not shown, and does not go in clear without leave."""
    found = script_as_sent(trace(LOGIN), "1", recorded=True)
    player, did = play(found, "220 x", "250-x|250 AUTH LOGIN", "334 U", "334 P", "235 x", "221 x")
    assert b"c2VjcmV0MQ==\r\n" in did
    assert player.done[2].sent == b"AUTH LOGIN **** ****"
    player, did = play(found, "220 x", "250-x|250 AUTH LOGIN", "221 x", rules=Rules(RULES.login))
    assert did[-2:] == [b"QUIT\r\n", 221]
    assert "no TLS" in player.stopped


def test_starttls():
    """The line as it was; nothing is sent before TLS began."""
    text = "S: 220 hi\nC: EHLO a\nS: 250 STARTTLS\nC: starttls\nS: 220 go\n# tls: opened=yes\nC: EHLO a\nS: 250 hi\n"
    found = script_as_sent(trace(text), "1")
    _, did = play(found, "220 x", "250-x|250 STARTTLS", "220 go", "250 x")
    assert did == [220, b"EHLO a\r\n", 250, b"starttls\r\n", 220, "TLS", b"EHLO a\r\n", 250]
    player, _ = play(found, "220 x", "250 x", "221 x")
    assert player.stopped == "the target does not offer STARTTLS"


def test_a_message_that_is_given():
    """It stands in the place of one that is not in the trace."""
    text = SENDING.replace("C: text", "# gap: client 10 lost\nC: text")
    found = prepared(script_as_sent(trace(text), "1"), Choices(substitute=b".x\r\n", exact=True))
    _, did = play(found, "220 x", "250 x", "250 x", "250 x", "354 x", "250 x", "221 x")
    assert did[8:10] == [354, b"..x\r\n.\r\n"]


@pytest.mark.parametrize("name", ["env:X", "ID"])
def test_values(name):
    """They are put into the octets, and a secret is not shown."""
    text = SENDING.replace(
        "S: 250 ok\nC: RCPT", '# set: ID from "ok (.*)"\nS: 250 ok\nC: noop ${NAME}\nS: 250 ok\nC: RCPT'
    )
    found = script_as_sent(trace(text.replace("NAME", name)), "1")
    found = prepared(found, Choices(environment=("X",)))
    rules = Rules(RULES.login, plain_auth=True, values={"env:X": Secret("geheim")})
    player, did = play(found, "220 x", "250 x", "250 ok 7", "250 x", "250 x", "354 x", "250 x", "221 x", rules=rules)
    assert (b"noop geheim\r\n" if ":" in name else b"noop 7\r\n") in did
    assert "geheim" not in repr(player.done)


@pytest.mark.parametrize(("value", "line"), [("x", b"x\r\n"), (".", b"..\r\n"), (".x", b"..x\r\n"), ("", b"\r\n")])
@pytest.mark.parametrize("name", ["X", "env:X"])
def test_a_value_never_ends_a_message(name, value, line):
    """Whatever stands in the place of a line, and whenever it is put in."""
    text = SENDING.replace("C: text", "C: ${%s}" % name)  # noqa: UP031  braces
    found = prepared(script_as_sent(trace(text), "1"), Choices(values={"X": value}, environment=("X",)))
    rules = Rules(RULES.login, plain_auth=True, values={"env:X": Secret(value)})
    _, did = play(found, "220 x", "250 x", "250 x", "250 x", "354 x", "250 x", "221 x", rules=rules)
    assert b"Subject: s\r\n\r\n" + line + b".\r\n" in did


def test_a_value_that_cannot_be_put_in():
    """Neither into a line nor into a message; what shows the step does not fail over it."""
    for before, after in ("C: text", "C: ${env:X}"), ("EHLO a", "EHLO ${env:X}"):
        found = prepared(script_as_sent(trace(SENDING.replace(before, after)), "1"), Choices(environment=("X",)))
        rules = Rules(RULES.login, plain_auth=True, values={"env:X": Secret("a\r\nb")})
        player, did = play(found, "220 x", "250 x", "250 x", "250 x", "221 x", rules=rules)
        assert "holds a line end" in player.stopped
        assert b"DATA\r\n" not in did


def test_chunks_need_chunking():
    """Else they would be commands."""
    found = script_as_sent(trace(CHUNKED), "1")
    player, did = play(found, "220 x", "250-x|250 CHUNKING", "250 x", "250 x", "250 x", "250 x", "221 x")
    assert b"BDAT 8\r\nhello.\r\n" in did
    player, did = play(found, "220 x", "250 x", "250 x", "250 x", "221 x")
    assert b"hello" not in b"".join(each for each in did if isinstance(each, bytes))
    assert "CHUNKING" in player.stopped
