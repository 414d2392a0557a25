"""The names that are looked for."""

from __future__ import annotations

import base64

from smtptrace.pseudonymize._lexicon import Lexicon


def test_a_name_in_any_case_and_in_longer_words() -> None:
    """The longest name counts; a short one only where it stands alone."""
    lexicon = Lexicon()
    lexicon.add("Zora.Quist", str.upper, alone=False)
    lexicon.add("zora", lambda _: "X", alone=True)
    lexicon.add("bo", lambda _: "Y", alone=False)
    assert lexicon.replaced("zora.quist2, zorab, Zora: bo bob") == "ZORA.QUIST2, zorab, X: Y bob"


def test_only_whole_names_have_other_forms() -> None:
    """As it is spelt and in small letters; of what counts alone there is none."""
    lexicon = Lexicon()
    lexicon.add("Quist", str.upper, alone=False)
    lexicon.add("zora", str.upper, alone=True)
    found = {form for each in lexicon.forms.values() for form in each}
    assert {b"Quist", b"quist", base64.b64encode(b"quist")[:6]} <= found
    assert not any(b"zora" in form for form in found)


def test_few_are_kept() -> None:
    """Those that were added last."""
    lexicon = Lexicon()
    for number in range(9):
        lexicon.add(f"name{number}x", lambda _: "-", alone=False)
    assert lexicon.replaced("name0x") == "-"
    lexicon.trim(3)
    assert lexicon.replaced("name0x name8x") == "name0x -"
