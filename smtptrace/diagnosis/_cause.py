"""One explanation of a failure."""

from __future__ import annotations

from dataclasses import dataclass

from smtptrace.findings import Evidence


@dataclass(slots=True)
class Cause:
    """Why a session failed: class slug, how sure, in plain words, the fix, and the lines that show it (at most 3).

    `as_of` is the date (ISO 8601) on which somebody read the source of a provider's rule that the explanation rests on,
    "unchecked" where nobody has, None where it rests on the standards.
    """

    slug: str
    confidence: float
    summary: str
    fix: str
    evidence: tuple[Evidence, ...]
    references: tuple[str, ...] = ()
    as_of: str | None = None
