"""Which sessions are wanted."""

from __future__ import annotations

import base64

import pytest
from support.dialogue import START_NS, session

from smtptrace.select import ONLY, Selection
from smtptrace.trace import trace_session

PLAIN = base64.b64encode(b"\0Alice@Example.org\0secret-of-alice").decode()
REFUSED = trace_session(
    session(f"S: 220 hi\nC: EHLO a\nS: 250 AUTH PLAIN\nC: AUTH PLAIN {PLAIN}\nS: 535 no\nC: QUIT\nS: 221 bye")
)
QUIET = trace_session(session("S: 220 hi\nC: QUIT\nS: 221 bye"))


@pytest.mark.parametrize(
    ("selection", "refused", "quiet"),
    [
        (Selection(), True, True),
        (Selection(ids=("7",)), True, True),
        (Selection(ids=("8",)), False, False),
        (Selection(ports=(25,)), True, True),
        (Selection(ports=(50011,)), True, True),
        (Selection(ports=(587,)), False, False),
        (Selection(hosts=("10.0.0.0/24",)), True, True),
        (Selection(hosts=("10.0.0.5",)), True, True),
        (Selection(hosts=("mail.example",)), False, False),
        (Selection(users=("alice",)), True, False),
        (Selection(users=("ALICE@example.ORG",)), True, False),
        (Selection(users=("bob",)), False, False),
        (Selection(only=("auth-failed",)), True, False),
        (Selection(only=("auth", "auth-accepted")), False, False),
        (Selection(only=("clear",)), True, True),
        (Selection(since_ns=START_NS, until_ns=START_NS + 10**8), True, True),
        (Selection(since_ns=START_NS + 10**9), False, False),
        (Selection(until_ns=START_NS - 1), False, False),
    ],
)
def test_every_field_narrows(selection: Selection, refused: bool, quiet: bool) -> None:
    """A field that is empty asks nothing, the others must all hold."""
    assert selection.takes(REFUSED, "7") is refused
    assert selection.takes(QUIET, "7") is quiet


def test_an_empty_selection_is_false() -> None:
    """So that callers can tell whether anything was asked."""
    assert not Selection()
    assert Selection(ports=(25,))


@pytest.mark.parametrize("word", list(ONLY))
def test_every_word_of_only_gives_an_answer(word: str) -> None:
    """Each is a question that any session can answer."""
    assert isinstance(ONLY[word](REFUSED), bool)
    assert isinstance(ONLY[word](QUIET), bool)
