"""Anomalies are collected with a bound."""

from __future__ import annotations

from support.dialogue import session

from smtptrace.smtp.oddities import Oddities


def kinds(read):
    return [anomaly.kind for anomaly in read.anomalies]


def test_anomalies_of_one_kind_are_bounded():
    """The hundred-and-first is only counted, and that is said."""
    read = session("S: 220 hi\n" + "C> NOOP\\n\n" * 130 + "S: 250 ok\n" * 130)
    assert kinds(read).count("bare-lf") == 100
    assert "30 more anomalies of kind bare-lf" in read.warnings


def test_only_the_first_of_its_kind():
    """`once` says nothing twice."""
    odd = Oddities()
    odd.once("a", "first")
    odd.once("a", "second")
    assert [each.detail for each in odd.listed] == ["first"]
    assert odd.rest() == []
