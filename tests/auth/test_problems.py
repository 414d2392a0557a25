"""Every problem has its sentence, and every sentence its problem."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fuzz.targets import NAMES, exchange_of
from hypothesis import given
from hypothesis import strategies as st

import smtptrace.auth
from smtptrace.auth._problems import PROBLEMS, problem_text
from smtptrace.auth._read import read_exchange

SOURCE = "".join(
    path.read_text() for path in Path(smtptrace.auth.__file__).parent.glob("*.py") if path.stem != "_problems"
)


@pytest.mark.parametrize("slug", PROBLEMS)
def test_every_sentence_belongs_to_a_problem(slug: str) -> None:
    """The slug stands in the code, the sentence is one."""
    assert f'"{slug}"' in SOURCE
    assert re.fullmatch(r"[A-Z].*\.", PROBLEMS[slug])


@pytest.mark.parametrize(
    ("slug", "words"),
    [
        ("ntlm-response-in-login", "NTLM, but the command names LOGIN"),
        ("nt-response-out-of-range", "field nt response"),
        ("user-odd-length", "field user"),
        ("domain-overlaps-header", "field domain"),
        ("user-not-utf-16", "field user"),
    ],
)
def test_problems_that_name_something(slug: str, words: str) -> None:
    """The names are in the sentence."""
    assert words in (problem_text(slug) or "")


def test_no_problem() -> None:
    """What does not exist has no sentence."""
    assert problem_text("nonsense") is None


WORDS = st.sampled_from(
    [
        *(
            b"alice",
            b"a@example.com",
            b"\0alice\0geheim",
            b"user:pw",
            b"tim 00",
            b"undefined",
            b"",
            b"a\n",
            b" a",
            b"?",
        ),
        *(b"n,,n=a,r=x", b"c=biws,r=x", b"r=y,s=,i=1", b"user=a\x01auth=Bearer t\x01", b'{"status":"401"}', b"<snip>"),
        *(b'username="a",nonce="b",response=0', b"NTLMSSP\0\3\0\0\0\xff\xff\0\0", b"caf\xe9", b"a\0l\0i\0c\0"),
    ]
)


@given(mechanism=st.sampled_from(NAMES), lines=st.lists(WORDS, min_size=1, max_size=5), encoding=st.integers(0, 255))
def test_every_problem_has_a_sentence(mechanism: str, lines: list[bytes], encoding: int) -> None:
    """Whatever goes wrong."""
    for slug in read_exchange(exchange_of(mechanism, encoding, b"\n".join(lines))).problems:
        assert problem_text(slug), slug
