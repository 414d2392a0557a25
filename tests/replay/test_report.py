"""A replay as JSON and for JUnit."""

from __future__ import annotations

from xml.etree import ElementTree

from replay.scripts import SENDING, script
from replay.test_compare import SAME, played, with_reply

from smtptrace.replay.compare import Verdict, between, compared
from smtptrace.replay.plan import Target
from smtptrace.replay.report import Result, junit, result_object, three_object, worst
from smtptrace.wire import Endpoint

TARGET = Target(Endpoint("::1", 25), loopback=True)


def result(*replies: bytes, broken: str = "") -> Result:
    found = script(SENDING)
    run = played(found, *replies, broken=broken)
    return Result(found, TARGET, run, compared(found, run))


def test_json():
    """Steps are numbered from 1; replies stand side by side."""
    record = result_object(result(*with_reply(2, b"550 5.7.1 \xffno")), "x.smtp")
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
    record = three_object(one, two, between(one.script, one.played, two.played), "x")
    assert (record["verdict"], record["against"]["verdict"], record["between"]["first_difference"]) == (
        "same",
        "different",
        4,
    )


def test_junit():
    """Failures, errors and what was left out, in a form that can be parsed whatever the target said."""
    found = ElementTree.fromstring(
        junit([result(*SAME), result(*with_reply(2, b"550 \x1b<&")), result(*SAME[:3], broken="gone \x00")])
    )
    suites = [(each.get("tests"), each.get("failures"), each.get("errors")) for each in found]
    assert suites == [("6", "0", "0"), ("6", "1", "0"), ("6", "3", "1")]
    assert found[0][0].get("name") == "1 greeting"


def test_the_worst_counts():
    """Broken before different before same."""
    assert worst([Verdict.SAME, Verdict.BROKEN, Verdict.DIFFERENT]) is Verdict.BROKEN
    assert worst([Verdict.SAME, Verdict.DIFFERENT]) is Verdict.DIFFERENT
    assert worst([]) is Verdict.SAME
