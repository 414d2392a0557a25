"""What is said to what is not recorded, where it is accepted."""

from __future__ import annotations

import pytest

from smtptrace.replay.serve_usual import accepting, accepting_login


@pytest.mark.parametrize(
    ("verb", "code"), [("EHLO", b"250"), ("VRFY", b"252"), ("STARTTLS", b"220"), ("ETRN", b"250"), (None, b"500")]
)
def test_a_reply(verb, code):
    """As RFC 5321 has it."""
    assert accepting(verb).startswith(code + b" ")


@pytest.mark.parametrize(("mechanism", "rounds"), [("PLAIN", 0), ("LOGIN", 2), ("CRAM-MD5", 1), ("SCRAM-SHA-256", 0)])
def test_a_login(mechanism, rounds):
    """It is accepted, after as many challenges as can be made up."""
    found = accepting_login(mechanism)
    assert (len(found.rounds), found.reply.code) == (rounds, 235)


@pytest.mark.parametrize("mechanism", ["NTLM", "GSSAPI", ""])
def test_a_login_that_cannot_be(mechanism):
    """Its challenges are of a real server."""
    assert accepting_login(mechanism) is None
