"""What replies and error texts mean: the rows of knowledge.toml, read once and asked by code, wording and flavour."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

from smtptrace.diagnosis._weight import UNCHECKED, Weight

_LISTS = ("codes", "enhanced", "stages", "flavours")
_ITS_OWN = 0.5
_ONE_OF_MANY = re.compile(r"<?[^\s<>@]{1,256}@[^\s<>@]{1,256}>?|\[[0-9a-fA-F.:]{3,45}\]")
"""What differs from one reply to the next and means nothing: left out, so that an answer is looked up once."""

_MUTE = 0.4
"""What is left of the weight of a code alone, where the server gave no words with it."""


class Said(NamedTuple):
    """One thing that was said: `code` and `enhanced` of a reply ("" and None for a note), its words, and where."""

    code: str
    enhanced: str | None
    text: str
    stage: str


@dataclass(slots=True)
class Row:
    """One row of knowledge.toml.

    A row speaks for what is said where all of these agree, empty ones agreeing with everything: `codes`, `enhanced`,
    `stages`, `flavours`, and `pattern` (searched, letter case ignored). A row with a pattern is not held back by the
    flavour: software quotes other servers. `causes` gives weights from 0 to 1 by slug. A row that is not `lone` says
    nothing of a reply whose command is not known. `checked_on` is the day somebody read the source named in the row
    and found it to say so; without it nobody has.
    """

    meaning: str
    causes: dict[str, float]
    source: str
    codes: tuple[str, ...] = ()
    enhanced: tuple[str, ...] = ()
    pattern: str = ""
    stages: tuple[str, ...] = ()
    flavours: tuple[str, ...] = ()
    fix: str = ""
    valid_from: datetime.date | None = None
    valid_until: datetime.date | None = None
    lone: bool = True
    checked_on: datetime.date | None = None

    def speaks_for(self, said: Said, flavour: str | None) -> bool:
        """Whether the row is about this."""
        return (
            (not self.codes or said.code in self.codes or _quotes(self.codes, said))
            and (not self.enhanced or said.enhanced in self.enhanced or _quotes(self.enhanced, said))
            and (not self.stages or said.stage in self.stages or self._may_be_of(said.stage))
            and (self._words(said) if self.pattern else not self.flavours or flavour in self.flavours)
        )

    def _may_be_of(self, stage: str) -> bool:
        """Whether the stage is not known to be another: a lone reply, or a note, unless the row is for notes alone."""
        return self.lone and stage in {"NOTE", "UNASKED", "GREETING"} and self.stages != ("NOTE",)

    def _words(self, said: Said) -> bool:
        return bool(said.text) and _wording(self.pattern).search(said.text) is not None


def _quotes(codes: tuple[str, ...], said: Said) -> bool:
    """Whether a note quotes one of the codes."""
    return not said.code and any(re.search(rf"(?<![\w.]){re.escape(code)}(?![\w])", said.text) for code in codes)


@lru_cache(maxsize=1)
def rows() -> tuple[Row, ...]:
    """All rows, in the order of the file."""
    import tomllib
    from importlib import resources

    text = resources.files("smtptrace.diagnosis").joinpath("knowledge.toml").read_text(encoding="utf-8")
    return tuple(_row(record) for record in tomllib.loads(text)["reply"])


def _row(record: dict[str, Any]) -> Row:
    lists: dict[str, Any] = {key: tuple(record[key]) for key in _LISTS if key in record}
    return Row(**(record | lists))


@cache
def _wording(pattern: str) -> re.Pattern[str]:
    """A pattern when it is first asked for: most are not in one run."""
    return re.compile(pattern, re.IGNORECASE)


def weigh(said: Said, flavour: str | None) -> tuple[tuple[str, Weight], ...]:
    """The causes that this speaks for, each with its strongest row; a row of wordings silences those of bare codes."""
    return _weigh(said._replace(text=_ONE_OF_MANY.sub("x", said.text)), flavour)


@lru_cache(maxsize=4096)
def _weigh(said: Said, flavour: str | None) -> tuple[tuple[str, Weight], ...]:
    matching = about(said, flavour)
    worded = [row for row in matching if row.pattern]
    best: dict[str, Weight] = {}
    for row in worded or matching:
        for slug, confidence in row.causes.items():
            heard = confidence if row.pattern or said.text else confidence * _MUTE
            if slug not in best or heard > best[slug].confidence:
                best[slug] = _weight(row, round(heard, 3))
    return tuple(best.items())


def _weight(row: Row, confidence: float) -> Weight:
    """The row's word for a cause; for one it only thinks of, the cause's own explanation stands."""
    if confidence < _ITS_OWN:
        return Weight(confidence)
    return Weight(confidence, (), row.meaning, row.fix, _as_of(row), tuple(row.source.split("; ")))


def about(said: Said, flavour: str | None) -> tuple[Row, ...]:
    """The rows that speak for this, those with a wording first."""
    found = [row for row in rows() if row.speaks_for(said, flavour)]
    return tuple(sorted(found, key=lambda row: not row.pattern))


def _as_of(row: Row) -> str | None:
    """The day the source was read, or that nobody has, where the row rests on what a provider or server does."""
    if not row.flavours and "://" not in row.source:
        return None
    return row.checked_on.isoformat() if row.checked_on else UNCHECKED
