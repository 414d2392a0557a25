"""The table of what replies mean: its format, every row, and that it stays quick on hostile replies."""

from __future__ import annotations

import datetime
import re
import time
import tomllib
from dataclasses import replace
from importlib import resources

import pytest

from smtptrace.cli._pocketbook import article
from smtptrace.diagnosis import CAUSES, knowledge_rows, slug_of
from smtptrace.diagnosis._flavour import _GREETINGS, _WORDINGS
from smtptrace.diagnosis._knowledge import Said, _as_of, about, weigh
from smtptrace.diagnosis._weight import UNCHECKED, Weight, strongest

ROWS = knowledge_rows()
STAGES = {"GREETING", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "OTHER", "UNASKED", "NOTE"}
FLAVOURS = {flavour for flavour, _ in (*_GREETINGS, *_WORDINGS)}
SLUGS = {slug_of(name) for name in CAUSES}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: (row.pattern or " ".join((*row.codes, *row.enhanced)))[:40])
def test_a_row_is_in_order(row):
    """Known slugs, flavours and stages, weights in their range, a source, dates that are dates and fit."""
    assert row.pattern or row.codes or row.enhanced
    assert row.causes and set(row.causes) <= SLUGS
    assert all(0 < weight < 1 for weight in row.causes.values())
    assert set(row.stages) <= STAGES and set(row.flavours) <= FLAVOURS
    assert all(re.fullmatch("[2-5][0-9]{2}", code) for code in row.codes)
    assert all(re.fullmatch(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", code) for code in row.enhanced)
    assert re.fullmatch(r"[A-Z].{10,200}\.", row.meaning)
    assert re.search(r"RFC [0-9]{3,4}|https?://|MS-|Exim|Cyrus|OpenSSL|Sendmail", row.source)
    assert row.checked_on is None or type(row.checked_on) is datetime.date
    assert row.valid_from is None or row.valid_until is None or row.valid_from < row.valid_until
    assert not row.fix or "Change: " in row.fix


def test_the_keys_of_the_file_are_those_of_a_row():
    """A misspelt key is an error, not a condition that is left out."""
    text = resources.files("smtptrace.diagnosis").joinpath("knowledge.toml").read_text(encoding="utf-8")
    assert {key for record in tomllib.loads(text)["reply"] for key in record} <= set(type(ROWS[0]).__slots__)


def test_words_silence_bare_codes():
    """A wording that is known is all that counts; without one, the code has its say."""
    worded = dict(
        weigh(Said("535", "5.7.139", "5.7.139 ... SmtpClientAuthentication is disabled", "AUTH"), "exchange-online")
    )
    bare = dict(weigh(Said("535", None, "odd words", "AUTH"), None))
    mute = dict(weigh(Said("535", None, "", "AUTH"), None))
    assert "smtp-auth-disabled" in worded and "wrong-credentials" not in worded
    assert bare["wrong-credentials"].confidence > mute["wrong-credentials"].confidence


def test_a_providers_rule_is_told_with_its_date():
    """Of rows about one provider it is said as of when, or that nobody looked; of the standards it is not."""
    dates = {row.checked_on.isoformat() for row in ROWS if row.checked_on}
    provider = dict(weigh(Said("535", None, "basic authentication is disabled", "AUTH"), "exchange-online"))
    standard = dict(weigh(Said("503", None, "bad sequence of commands", "DATA"), None))
    assert provider["basic-auth-disabled"].as_of in {*dates, UNCHECKED}
    assert standard["command-sequence-error"].as_of is None


@pytest.mark.parametrize(
    ("reply", "cause", "no_cause"),
    [
        ("550 5.1.8 Access denied, bad outbound sender", "account-locked", "sender-domain-invalid"),
        ("550 5.2.2 Submission quota exceeded", "rate-limit", "mailbox-full"),
        ("550 5.7.13 Sender was not authenticated for public folder", "auth-not-attempted", "account-locked"),
        ("550 5.7.750 Client blocked from sending from unregistered domain", "sender-identity-not-verified", ""),
        ("550 5.7.705 Access denied, tenant has exceeded threshold", "host-refused", "mailbox-full"),
        ("535 5.7.139 Unsuccessful, federated STS service was unreachable.", "auth-backend-unavailable", ""),
    ],
)
def test_exchange_online_means_its_own_with_a_code(reply, cause, no_cause):
    """Codes that mean something else there than in the standards, by their words."""
    code, enhanced, _ = reply.split(" ", 2)
    stage = "AUTH" if code == "535" else "DATA"
    found = dict(weigh(Said(code, enhanced, reply[4:], stage), "exchange-online"))
    assert found[cause].confidence >= 0.85 and no_cause not in found


def test_a_full_mailbox_is_still_one():
    """The standards' meaning of X.2.2 and X.1.8 stays where the words do not say otherwise."""
    full = dict(weigh(Said("552", "5.2.2", "5.2.2 over quota", "RCPT"), None))
    sender = dict(weigh(Said("553", "5.1.8", "5.1.8 Domain of sender address does not exist", "MAIL"), None))
    assert full["mailbox-full"].confidence >= 0.85 and sender["sender-domain-invalid"].confidence >= 0.85


def test_a_source_nobody_read_is_told_as_such():
    """Without a date of the check a provider's row says so, one that rests on the standards alone says nothing."""
    row = next(row for row in ROWS if row.flavours)
    assert _as_of(replace(row, checked_on=None)) == UNCHECKED
    assert _as_of(replace(row, checked_on=datetime.date(2026, 1, 2))) == "2026-01-02"
    assert _as_of(replace(row, checked_on=None, flavours=(), source="RFC 4954, 6")) is None


def test_a_date_stays_with_its_source():
    """Where two things speak for a cause, the date is that of the source that is named."""
    standard = Weight(0.9, references=("RFC 4954, 6",))
    provider = Weight(0.8, references=("https://provider.example/",), as_of=UNCHECKED)
    assert strongest(standard, provider).as_of is None
    assert strongest(Weight(0.9), provider).as_of == UNCHECKED


@pytest.mark.parametrize("text", ["a" * 2000, "address " * 250, "5.7.1 " * 333, "mail from: " * 180, "not " * 500])
def test_hostile_replies_are_quick(text):
    """No pattern backtracks without bound: a reply of 2000 octets is looked up in a moment."""
    began = time.process_time()
    about(Said("550", None, text, "RCPT"), None)
    about(Said("", None, text, "NOTE"), None)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("code", ["220", "250", "354", "421", "535", "550", "5.7.1", "4.3.1", "5.7.139"])
def test_a_code_has_its_article(code):
    """What the standard says of it, or what servers mean by it."""
    found = article(code)
    assert found is not None and found.meaning and (found.parts["servers"] or found.parts["see"])
