"""What the traffic does against the rules, collected with a bound."""

from __future__ import annotations

from collections import Counter

from smtptrace.smtp.records import Anomaly
from smtptrace.wire import Span

_MOST = 100
"""Anomalies of one kind that are listed; further ones are counted in the last."""


class Oddities:
    """Anomalies in the order they were met, at most 100 of a kind."""

    __slots__ = ("_count", "listed")

    def __init__(self) -> None:
        self.listed: list[Anomaly] = []
        self._count: Counter[str] = Counter()

    def tell(self, kind: str, detail: str, span: Span | None = None) -> None:
        """Note one; beyond the bound it is only counted."""
        self._count[kind] += 1
        if self._count[kind] <= _MOST:
            self.listed.append(Anomaly(kind, detail, span))

    def once(self, kind: str, detail: str, span: Span | None = None) -> None:
        """Note the first of a kind; the others say nothing new."""
        if not self._count[kind]:
            self.tell(kind, detail, span)

    def rest(self) -> list[str]:
        """One line for each kind that was met more often than it is listed."""
        return [
            f"{count - _MOST} more anomalies of kind {kind}" for kind, count in self._count.items() if count > _MOST
        ]
