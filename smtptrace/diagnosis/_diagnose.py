"""Every cause asked about one session, ranked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from types import ModuleType

from smtptrace._registry import Registry
from smtptrace.auth import Credential
from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._cause import Cause
from smtptrace.diagnosis._weight import FAINT, UNKNOWN, Weight
from smtptrace.findings import Evidence, Finding
from smtptrace.findings._evidence import placed
from smtptrace.smtp import Session
from smtptrace.wire import Side

CAUSES = Registry("smtptrace.diagnosis")

MOST = 5
"""Causes that are named for one session."""

MOST_EVIDENCE = 3

_FOLLOWS = 0.93
_UNKNOWN = "unknown"


def diagnose(session: Session, credentials: Sequence[Credential], findings: Sequence[Finding]) -> tuple[Cause, ...]:
    """Why the session failed, the likeliest cause first; empty where it did not fail.

    `unknown` stands alone, or before causes that are no more than a guess. No cause is named without a line that
    shows it.
    """
    if not _may_have_failed(session):
        return ()
    case = Case(session, credentials, findings)
    if not case.failed:
        return ()
    found = [(name, weight) for name, weight in _weighed(case) if weight.confidence >= FAINT]
    found.sort(key=lambda each: -each[1].confidence)
    if not found or found[0][1].confidence <= UNKNOWN:
        nothing_tells: Weight | None = CAUSES[_UNKNOWN].weigh(case)
        found = [(_UNKNOWN, nothing_tells), *found] if nothing_tells else found
    return tuple(_cause(name, weight, case) for name, weight in found[:MOST])


def slug_of(name: str) -> str:
    """The slug of a cause's module: its name with hyphens."""
    return name.replace("_", "-")


_Entry = tuple[str, Callable[[Case], Weight | None]]


def _weighed(case: Case) -> Iterator[tuple[str, Weight]]:
    """The causes that have something to say, each with its weight."""
    for name, weigh in _asked(case):
        weight = weigh(case)
        if weight is not None and weight.evidence:
            yield name, _placed(weight, case)


def _asked(case: Case) -> list[_Entry]:
    """The causes that may have a say: by the stages at which something was refused, or by what was said."""
    stages = {each.stage for each in case.refusals} or {"SILENT"}
    if case.session.tls is not None:
        stages.add("TLS")
    asked, others = _entries(frozenset(stages))
    return [*asked, *(others[slug] for slug in case.wordings if slug in others)]


@lru_cache(maxsize=256)
def _entries(stages: frozenset[str]) -> tuple[tuple[_Entry, ...], dict[str, _Entry]]:
    """The causes whose stages are among these or that name none, and by slug those that are left to the words."""
    asked: list[_Entry] = []
    others: dict[str, _Entry] = {}
    for name in (each for each in CAUSES if each != _UNKNOWN):
        module, slug = CAUSES[name], slug_of(name)
        at = getattr(module, "AT", None if hasattr(module, "weigh") else ())
        entry = (name, getattr(module, "weigh", partial(Case.said, slug=slug)))
        if at is None or stages.intersection(at):
            asked.append(entry)
        else:
            others[slug] = entry
    return tuple(asked), others


def _placed(weight: Weight, case: Case) -> Weight:
    """The weight, less where it rests on a later refusal alone: what comes after the first mostly follows from it."""
    if len(case.refusals) < 2:
        return weight
    first, *later = (each.reply.span.start for each in case.refusals)
    starts = {each.span.start for each in weight.evidence if each.span and each.span.side is Side.SERVER}
    if first in starts or not starts.intersection(later):
        return weight
    return replace(weight, confidence=round(weight.confidence * _FOLLOWS, 3))


def _cause(name: str, weight: Weight, case: Case) -> Cause:
    module = CAUSES[name]
    return Cause(
        slug=slug_of(name),
        confidence=round(min(weight.confidence, 0.99), 2),
        summary=weight.because or CAUSES.summary(name),
        fix=weight.fix or fix_for(module, case.flavour),
        evidence=tuple(placed(each, case.session) for each in _distinct(weight.evidence)),
        references=tuple(dict.fromkeys((*module.REFERENCES, *weight.references))),
        as_of=weight.as_of,
    )


def fix_for(module: ModuleType, flavour: str | None) -> str:
    """The fix of a cause for a kind of server: first a command that only looks, then the change."""
    fixes: Mapping[str, str] = module.FIX
    return fixes.get(flavour or "", fixes["any"])


def _distinct(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """At most three different lines that say something."""
    kept: dict[tuple[str, int | None], Evidence] = {}
    for each in evidence:
        if each.text.strip():
            kept.setdefault((each.text, each.span.frame if each.span else None), each)
    return tuple(kept.values())[:MOST_EVIDENCE]


def _may_have_failed(session: Session) -> bool:
    """A quick look: whether anything was refused, noted, broken off, or never came to an end."""
    for exchange in session.exchanges:
        reply = exchange.reply
        if reply is None or reply.code >= 400 or exchange.replies:
            return True
    return bool(
        not session.transactions
        or session.notes
        or session.greeting is None
        or session.greeting.code >= 400
        or any(each.outcome.value != "accepted" for each in session.transactions)
    )
