"""All patterns over the rows of one run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from smtptrace._registry import Registry
from smtptrace.errors import UsageError
from smtptrace.findings import Basis, Finding
from smtptrace.patterns._row import SessionRow

PATTERNS = Registry("smtptrace.patterns")

MOST_ROWS = 1_000_000
"""Sessions that are judged together; later ones are left out, and a warning says so."""


class Judge:
    """Takes the rows of a run in any order, and judges them in the order of their times.

    Args:
        changed: thresholds other than the defaults, as `pattern.name` -> number.

    Raises:
        UsageError: a threshold that no pattern has.
    """

    def __init__(self, changed: Mapping[str, float] | None = None) -> None:
        self._thresholds = _all_thresholds(changed or {})
        self._rows: list[SessionRow] = []
        self.left_out = 0

    def add(self, row: SessionRow) -> None:
        """Take one row."""
        if not (row.logins or row.messages):
            return
        if len(self._rows) < MOST_ROWS:
            self._rows.append(row)
        else:
            self.left_out += 1

    def findings(self) -> Iterator[Finding]:
        """What the patterns find, the most severe first."""
        rows = sorted(self._rows, key=lambda row: row.time_ns or 0)
        found = [finding for name in PATTERNS for finding in self._of(name, rows)]
        return iter(sorted(found, key=lambda finding: -finding.severity))

    def _of(self, name: str, rows: list[SessionRow]) -> Iterator[Finding]:
        module = PATTERNS[name]
        fold = module.Fold(self._thresholds[name])
        for row in rows:
            fold.add(row)
        for sight in fold.found():
            yield Finding(
                rule=name.replace("_", "-"),
                severity=module.SEVERITY if sight.severity is None else sight.severity,
                summary=sight.summary,
                evidence=sight.evidence,
                basis=sight.basis or Basis.INFERRED,
                confidence=sight.confidence,
                innocent=module.INNOCENT,
                references=module.REFERENCES,
                advice=module.ADVICE,
            )


def _all_thresholds(changed: Mapping[str, float]) -> dict[str, Any]:
    """The thresholds of every pattern; a whole number stays one where the default is."""
    made: dict[str, Any] = {}
    known = {f"{name.replace('_', '-')}.{field}": (name, field) for name in PATTERNS for field in thresholds_of(name)}
    for each in changed:
        if each not in known:
            raise UsageError(f"there is no threshold {each}; choose from {', '.join(known)}")
    for name in PATTERNS:
        own = {field: changed[key] for key, (pattern, field) in known.items() if pattern == name and key in changed}
        defaults = thresholds_of(name)
        made[name] = PATTERNS[name].Thresholds(**{key: type(defaults[key])(value) for key, value in own.items()})
    return made


def thresholds_of(name: str) -> dict[str, float]:
    """The thresholds of a pattern with their defaults."""
    made = PATTERNS[name].Thresholds()
    return {field.name: getattr(made, field.name) for field in fields(made)}
