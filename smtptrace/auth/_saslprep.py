"""Preparation of names and passwords (RFC 4013, over the tables of RFC 3454)."""

from __future__ import annotations

import stringprep
import unicodedata

_PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def saslprep(text: str) -> str | None:
    """The text as SASLprep makes it, None where it may not be used."""
    spaced = (" " if stringprep.in_table_c12(each) else each for each in text if not stringprep.in_table_b1(each))
    prepared = unicodedata.normalize("NFKC", "".join(spaced))
    if any(table(each) for each in prepared for table in _PROHIBITED):
        return None
    return prepared if _directions_agree(prepared) else None


def _directions_agree(text: str) -> bool:
    """Whether text that reads from right to left does so from its first to its last character."""
    if not any(stringprep.in_table_d1(each) for each in text):
        return True
    ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return ends and not any(stringprep.in_table_d2(each) for each in text)
