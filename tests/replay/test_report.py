"""A replay as JSON and for JUnit."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from replay.scripts import DELIVERY, SENDING, script
from replay.test_compare import SAME, played, said, with_reply

from smtptrace.replay.compare import Verdict, between, compared
from smtptrace.replay.junit import junit
from smtptrace.replay.plan import Target
from smtptrace.replay.report import NotPlayed, Outcome, Result, not_played_object, outcome_object, suites, worst
from smtptrace.wire import Endpoint

TARGET = Target(Endpoint("::1", 25), loopback=True)


def result(*replies: bytes, broken: str = "") -> Result:
    found = script(SENDING)
    run = played(found, *replies, broken=broken)
    return Result(found, TARGET, run, compared(found, run))


def test_json():
    """Steps are numbered from 1; replies stand side by side."""
    record = outcome_object(Outcome(result(*with_reply(2, b"550 5.7.1 \xffno"))), "x.smtp")
    assert (record["schema"], record["source"], record["id"], record["target"]) == (
        "smtptrace.replay/1",
        "x.smtp",
        "1",
        "[::1]:25",
    )
    assert (record["verdict"], record["first_difference"]) == ("different", 3)
    step = record["steps"][2]
    assert (step["verb"], step["recorded"]["code"], step["status"]) == ("MAIL", 250, "different")
    assert step["received"] == {"code": 550, "enhanced": "5.7.1", "text": ["5.7.1 \ufffdno"], "latency_s": None}


def test_json_of_two_targets():
    """Both, and what is between them."""
    one, two = result(*SAME), result(*with_reply(3, b"550 no"))
    record = outcome_object(Outcome(one, two, between(one.script, one.played, two.played)), "x")
    assert (record["verdict"], record["against"]["verdict"], record["between"]["first_difference"]) == (
        "same",
        "different",
        4,
    )


def test_junit():
    """Failures, errors and what was left out, in a form that can be parsed whatever the target said."""
    results = [
        result(*SAME),
        result(*with_reply(2, b"550 \x1b<&")),
        result(*SAME[:3], broken="gone \x00"),
    ]
    found = ElementTree.fromstring(junit("replay", suites(results, [NotPlayed("7", "it is encrypted")])))
    counts = [tuple(each.get(key) for key in ("tests", "failures", "errors", "skipped")) for each in found]
    assert counts == [("6", "0", "0", "0"), ("6", "1", "0", "0"), ("6", "0", "1", "3"), ("1", "0", "0", "1")]
    assert found[0][0].get("name") == "1 greeting"
    assert len(suites(results)) == 3


def test_what_was_not_reached_is_no_failure_of_its_own():
    """One refusal is one failure, however much would have followed."""
    (suite,) = suites([result(*with_reply(2, b"550 5.7.1 no")[:3])])
    kinds = [(bool(case.failure), bool(case.skipped)) for case in suite.cases]
    assert kinds == [(False, False)] * 2 + [(True, False)] + [(False, True)] * 3


def test_a_session_that_was_not_played():
    """It is in the output all the same."""
    record = not_played_object(NotPlayed("7", "it is encrypted"), "x.pcap")
    assert (record["id"], record["verdict"], record["reason"]) == ("7", "not-played", "it is encrypted")


def test_replies_for_each_recipient():
    """Recorded and received codes (LMTP)."""
    found = script(DELIVERY)
    run = played(found, b"220 x", b"250 x", b"250 x", b"250 x", b"550 x", b"250 x", b"250 x")
    done = tuple(
        replace(one, replies=(said(b"250 x"), said(b"452 y"))) if at == 6 else one for at, one in enumerate(run.done)
    )
    run = replace(run, done=done)
    steps = outcome_object(Outcome(Result(found, TARGET, run, compared(found, run))), "x")["steps"]
    assert steps[6]["codes"] == {"recorded": [250, 550], "received": [250, 452]}
    assert "codes" not in steps[5]


def test_the_worst_counts():
    """Broken before different before same."""
    assert worst([Verdict.SAME, Verdict.BROKEN, Verdict.DIFFERENT]) is Verdict.BROKEN
    assert worst([Verdict.SAME, Verdict.DIFFERENT]) is Verdict.DIFFERENT
    assert worst([]) is Verdict.SAME
