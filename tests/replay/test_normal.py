"""When two texts say the same."""

from __future__ import annotations

import pytest

from smtptrace.replay.normal import same


@pytest.mark.parametrize(
    ("one", "two", "rules"),
    [
        ("Ok: queued as 4XYZ12ab", "Ok: queued as 9QQQ77zz", ("queue-id",)),
        ("OK id=1tEx3k-000000001aB-2Yzz", "OK id=1tF000-00000000CDE-0abc", ("queue-id",)),
        (
            "a.test ESMTP Mon, 23 Nov 2026 21:00:01 +0000",
            "a.test ESMTP Tue, 24 Nov 2026 07:11:59 +0100",
            ("time", "host"),
        ),
        ("Hello client [127.0.0.1]", "Hello client [10.9.8.7]", ("address",)),
        ("mx1.example.com at your service", "mail.other.test at your service", ("host",)),
        ("Access  Denied", "access denied", ("space", "case")),
        (
            "<a1b2c3d4e5@x.test> Queued mail for delivery",
            "<f6f7f8f9a0@y.test> Queued mail for delivery",
            ("message-id",),
        ),
        ("received 1234 bytes", "received 99 bytes", None),
    ],
)
def test_what_differs_from_run_to_run(one, two, rules):
    """It is named what made them the same."""
    equal, applied = same(one, two)
    if rules is None:
        assert not equal
    else:
        assert equal
        assert set(rules) <= set(applied)


@pytest.mark.parametrize(
    ("one", "two"),
    [("Relay access denied", "User unknown"), ("SIZE 1000", "SIZE 2000"), ("try later", "never try again")],
)
def test_what_says_something_else(one, two):
    """Words and limits count."""
    assert same(one, two)[0] is False


def test_equal_texts_need_no_rule():
    """Nothing is applied, so nothing is named."""
    assert same("Ok 4XYZ12ab", "Ok 4XYZ12ab") == (True, ())


@pytest.mark.parametrize(
    "text", ["a" * 50000, "1." * 25000, "<" * 50000, "a-" * 25000, "[" * 50000, "1:" * 25000, "id=" * 20000]
)
def test_hostile_texts_end(text):
    """They are cut: what is behind the cut counts no more."""
    assert same(text, text + "!")[0] is True
