"""JUnit XML: what a CI server reads, whatever the other end said."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtptrace.errors import UsageError
from smtptrace.replay.junit import Case, Suite, junit, write_report


def read(*suites: Suite) -> ElementTree.Element:
    return ElementTree.fromstring(junit("smtptrace", suites))


def test_suites_and_cases():
    """Counts by outcome, seconds, and why, in whole and in its first line."""
    cases = (Case("1 EHLO", 0.5), Case("2 MAIL", 0.25, failure="550 <no>\nmore"), Case("3", error="gone"))
    root = read(Suite("session 1", (*cases, Case("4", skipped="left out"))), Suite("session 2", ()))
    assert (root.tag, root.get("name"), len(root)) == ("testsuites", "smtptrace", 2)
    facts = {"tests": "4", "failures": "1", "errors": "1", "skipped": "1", "time": "0.750", "name": "session 1"}
    assert root[0].attrib == facts
    assert [len(case) for case in root[0]] == [0, 1, 1, 1]
    assert root[0][1].attrib == {"name": "2 MAIL", "classname": "session 1", "time": "0.250"}
    failure = root[0][1][0]
    assert (failure.tag, failure.get("message"), failure.text) == ("failure", "550 <no>", "550 <no>\nmore")
    assert root[0][2][0].tag == "error"


def test_what_xml_forbids_is_written_out():
    """Control characters, half characters and no-characters are seen and not dropped."""
    case = read(Suite("s", (Case("\x1b[1m", failure="a\x00b\x7f\x85\ud800\uffff\tc"),)))[0][0]
    assert case.get("name") == r"\x1b[1m"
    assert case[0].text == "a\\x00b\\x7f\\x85\\ud800\\uffff\tc"


@given(st.text(st.characters(codec=None), min_size=1), st.text(st.characters(codec=None), min_size=1))
def test_any_text_can_be_read_back_by_a_parser(name, failure):
    """No text makes a document that is none."""
    assert len(read(Suite(name, (Case(name, failure=failure),)))[0][0]) == 1


def test_a_report_is_private_and_replaces_an_older_one(tmp_path):
    """It may hold addresses; a test run writes the same name every time."""
    path = tmp_path / "report.xml"
    for octets in (b"old, and longer", b"new"):
        write_report(path, octets)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == b"new"
    assert [each.name for each in tmp_path.iterdir()] == ["report.xml"]


def test_what_is_no_file_is_written_to():
    """A device stays a device."""
    write_report(Path(os.devnull), b"x")
    assert Path(os.devnull).is_char_device()


def test_a_place_that_is_none(tmp_path):
    """It is named."""
    with pytest.raises(UsageError, match="cannot be written"):
        write_report(tmp_path / "none" / "report.xml", b"")
    with pytest.raises(UsageError, match="cannot be written"):
        write_report(tmp_path, b"")
