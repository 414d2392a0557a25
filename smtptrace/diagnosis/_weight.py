"""How strongly something speaks for a cause."""

from __future__ import annotations

from dataclasses import dataclass

from smtptrace.findings import Evidence

CERTAIN = 0.97
"""The octets show it."""
STRONG = 0.9
"""The server says so in words, or the order of commands shows it."""
LIKELY = 0.75
"""It fits everything that is here."""
PLAUSIBLE = 0.55
"""It fits, and others may."""
UNKNOWN = 0.4
"""How sure one is that nothing here tells: weaker causes rank behind `unknown`."""
FAINT = 0.25
"""A thought worth a look, no more."""

UNCHECKED = "unchecked"
"""In the place of a date: nobody has read the source that is named."""


@dataclass(slots=True)
class Weight:
    """Confidence from 0 to 1, the lines that show it, and, where there is more to say than the cause's own
    explanation, why (`because`), the fix for this very reply, and when a provider's rule was checked
    against `references` (ISO 8601, or UNCHECKED)."""

    confidence: float
    evidence: tuple[Evidence, ...] = ()
    because: str = ""
    fix: str = ""
    as_of: str | None = None
    references: tuple[str, ...] = ()


def strongest(first: Weight | None, second: Weight | None) -> Weight:
    """The stronger of two, with the evidence of both."""
    if first is None or second is None:
        return first or second or Weight(0.0)
    high, low = (first, second) if first.confidence >= second.confidence else (second, first)
    more = tuple(each for each in low.evidence if each not in high.evidence)
    read = high if high.references else low
    return Weight(
        high.confidence,
        high.evidence + more,
        high.because or low.because,
        high.fix or low.fix,
        read.as_of,
        read.references,
    )
