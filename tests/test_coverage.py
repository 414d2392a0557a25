"""What the evidence holds."""

from __future__ import annotations

from support.dialogue import session

from smtptrace.coverage import Coverage
from smtptrace.trace import trace_session

WHOLE = "S: 220 hi\nC: QUIT\nS: 221 bye"
ENCRYPTED = "S: 220 hi\nC: EHLO a\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n-- secured"
ONE_SIDED = "C: EHLO a\nC: QUIT"
CUT = "S: 220 hi\nC: EHLO a\n-- gap S ? lost"


def test_sessions_are_counted_by_what_can_be_read() -> None:
    """Each under one heading only."""
    coverage = Coverage()
    for script in (WHOLE, ENCRYPTED, ONE_SIDED, CUT):
        coverage.add(trace_session(session(script)), selected=False)
    assert (coverage.sessions, coverage.readable, coverage.encrypted) == (4, 1, 1)
    assert (coverage.one_sided, coverage.incomplete) == (1, 1)


def test_an_attempt_is_no_session() -> None:
    """It is counted beside them; a filter may want it all the same."""
    trace = trace_session(session(WHOLE))
    trace.attempt = "refused"
    coverage = Coverage()
    coverage.add(trace, selected=True)
    assert (coverage.sessions, coverage.readable, coverage.selected) == (0, 0, 1)


def test_not_found_is_said_against_what_could_not_be_seen() -> None:
    """What is encrypted, one-sided or cut cannot be excluded."""
    assert Coverage(sessions=2, readable=2).not_found() == "not seen in 2 readable sessions, and there are no others"
    said = Coverage(sessions=4, readable=1, encrypted=2, incomplete=1).not_found()
    assert said == "not seen in 1 readable session; 2 encrypted and 1 incomplete cannot be excluded"
    said = Coverage(sessions=1, readable=1).not_found(headers_only=3)
    assert said == "not seen in 1 readable session; 3 captured without content cannot be excluded"
