"""Each cause on failures as people post them (cases.toml)."""

from __future__ import annotations

import base64
import re
import struct
import tomllib
from pathlib import Path

import pytest
from support.dialogue import session

from smtptrace.diagnosis import CAUSES, Cause, fix_for, slug_of
from smtptrace.trace import read_text, trace_session

CASES = tomllib.loads((Path(__file__).parent / "cases.toml").read_text(encoding="utf-8"))["case"]


BY_HAND = {"ntlm-v2-not-supported-by-server"}
"""Causes whose sessions are made in a test of their own below."""


def causes_of(case: dict[str, str]) -> list[Cause]:
    """The causes of all sessions of a text or script, the surest first."""
    traces = read_text(case["text"]) if "text" in case else (trace_session(session(case["script"])),)
    return sorted((cause for trace in traces for cause in trace.causes), key=lambda cause: -cause.confidence)


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case['cause']}" for number, case in enumerate(CASES)])
def test_a_failure_is_explained(case):
    """The cause comes first, with at most three lines of the text that show it, and their places."""
    first = causes_of(case)[0]
    assert first.slug == case["cause"]
    assert 1 <= len(first.evidence) <= 3
    assert all(each.text and each.span and each.span.frame for each in first.evidence)


@pytest.mark.parametrize("name", CAUSES.names())
def test_every_cause_stands_in_the_cases(name):
    """As the first explanation of one failure at least."""
    assert slug_of(name) in {case["cause"] for case in CASES} | BY_HAND


@pytest.mark.parametrize("name", CAUSES.names())
def test_a_cause_says_what_it_means_and_what_to_do(name):
    """One sentence, a fix for any server, references; a fix names its change as a change."""
    cause = CAUSES[name]
    assert re.fullmatch(r"[A-Z].{15,125}\.", CAUSES.summary(name))
    assert cause.REFERENCES
    for flavour in cause.FIX:
        assert "Change: " in fix_for(cause, flavour) or "To know more: " in fix_for(cause, flavour)
    text = " ".join((cause.__doc__, *cause.FIX.values())).lower()
    assert "compromised" not in text and "was delivered" not in text


def test_the_fix_is_that_of_the_server():
    """The greeting tells whose commands are named."""
    script = """
        S: 220 mail.example.test ESMTP {}
        C: EHLO a.example.test
        S: 250-mail.example.test
        S: 250 AUTH PLAIN
        C: AUTH LOGIN
        S: 504 5.5.4 no such mechanism
    """
    fixes = {name: trace_session(session(script.format(name))).causes[0].fix for name in ("Postfix", "Exim 4.96", "x")}
    assert "postconf" in fixes["Postfix"]
    assert "exim -bP" in fixes["Exim 4.96"]
    assert len(set(fixes.values())) == 3


def test_no_failure_no_cause():
    """A message that was accepted, and a login that was made good, need no explanation."""
    script = """
        S: 220 mail.example.test ESMTP
        C: EHLO a.example.test
        S: 250-mail.example.test
        S: 250 AUTH PLAIN LOGIN
        C: AUTH PLAIN AGFsaWNlAHdyb25n
        S: 535 5.7.8 no
        C: AUTH PLAIN AGFsaWNlAHJpZ2h0
        S: 235 2.7.0 ok
        C: MAIL FROM:<a@example.test>
        S: 250 ok
        C: RCPT TO:<b@example.test>
        S: 250 ok
        C: DATA
        S: 354 go
        C: Subject: x
        C:
        C: .
        S: 250 queued
        C: QUIT
        S: 221 bye
    """
    assert trace_session(session(script)).causes == ()


def test_the_first_failure_explains_those_that_follow():
    """A refused login before `relay denied` is what to mend."""
    script = """
        S: 220 mail.example.test ESMTP Postfix
        C: EHLO a.example.test
        S: 250-mail.example.test
        S: 250 AUTH PLAIN
        C: AUTH LOGIN
        S: 535 5.7.8 Error: authentication failed: Invalid authentication mechanism
        C: MAIL FROM:<a@example.test>
        S: 250 2.1.0 Ok
        C: RCPT TO:<b@other.test>
        S: 554 5.7.1 <b@other.test>: Relay access denied
    """
    assert trace_session(session(script)).causes[0].slug == "mechanism-not-offered"


def test_a_code_without_words_is_not_overrated():
    """535 alone tells that the login was refused, and not why."""
    script = """
        S: 220 mail.example.test ESMTP
        C: EHLO a.example.test
        S: 250 mail.example.test
        C: AUTH LOGIN
        S: 334 VXNlcm5hbWU6
        C: YWxpY2U=
        S: 334 UGFzc3dvcmQ6
        C: c2VjcmV0MTIz
        S: 535
    """
    assert trace_session(session(script.replace("S: 250 mail.example.test", "S: 250 AUTH LOGIN"))).causes[0].slug in {
        "unknown",
        "auth-not-advertised",
    }


def ntlm_answer(nt: bytes, user: str = "joe", domain: str = "LAB") -> str:
    """An NTLM AUTHENTICATE message with this NT response, in base64 (MS-NLMP, 2.2.1.3)."""
    values = (bytes(24), nt, domain.encode("utf-16-le"), user.encode("utf-16-le"), b"", b"")
    at, header, payload = 64, b"NTLMSSP\0\x03\0\0\0", b""
    for value in values:
        header += struct.pack("<HHI", len(value), len(value), at + len(payload))
        payload += value
    return base64.b64encode(header + struct.pack("<I", 0x00088201) + payload).decode()


@pytest.mark.parametrize(
    ("greeting", "slug"), [("Exim 4.96", "ntlm-v2-not-supported-by-server"), ("x", "wrong-credentials")]
)
def test_a_server_that_reads_ntlmv1_only_is_known(greeting, slug):
    """`ntlm_v2_not_supported_by_server`: Exim's spa cannot compare NTLMv2; of others the password is to blame."""
    script = f"""
        S: 220 mail.example.test ESMTP {greeting}
        C: EHLO a.example.test
        S: 250-mail.example.test
        S: 250 AUTH NTLM
        C: AUTH NTLM
        S: 334 NTLM supported
        C: TlRMTVNTUAABAAAABoIIAAAAAAAAAAAAAAAAAAAAAAA=
        S: 334 TlRMTVNTUAACAAAAAAAAAAAAAAABggAA9p6Qm3ZnWCcAAAAAAAAAAA==
        C: {ntlm_answer(bytes(range(1, 45)) + bytes(60))}
        S: 535 5.7.8 Authentication credentials invalid
    """
    assert trace_session(session(script)).causes[0].slug == slug
