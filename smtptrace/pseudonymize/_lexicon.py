"""The names that are looked for wherever they stand, and what stands in their place."""

from __future__ import annotations

import re
from collections.abc import Callable

from smtptrace.forms import forms

_SHORTEST = 4
"""Octets; a shorter form of a name would be found in every word."""

_WHOLE_WORD = 4
"""Characters; a shorter name is only replaced where it stands alone."""


class Lexicon:
    """Names by their spelling in small letters: each with the function that gives its pseudonym, and its forms."""

    def __init__(self) -> None:
        self.words: dict[str, Callable[[str], str]] = {}
        self.forms: dict[str, tuple[bytes, ...]] = {}
        self._alone: dict[str, None] = {}
        self._pattern: re.Pattern[str] | None = None

    def add(self, name: str, pseudonym: Callable[[str], str], *, alone: bool) -> None:
        """Look for a name; `alone` tells that it counts only between what is no letter, and in no other form."""
        key = name.lower()
        if key not in self.words:
            self.words[key] = pseudonym
            self._pattern = None
        if alone:
            self._alone[key] = None
            return
        for spelling in {name, key} - self.forms.keys():
            octets = spelling.encode("utf-8", "surrogateescape")
            self.forms[spelling] = tuple(form for form in forms(octets) if len(form) >= _SHORTEST)

    def trim(self, most: int) -> None:
        """Keep the names that were added last."""
        for learnt in (self.words, self.forms, self._alone):
            for name in list(learnt)[:-most]:
                del learnt[name]
                self._pattern = None

    def replaced(self, text: str) -> str:
        """The text with pseudonyms."""
        words = self.words
        return self.pattern.sub(lambda found: words[found.group().lower()](found.group()), text) if words else text

    @property
    def pattern(self) -> re.Pattern[str]:
        """Finds any of the names, the longest first."""
        if self._pattern is None:
            ordered = sorted(self.words, key=len, reverse=True)
            found = "|".join(_word(word, alone=word in self._alone) for word in ordered)
            self._pattern = re.compile(found or "(?!)", re.IGNORECASE)
        return self._pattern


def _word(word: str, *, alone: bool) -> str:
    if alone:
        return rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])"
    return re.escape(word) if len(word) >= _WHOLE_WORD else rf"(?<!\w){re.escape(word)}(?!\w)"
