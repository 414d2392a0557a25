"""Every rule asked about one session."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from types import ModuleType

from smtptrace._registry import Registry
from smtptrace.auth import Credential
from smtptrace.findings._evidence import placed
from smtptrace.findings._facets import facets_of
from smtptrace.findings._finding import Basis, Facet, Finding, Sight
from smtptrace.smtp import Session

RULES = Registry("smtptrace.findings")

MOST_EVIDENCE = 3


def judge(session: Session, credentials: Sequence[Credential]) -> tuple[Finding, ...]:
    """What the rules find in the session, the most severe first; nothing without a line that shows it."""
    found: list[Finding] = []
    for rule, module in _rules_for(facets_of(session, credentials)):
        for sight in module.judge(session, credentials):
            if sight.evidence:
                found.append(_finding(rule, module, sight, session))
    if len(found) > 1:
        found.sort(key=lambda finding: -finding.severity)
    return tuple(found)


@lru_cache(maxsize=Facet.REFUSALS * 2)
def _rules_for(facets: Facet) -> tuple[tuple[str, ModuleType], ...]:
    """The rules whose needs a session with these facets meets."""
    return tuple(
        (name.replace("_", "-"), RULES[name]) for name in RULES if RULES[name].NEEDS & facets == RULES[name].NEEDS
    )


def _finding(rule: str, module: ModuleType, sight: Sight, session: Session) -> Finding:
    usual: Basis = getattr(module, "BASIS", Basis.OBSERVED)
    return Finding(
        rule=rule,
        severity=module.SEVERITY if sight.severity is None else sight.severity,
        summary=sight.summary,
        evidence=tuple(placed(each, session) for each in sight.evidence[:MOST_EVIDENCE]),
        basis=sight.basis or usual,
        confidence=sight.confidence,
        innocent=module.INNOCENT,
        references=module.REFERENCES,
        advice=module.ADVICE,
    )
