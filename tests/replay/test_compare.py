"""Recorded against received."""

from __future__ import annotations

from dataclasses import replace

import pytest
from replay.scripts import DELIVERY, SENDING, script

from smtptrace.replay.compare import Status, Verdict, between, compared
from smtptrace.replay.player import Done
from smtptrace.replay.run import Played
from smtptrace.replay.script import Said
from smtptrace.wire import Connection, Endpoint, Origin

NOWHERE = Connection(Endpoint("", 0), Endpoint("", 0), Origin("", ""))


def played(found, *replies: bytes, **facts) -> Played:
    """Steps answered with these replies."""
    done = tuple(Done(step, received=said(reply)) for step, reply in zip(found.steps, replies, strict=False))
    return Played(done, NOWHERE, **facts)


def said(reply: bytes) -> Said:
    lines = tuple(reply.split(b"|"))
    return Said(int(reply[:3]), lines)


SAME = (b"220 hi", b"250-hi|250 SIZE", b"250 ok", b"250 ok", b"250 ok", b"221 bye")


def with_reply(at: int, reply: bytes) -> tuple[bytes, ...]:
    return (*SAME[:at], reply, *SAME[at + 1 :])


def test_the_same():
    """Under every measure."""
    found = script(SENDING)
    for match in ("code", "enhanced", "text"):
        assert compared(found, played(found, *SAME), match).verdict is Verdict.SAME


@pytest.mark.parametrize(
    ("reply", "match", "detail"),
    [
        (b"550 no", "code", "250 is now 550"),
        (b"251 ok", "code", "250 is now 251"),
        (b"250 2.1.0 ok", "enhanced", "enhanced code none is now 2.1.0"),
        (b"250 fine", "text", "another text"),
    ],
)
def test_a_difference(reply, match, detail):
    """It is found at its step, by the measure that was asked for."""
    found = script(SENDING)
    comparison = compared(found, played(found, *with_reply(2, reply)), match)
    assert (comparison.verdict, comparison.first) == (Verdict.DIFFERENT, 2)
    assert comparison.steps[2].detail == detail
    weaker = {"enhanced": "code", "text": "enhanced"}.get(match)
    if weaker:
        assert compared(found, played(found, *with_reply(2, reply)), weaker).verdict is Verdict.SAME


def test_extensions():
    """What is offered now and was not, and the other way round; their order is no difference."""
    found = script(SENDING)
    comparison = compared(found, played(found, *SAME, offers=(("8BITMIME",),)))
    assert (comparison.added, comparison.removed) == (("8BITMIME",), ("SIZE",))
    two = SENDING.replace("S: 250 SIZE", "S: 250-SIZE\nS: 250 HELP")
    found = script(two)
    assert compared(found, played(found, *with_reply(1, b"250-hi|250-HELP|250 SIZE")), "text").verdict is Verdict.SAME


def test_an_early_end_and_a_break():
    """What was not reached is a difference; where the target broke, that is the verdict."""
    found = script(SENDING)
    comparison = compared(found, played(found, *SAME[:3]))
    assert (comparison.verdict, comparison.steps[-1].status) == (Verdict.DIFFERENT, Status.NOT_REACHED)
    done = (*played(found, *SAME[:2]).done, Done(found.steps[2], problem="closed"))
    comparison = compared(found, Played(done, NOWHERE, broken="closed"))
    assert (comparison.verdict, comparison.first, comparison.steps[2].status) == (Verdict.BROKEN, 2, Status.BROKEN)


def test_a_reply_for_each_recipient():
    """Each counts, not only the last (LMTP)."""
    found = script(DELIVERY)
    was = (b"220 hi", b"250-hi|250 PIPELINING", b"250 ok", b"250 ok", b"550 no", b"250 ok", b"550 full", b"221 bye")
    run = played(found, *was)
    for replies, detail in ((b"250 550", ""), (b"452 550", "recipient 1: 250 is now 452")):
        each = tuple(map(said, replies.split()))
        done = tuple(replace(one, replies=each) if one.step.verb == "DATA" else one for one in run.done)
        assert compared(found, replace(run, done=done)).steps[6].detail == detail


def test_nothing_recorded():
    """Where no reply is known, none is wrong."""
    found = script("C: EHLO a\nC: QUIT\n")
    comparison = compared(found, played(found, b"220 x", b"250 x", b"221 x"))
    assert comparison.verdict is Verdict.SAME
    assert comparison.steps[1].status is Status.UNKNOWN


def test_a_step_that_was_put_in_and_ends_the_session():
    """It is the difference, although nothing is recorded of it."""
    found = script("C: EHLO a\nC: MAIL FROM:<a@b>\nC: QUIT\n")
    comparison = compared(found, played(found, b"220 x", b"550 no", stopped="EHLO was refused"))
    assert (comparison.first, comparison.steps[1].detail) == (1, "EHLO was refused")


@pytest.mark.parametrize(
    ("expect", "reply", "status"),
    [
        ("550", b"550 no", Status.SAME),
        ("550", b"250 ok", Status.DIFFERENT),
        ("5xx 5.1.x", b"550 5.1.1 no", Status.SAME),
        ("5xx 5.1.x", b"550 5.7.1 no", Status.DIFFERENT),
        ("text=no such", b"550 There is No Such user", Status.SAME),
        ("text=no such", b"550 denied", Status.DIFFERENT),
        ("550 optional", b"250 ok", Status.SAME),
        ("optional", b"550 no", Status.SAME),
    ],
)
def test_expectations_count_instead_of_the_recording(expect, reply, status):
    """What a person wrote down."""
    found = script(SENDING.replace("C: MAIL FROM:<a@b>\n", f"C: MAIL FROM:<a@b>\n# expect: {expect}\n"))
    assert compared(found, played(found, *with_reply(2, reply))).steps[2].status is status


def test_two_targets():
    """Against each other, whatever was recorded."""
    found = script(SENDING)
    one, two = played(found, *with_reply(2, b"550 no")), played(found, *with_reply(2, b"550 no"))
    assert between(found, one, two).verdict is Verdict.SAME
    assert between(found, one, played(found, *SAME)).first == 2
