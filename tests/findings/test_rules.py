"""Each rule on dialogues that raise it and near misses that do not (cases.toml)."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from support.dialogue import START_NS, connection, session

from smtptrace.auth import read_credentials
from smtptrace.findings import RULES, Basis, Facet, Finding, Severity, judge
from smtptrace.smtp import Anomaly, Session, read_session
from smtptrace.wire import Certificate, Endpoint, Note, Octets, Secured, Side, Span

CASES = tomllib.loads((Path(__file__).parent / "cases.toml").read_text(encoding="utf-8"))["case"]
BY_HAND = {"obsolete-tls", "over-long-lines", "stall", "changed-on-the-way"}
"""Rules whose sessions are made in a test of their own below."""


def judged(read: Session) -> dict[str, Finding]:
    """The findings on a session by rule."""
    return {finding.rule: finding for finding in judge(read, read_credentials(read))}


@pytest.mark.parametrize("case", CASES, ids=[f"{case['rule']}-{case['raises']}" for case in CASES])
def test_a_rule_tells_its_case_from_a_near_miss(case):
    """It is raised with evidence that has a place, or not at all."""
    found = judged(session(case["script"])).get(case["rule"])
    assert (found is not None) is case["raises"]
    if found is not None:
        assert found.severity.name.lower() == case.get("severity", found.severity.name.lower())
        assert all(each.text and each.span and each.span.frame for each in found.evidence)


def test_every_rule_has_a_case_and_a_near_miss():
    """No rule is left out of cases.toml, unless it stands below."""
    slugs = {name.replace("_", "-") for name in RULES}
    for raises in (True, False):
        assert {case["rule"] for case in CASES if case["raises"] is raises} | BY_HAND == slugs


@pytest.mark.parametrize("name", RULES.names())
def test_a_rule_says_what_it_means_and_what_to_do(name):
    """Docstring, severity, needs, harmless readings, references and advice; words that claim no more than is known."""
    rule = RULES[name]
    assert re.fullmatch(r"[A-Z].{20,110}\.", RULES.summary(name))
    assert isinstance(rule.SEVERITY, Severity) and isinstance(rule.NEEDS, Facet)
    assert rule.INNOCENT and rule.REFERENCES and rule.ADVICE.endswith(".")
    text = " ".join((rule.__doc__, rule.ADVICE, *rule.INNOCENT)).lower()
    assert "compromised" not in text and "delivered" not in text


def test_the_most_severe_comes_first():
    """A password in clear stands before the offer that led to it."""
    case = next(case for case in CASES if case["rule"] == "cleartext-credentials")
    found = list(judged(session(case["script"])).values())
    assert [each.severity for each in found] == sorted((each.severity for each in found), reverse=True)


def test_whether_the_login_worked_is_told():
    """Accepted, refused and not seen are three different things."""
    script = next(case for case in CASES if case["rule"] == "cleartext-credentials")["script"]
    worked = judged(session(script))["cleartext-credentials"]
    refused = judged(session(script.replace("235 2.7.0 ok", "535 no")))["cleartext-credentials"]
    unknown = judged(session(script.replace("S: 235 2.7.0 ok\n", "")))["cleartext-credentials"]
    assert "worked" in worked.summary and "refused" in refused.summary and "not here" in unknown.summary
    assert worked.severity > refused.severity


def test_a_line_of_a_reply_is_cited_with_its_own_packet():
    """A server may send each line of its offer in a packet of its own."""
    script = "S: 220 hi\nC: EHLO a\nS: 250-hi\nS: 250-STARTTLS\nS: 250 AUTH PLAIN\nC: AUTH PLAIN\nS: 334\nC: AGEAYg=="
    found = judged(session(script))
    assert [each.span.frame for each in found["starttls-not-used"].evidence if each.span] == [4, 6]
    assert [each.span.frame for each in found["plaintext-auth-offered"].evidence if each.span] == [5]


SECURED = """
S: 220 mail.example.test ESMTP
C: EHLO a.example.test
S: 250-mail.example.test
S: 250 STARTTLS
C: STARTTLS
S: 220 go
"""


@pytest.mark.parametrize(
    ("version", "offered", "raised"),
    [
        ("TLSv1.0", (), True),
        ("TLSv1.1", (), True),
        ("TLSv1.2", (), False),
        (None, ("TLSv1.0",), True),
        (None, ("TLSv1.0", "TLSv1.2"), False),
        (None, (), False),
    ],
)
def test_old_tls_is_told_from_new(version, offered, raised):
    """By the version agreed on, else by what the client offers."""
    secured = Secured(version=version, offered=offered, certificate=Certificate("CN=x"), time_ns=START_NS, frame=7)
    read = replace(session(SECURED), tls=secured)
    assert ("obsolete-tls" in judged(read)) is raised


def content(body: bytes) -> Session:
    """A session with one message whose octets are given."""
    script = """
        S: 220 mail.example.test ESMTP
        C: EHLO a.example.test
        S: 250 mail.example.test
        C: MAIL FROM:<a@example.test>
        S: 250 ok
        C: RCPT TO:<b@example.test>
        S: 250 ok
        C: DATA
        S: 354 go
    """
    events = [*connection(script).events]
    start = START_NS + 10**9
    events += [Octets(Side.CLIENT, body + b"\r\n.\r\n", start, 40), Octets(Side.SERVER, b"250 queued\r\n", start, 41)]
    return read_session(connection("", events=events))


@pytest.mark.parametrize(("length", "raised"), [(998, False), (1500, True)])
def test_a_line_over_998_octets_is_told(length, raised):
    """The line end is not counted."""
    assert ("over-long-lines" in judged(content(b"Subject: x\r\n\r\n" + b"a" * length))) is raised


def test_a_second_message_inside_the_first_is_named():
    """What a tolerant server would have taken as a command stands in the evidence."""
    case = next(case for case in CASES if case["rule"] == "end-of-data-disagreement" and case["raises"])
    found = judged(session(case["script"], keep_content=True))["end-of-data-disagreement"]
    assert any("admin@example.test" in each.text for each in found.evidence)
    assert "consistent with SMTP smuggling" in found.summary


def later(read: Session, seconds: float, at: int, *, reply: bool) -> Session:
    """The session with everything from one command or reply on moved to a later time."""
    moved = int(seconds * 1e9)
    for number, exchange in enumerate(read.exchanges):
        if exchange.command and (number > at or (number == at and not reply)):
            exchange.command.span.time_ns += moved
        if exchange.reply and number >= at:
            exchange.reply.span.time_ns += moved
    return replace(read, end_ns=(read.end_ns or 0) + moved)


QUIET = """
S: 220 mail.example.test ESMTP
C: EHLO a.example.test
S: 250 mail.example.test
C: MAIL FROM:<a@example.test>
S: 550 no
C: QUIT
S: 221 bye
"""


def test_a_stall_names_who_was_waiting():
    """A slow reply, a slow command, and neither."""
    assert "waiting for the server" in judged(later(session(QUIET), 60, 1, reply=True))["stall"].summary
    assert "waiting for it" in judged(later(session(QUIET), 60, 1, reply=False))["stall"].summary
    assert "stall" not in judged(later(session(QUIET), 5, 1, reply=True))


def test_a_tarpit_is_told_from_a_stall():
    """A note of the server says that the delay was on purpose."""
    slow = later(session(QUIET), 60, 1, reply=True)
    noted = replace(slow, notes=[Note("Tarpit for '0.00:00:05' due to '550 no'", START_NS, 5)])
    assert "tarpit" in judged(noted)["stall"].summary


def test_segments_that_disagree_are_told():
    """What the TCP stage found irregular is an anomaly of the session; others are not this rule's."""
    told = Anomaly("overlap-differs", "two segments disagree", Span(Side.CLIENT, 0, 1, START_NS, 3))
    assert "changed-on-the-way" in judged(replace(session(QUIET), anomalies=[told]))
    assert "changed-on-the-way" not in judged(replace(session(QUIET), anomalies=[replace(told, kind="urgent-data")]))


def test_an_outside_client_makes_an_open_relay_worse():
    """From a private address it is information; from outside, for several domains, it is severe."""
    case = next(case for case in CASES if case["rule"] == "open-relay" and case["raises"])
    inside = session(case["script"])
    outside = replace(inside, connection=replace(inside.connection, client=Endpoint("203.0.113.7", 50000)))
    assert judged(inside)["open-relay"].severity is Severity.INFO
    assert judged(outside)["open-relay"].severity is Severity.HIGH
    assert judged(outside)["open-relay"].basis is Basis.INFERRED
