"""Values and secrets while a script is played."""

from __future__ import annotations

import pytest
from replay.scripts import LOGIN, SENDING, script, trace
from replay.test_ambiguous import THERE
from replay.test_player import RULES, play

from smtptrace.auth import Login
from smtptrace.replay.actions import LONGEST_PAUSE_S, Pause, Rules
from smtptrace.replay.as_sent import script_as_sent
from smtptrace.replay.compare import Status, compared
from smtptrace.replay.plan import Permission, refusals
from smtptrace.replay.player import Player
from smtptrace.replay.run import Played
from smtptrace.replay.script import Said
from smtptrace.secret import Secret

ASKING = SENDING.replace(
    "S: 250 ok\nC: RCPT", '# set: ID from "as (\\w+)"\nS: 250 ok\nC: NOOP ${ID}\nS: 250 ok\nC: RCPT'
)
SECRET = SENDING.replace("C: MAIL", "C: VRFY ${env:WORD}\nS: 252 ok\nC: MAIL")


def test_a_value_is_taken_from_a_reply():
    """And put into what follows."""
    _, sent = play(script(ASKING), "220 x", "250 x", "250 as 4XY", "250 x", "250 x", "354 x", "250 x", "221 x")
    assert sent[2] == b"NOOP 4XY\r\n"


@pytest.mark.parametrize(("reply", "problem"), [("250 no", "ID is not in the reply")])
def test_a_value_that_is_not_there(reply, problem):
    """It is a difference, and the session ends, for what follows needs it."""
    player, sent = play(script(ASKING), "220 x", "250 x", reply, "221 x")
    assert (player.stopped, sent[-1]) == (problem, b"QUIT\r\n")
    verdict = compared(script(ASKING), Played(tuple(player.done), None))
    assert (verdict.first, verdict.steps[2].status) == (2, Status.DIFFERENT)


def test_a_reply_puts_no_line_into_a_command():
    """Not even one that is allowed to speak between the quotes."""
    text = ASKING.replace("(\\w+)", "(.*)")
    player, sent = play(script(text), "220 x", "250 x", "250 as 1\rRCPT TO:<x@y>", "221 x")
    assert b"RCPT" not in b"".join(sent)
    assert "the value of ID" in player.stopped


def test_a_recipient_is_looked_at_when_its_values_are_in():
    """Whatever was planned."""
    text = ASKING.replace("NOOP ${ID}", "RCPT TO:<${ID}@d>").replace("(\\w+)", "(.*)")
    rules = Rules(RULES.login, may_go=lambda line: line.endswith(b"@d>") and line.count(b">") == 1)
    player, sent = play(script(text), "220 x", "250 x", "250 as x@evil.test> NOTIFY=NEVER <", "221 x", rules=rules)
    assert b"evil" not in b"".join(sent)
    assert player.stopped == "this recipient is not allowed"


def test_a_secret_of_the_environment():
    """It is sent, and shown neither as sent nor where the target says it again, in whatever form."""
    rules = Rules(RULES.login, plain_auth=True, values={"env:WORD": Secret("geheim")})
    found = script(SECRET, environment=("WORD",))
    replies = ("220 x", "250 x", "252 geheim Z2VoZWlt", "250 x", "250 x", "354 x", "250 x", "221 x")
    player, sent = play(found, *replies, rules=rules)
    assert sent[1] == b"VRFY geheim\r\n"
    assert "geheim" not in repr(player.done)
    assert "Z2VoZWlt" not in repr(player.done)
    assert (player.done[2].sent, player.done[2].received.lines) == (b"VRFY ****", (b"252 **** ****",))
    assert player.broken("no SMTP reply: geheim") == "no SMTP reply: ****"


def test_a_password_that_the_target_says_again():
    """It is shown neither in the reply that ends the login nor in those after it; of the trace's own, neither."""
    rules = Rules(lambda how: Login(how.user, Secret("geheim")), plain_auth=True)
    echo = "535 5.7.8 no AGFsaWNlAGdlaGVpbQ== geheim"
    found = script(LOGIN.replace("S: 235 ok", "S: 535 no"))
    player, _ = play(found, "220 x", "250-x|250 AUTH LOGIN", "334 x", "334 x", echo, "221 geheim", rules=rules)
    assert [each.received.lines[-1] for each in player.done[2:]] == [
        b"535 5.7.8 no AGFsaWNlAG****Q== ****",
        b"221 ****",
    ]
    assert player.broken("no SMTP reply: geheim") == "no SMTP reply: ****"
    recorded = script_as_sent(trace(LOGIN.replace("S: 235 ok", "S: 535 no secret1")), "1").steps
    assert [each.recorded.lines for each in recorded if each.login] == [(b"535 no ****",)]


def test_a_secret_does_not_go_in_clear():
    """Neither in a line nor in a message, unless it may."""
    for text in (SECRET, SENDING.replace("C: text", "C: ${env:WORD}")):
        found = script(text, environment=("WORD",))
        rules = Rules(RULES.login, values={"env:WORD": Secret("geheim")})
        player, sent = play(found, "220 x", *["250 x"] * 2 * ("text" in text), *["250 x"] * 3, "221 x", rules=rules)
        assert b"geheim" not in b"".join(sent)
        assert "no TLS" in player.stopped
        assert "--allow-plaintext-auth" in "\n".join(refusals([found], THERE, Permission(send=True, recipients=("*",))))
        assert refusals([found], THERE, Permission(send=True, recipients=("*",), plain_auth=True)) == ()


def test_pauses_are_those_of_the_recording():
    """Times the pace, with a ceiling; none unless they are asked for."""
    text = SENDING.replace("C: MAIL", "# time: +2.000000000\nC: MAIL").replace(
        "C: RCPT", "# time: +9999.000000000\nC: RCPT"
    )
    found = script("# times: relative\n# time: +1.000000000\n" + text)
    assert waits(found, Rules(RULES.login, pace=0.5)) == [0.5, LONGEST_PAUSE_S]
    assert waits(found, RULES) == []


def waits(found, rules) -> list[float]:
    """The pauses of a session that goes well."""
    player, seconds = Player(found, rules), []
    actions = player.play()
    action = next(actions, None)
    while action is not None:
        seconds += [action.seconds] if isinstance(action, Pause) else []
        said = Said(354 if player.done and len(player.done) == 4 and not seconds[2:] else 250, (b"250 x",))
        try:
            action = actions.send(said if type(action).__name__ == "Receive" else None)
        except StopIteration:
            break
    return seconds
