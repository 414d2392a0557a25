"""Secrets keep themselves."""

from __future__ import annotations

import json
import logging
import pickle

import pytest

from smtptrace.secret import MASK, Secret


@pytest.mark.parametrize("value", ["hunter2", b"hunter2", "пароль"])
def test_no_form_of_printing_shows_it(value: str | bytes) -> None:
    """str, repr, format, logging and JSON by default=str all give dots."""
    secret = Secret(value)
    record = logging.LogRecord("x", logging.INFO, "x", 1, "%s %r", (secret, secret), None)
    printed = f"{secret} {secret!r} {secret:>20} {record.getMessage()} {json.dumps(secret, default=str)}"
    assert MASK in printed
    assert "hunter2" not in printed
    assert "пароль" not in printed


def test_reveal_is_the_only_door() -> None:
    """The value comes back as it was; octets are text in UTF-8."""
    assert Secret("ü").reveal() == "ü"
    assert Secret("ü").octets() == b"\xc3\xbc"
    assert Secret(b"\xff").octets() == b"\xff"


def test_it_cannot_be_written_out() -> None:
    """Pickling would store the secret, so it is refused."""
    with pytest.raises(TypeError, match="never written"):
        pickle.dumps(Secret("x"))


def test_equal_secrets_are_equal_and_hash_alike() -> None:
    """Equality is by value, the hash tells nothing, an empty secret is false."""
    assert Secret("a") == Secret(b"a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert hash(Secret("a")) == hash(Secret("b"))
    assert not Secret("")
    assert Secret("x")
