"""The relay tests: what is asked, and what the answers mean."""

from __future__ import annotations

from dataclasses import replace

import pytest
from replay.test_compare import NOWHERE, said

from smtptrace.errors import UsageError
from smtptrace.replay.player import Done
from smtptrace.replay.relay import Addresses, Case, answer, cases, relay_object, run_cases, script_for, verdict
from smtptrace.replay.run import Played
from smtptrace.replay.script import Act, LoginAs
from smtptrace.wire import Octets, Side

WHO = Addresses("in@own.test", "out@other.test", "me@own.test", "you@other.test")
HOW = LoginAs("PLAIN", "alice", initial=True)
OUTSIDE = Case(login=False, own=False, internal=False)
OK = b"250 ok"


def script(case: Case, *, content: bool = False, tls: str = "none"):
    return script_for(case, WHO, "probe.test", HOW, tls, content=content)


def asked(case: Case, *replies: bytes, content: bool = False):
    """The answer to a test in which these were the replies, the greeting first."""
    found = script(case, content=content)
    done = tuple(Done(step, received=said(reply)) for step, reply in zip(found.steps, replies, strict=False))
    return answer(case, found, Played(done, NOWHERE))


def test_the_matrix():
    """Sender and recipient of both kinds; with and without a login where there is one."""
    assert len(cases(login=False)) == 4
    assert len(cases(login=True)) == 8
    assert len(set(map(str, cases(login=True)))) == 8


def test_it_ends_before_data():
    """Unless it is told to go on."""
    assert [step.verb for step in script(OUTSIDE).steps] == ["", "EHLO", "MAIL", "RCPT"]
    steps = script(Case(login=True, own=True, internal=False), content=True, tls="starttls").steps
    assert [step.verb for step in steps] == ["", "EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"]
    assert [step.line for step in steps[5:7]] == [b"MAIL FROM:<me@own.test>", b"RCPT TO:<out@other.test>"]
    assert b"To: out@other.test" in steps[7].content


@pytest.mark.parametrize("address", ["a", "a@b>\r\nRCPT TO:<c@d", "a b@c", "@b", ""])
def test_no_address_smuggles_a_command(address):
    """What is none is refused."""
    who = Addresses(address, address, address, address)
    with pytest.raises(UsageError):
        script_for(OUTSIDE, who, "a", HOW, "none", content=False)
    with pytest.raises(UsageError):
        script_for(OUTSIDE, WHO, "a\r\nQUIT", HOW, "none", content=False)


def test_an_open_relay_is_one_that_took_a_message():
    """An accepted RCPT alone does not make one."""
    so_far = asked(OUTSIDE, b"220 hi", OK, OK, OK)
    assert (so_far.taken, so_far.relays) == (True, False)
    assert "so far" in so_far.meaning
    taken = asked(OUTSIDE, b"220 hi", OK, OK, OK, OK, content=True)
    assert taken.relays
    assert "OPEN RELAY" in taken.meaning
    refused = asked(OUTSIDE, b"220 hi", OK, OK, OK, b"554 no", content=True)
    assert (refused.taken, refused.relays) == (False, False)


@pytest.mark.parametrize(
    ("case", "replies", "meaning"),
    [
        (OUTSIDE, (b"220 hi", OK, OK, b"550 no"), "denied"),
        (OUTSIDE, (b"220 hi", OK, b"530 login"), "login may be needed"),
        (OUTSIDE, (b"220 hi", OK, OK, b"450 later"), "put off"),
        (OUTSIDE, (b"554 no",), "greeting was refused"),
        (Case(login=False, own=False, internal=True), (b"220 hi", OK, OK, OK), "incoming mail"),
        (Case(login=False, own=True, internal=True), (b"220 hi", OK, OK, OK), "unproved"),
        (Case(login=False, own=True, internal=True), (b"220 hi", OK, OK, b"550 no"), "may not exist"),
        (Case(login=True, own=True, internal=False), (b"220 hi", OK, b"235 ok", OK, OK), "as it should be"),
        (Case(login=True, own=False, internal=False), (b"220 hi", OK, b"235 ok", OK, OK), "foreign sender"),
        (Case(login=True, own=False, internal=False), (b"220 hi", OK, b"235 ok", b"553 no"), "for the login"),
        (Case(login=True, own=True, internal=False), (b"220 hi", OK, b"235 ok", OK, b"550 no"), "may not send outside"),
        (Case(login=True, own=True, internal=False), (b"220 hi", OK, b"535 no"), "AUTH was refused"),
    ],
)
def test_what_an_answer_means(case, replies, meaning):
    """In words for an administrator."""
    assert meaning in asked(case, *replies).meaning


