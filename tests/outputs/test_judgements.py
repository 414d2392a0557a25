"""Findings and causes as JSON and as text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.dialogue import session

from smtptrace.diagnosis import UNCHECKED, Cause
from smtptrace.findings import Evidence, Finding, Severity
from smtptrace.outputs._source_lines import in_its_line
from smtptrace.outputs.judgements import (
    diagnosis_lines,
    diagnosis_object,
    finding_lines,
    judgement_object,
)
from smtptrace.trace import trace_session

REFUSED = """
    S: 220 mail.example.test ESMTP Postfix
    C: EHLO a.example.test
    S: 250-mail.example.test
    S: 250 AUTH PLAIN
    C: AUTH LOGIN
    S: 535 5.7.8 Error: authentication failed: \\x1b[31mInvalid authentication mechanism
"""


def test_what_was_captured_cannot_move_the_cursor():
    """Control octets of evidence are shown escaped."""
    lines = list(diagnosis_lines(trace_session(session(REFUSED)), "1"))
    assert "\x1b" not in "".join(lines)
    assert any("\\x1b[31m" in line for line in lines)


def test_a_diagnosis_names_the_server_and_its_causes():
    """Flavour, endpoints, ranked causes."""
    trace = trace_session(session(REFUSED))
    record = diagnosis_object(trace, "7", trace.session)
    assert (record["id"], record["server_flavour"], record["server"]) == ("7", "postfix", "10.0.0.1:25")
    assert record["causes"][0]["class"] == "mechanism-not-offered"


@pytest.mark.parametrize(
    ("as_of", "told"),
    [
        ("2026-01-02", "https://provider.example/ (checked 2026-01-02)"),
        (UNCHECKED, "https://provider.example/ (not checked against its source)"),
        (None, "https://provider.example/"),
    ],
)
def test_a_source_is_told_with_its_check(as_of, told):
    """When a provider's rule was read, or that nobody has; nothing where it rests on the standards."""
    cause = Cause("rate-limit", 0.9, "Too much.", "Look.", (), ("https://provider.example/",), as_of)
    lines = list(diagnosis_lines(replace(trace_session(session(REFUSED)), causes=(cause,)), "1"))
    assert " ".join(" ".join(lines).split()).endswith(f"see: {told}")


def test_a_finding_over_all_sessions_has_the_file_of_each_line():
    """No session of its own, so each line says where it stands."""
    finding = Finding("burst", Severity.INFO, "much mail", (Evidence("session 7: MAIL", None, "a.pcap"),))
    record = judgement_object(finding, None, None)
    assert (record["source"], record["id"], record["evidence"][0]["file"]) == (None, None, "a.pcap")
    assert "a.pcap frame ?: session 7: MAIL" in "\n".join(finding_lines(finding, None, None))


def test_a_short_line_is_shown_as_it_stands_in_its_file(tmp_path):
    """But never one that holds a part of a login."""
    path = tmp_path / "log.txt"
    path.write_text("12:00:01 <- 250 DSN\n12:00:02 -> AUTH PLAIN AGEAaHVudGVy <- 535 no\n", encoding="utf-8")
    read = session("C: AUTH PLAIN AGEAaHVudGVy\nS: 535 no")
    read.connection.origin.path = str(path)
    assert in_its_line("250 DSN", 1, read) == "12:00:01 <- 250 DSN"
    assert in_its_line("535 no", 2, read) == "535 no"
    assert in_its_line("250 DSN", 9, read) == "250 DSN"
    read.connection.origin.format = "pcapng"
    assert in_its_line("250 DSN", 1, read) == "250 DSN"
