"""What holds for every mechanism's file, and for the recipe."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from support.auth import b64, credential, session

from smtptrace.auth import MECHANISMS, Verdict, verify
from smtptrace.auth._read import named

ROOT = Path(__file__).parents[2]
PARAMETERS = {
    "decode": ["talk"],
    "identities": ["talk"],
    "prove": ["talk", "password", "identity"],
    "respond": ["login", "mechanism"],
    "describe": ["octets"],
}


@pytest.mark.parametrize("name", list(MECHANISMS))
def test_every_file_keeps_the_contract(name: str) -> None:
    """The functions of the recipe with their parameters; one that is not needed has an underscore before it."""
    module = MECHANISMS[name]
    assert hasattr(module, "decode")
    assert hasattr(module, "prove") == hasattr(module, "identities")
    for function, parameters in PARAMETERS.items():
        if hasattr(module, function):
            found = [each.lstrip("_") for each in inspect.signature(getattr(module, function)).parameters]
            assert found == parameters


@pytest.mark.parametrize("name", list(MECHANISMS))
def test_every_mechanism_bears_odd_exchanges(name: str) -> None:
    """Refused, broken off, cancelled, empty, cut, one-sided: never an error."""
    mechanism = name.upper().replace("_", "-")
    assert named(mechanism) == name
    for lines in (
        (f"C: AUTH {mechanism}", "S: 504 no"),
        (f"C: AUTH {mechanism}",),
        (f"C: AUTH {mechanism} =", "S: 334 ", "C: *", "S: 501 cancelled"),
        (f"C: AUTH {mechanism} {b64(bytes(range(256)))}", "S: 334 ****", "C: YWJj", "S: 535 no"),
        (f"C: AUTH {mechanism}", "S: 334 ", "C: ", "S: 334 ", "C: ", "S: 235 ok"),
        (f"C: AUTH {mechanism} a", "S: 501"),
        (f"C: AUTH {mechanism} <snip>", "S: 235 ok"),
    ):
        found = credential(*lines)
        assert found.mechanism == mechanism
        assert len(found.rounds) == sum(line.startswith("S: 334") for line in lines) + (len(lines[0].split()) > 3)
        assert verify(session(*lines).authentications[0], "geheim").verdict is not Verdict.MATCHES


def test_recipe_shows_the_real_file() -> None:
    """The listing in the documentation is the file."""
    assert (ROOT / "smtptrace/auth/cram_sha.py").read_text() in (ROOT / "docs/mechanism.md").read_text()