def test_no_answer():
    """A broken connection proves nothing."""
    found = answer(OUTSIDE, script(OUTSIDE), Played((), NOWHERE, broken="gone"))
    assert (found.taken, found.relays, found.broken) == (False, False, "gone")
    step = Done(script(OUTSIDE).steps[0], problem="nobody there")
    assert "nobody there" in answer(OUTSIDE, script(OUTSIDE), Played((step,), NOWHERE)).meaning


BLOCKED = b"554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"


def test_a_refusal_for_another_reason_says_nothing_about_relaying():
    """The words of the server are looked up as in every session."""
    said_by_both = ((1, b"220 hi\r\n"), (0, b"EHLO a\r\n"), (1, b"250 hi\r\n"), (0, b"MAIL FROM:<a@b>\r\n"))
    said_by_both += ((1, b"250 ok\r\n"), (0, b"RCPT TO:<c@d>\r\n"), (1, BLOCKED + b"\r\n"))
    events = tuple(Octets(Side(side), octets) for side, octets in said_by_both)
    steps = script(OUTSIDE)
    done = tuple(
        Done(step, received=said(reply)) for step, reply in zip(steps.steps, (b"220 hi", OK, OK, BLOCKED), strict=True)
    )
    found = answer(OUTSIDE, steps, Played(done, replace(NOWHERE, events=events)))
    assert (found.cause, found.taken) == ("dnsbl-blocked", False)
    assert "says nothing about relaying" in found.meaning
    assert verdict([found]).startswith("no open relay was found")


def test_the_verdict():
    """Nothing is more certain than the answers."""
    refused, accepted = (b"220 hi", OK, OK, b"550 no"), (b"220 hi", OK, OK, OK)
    assert verdict([asked(OUTSIDE, *refused)]).startswith("no open relay for")
    assert verdict([asked(OUTSIDE, *accepted)]).startswith("perhaps an open relay")
    assert verdict([asked(OUTSIDE, *accepted, OK, content=True)]).startswith("an OPEN RELAY")
    assert verdict([asked(OUTSIDE, b"220 hi", OK, OK, b"450 later")]).startswith("no open relay was found")
    assert verdict([asked(OUTSIDE, b"220 hi")]).startswith("no open relay was found")
    inside = Case(login=False, own=False, internal=True)
    assert verdict([asked(inside, *accepted), asked(OUTSIDE, *refused)]).startswith("no open relay for")


def test_a_refused_login_is_not_tried_again():
    """Four attempts might lock the account."""
    played = []

    def play(found):
        played.append(found.name)
        replies = (
            (b"220 hi", OK, b"535 no") if any(step.act is Act.AUTH for step in found.steps) else (b"220 hi", OK, OK, OK)
        )
        done = tuple(Done(step, received=said(reply)) for step, reply in zip(found.steps, replies, strict=False))
        return Played(done, NOWHERE)

    found = run_cases(cases(login=True), script, play)
    assert (len(found), len(played)) == (8, 5)
    assert [each.tried for each in found] == [True] * 5 + [False] * 3
    assert "left out" in found[5].meaning
    record = relay_object("here", found)
    assert (record["schema"], record["open_relay"], len(record["tests"])) == ("smtptrace.relay-test/1", False, 8)
    assert record["tests"][4]["step"] == "AUTH"


def test_where_nobody_was_reached():
    """Nothing is said of relaying."""
    found = answer(OUTSIDE, script(OUTSIDE), Played((), NOWHERE, broken="connection refused"))
    assert verdict([replace(found, source="")]) == "nothing is known of it: no connection was made"
