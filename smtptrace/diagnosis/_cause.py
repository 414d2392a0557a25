"""One explanation of a failure."""

from __future__ import annotations

from dataclasses import dataclass

from smtptrace.findings import Evidence


@dataclass(slots=True)
class Cause:
    """Why a session failed: class slug, how sure, in plain words, the fix, and the lines that show it (at most 3)."""

    slug: str
    confidence: float
    summary: str
    fix: str
    evidence: tuple[Evidence, ...]
    references: tuple[str, ...] = ()
