"""A replay as a record for JSON (`smtptrace.replay/1`, docs/replay.md) and as named results for JUnit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smtptrace.replay.compare import Compared, Comparison, Status, Verdict
from smtptrace.replay.junit import Case, Suite
from smtptrace.replay.plan import Target
from smtptrace.replay.player import Done
from smtptrace.replay.run import Played
from smtptrace.replay.script import Said, Script

SCHEMA = "smtptrace.replay/1"


@dataclass(frozen=True, slots=True)
class Result:
    """One session at one target."""

    script: Script
    target: Target
    played: Played
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Outcome:
    """One session: at the target, and where it was asked for at a second one and these against each other."""

    first: Result
    second: Result | None = None
    between: Comparison | None = None

    @property
    def results(self) -> tuple[Result, ...]:
        """At each target."""
        return (self.first, self.second) if self.second else (self.first,)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """At each target, and of these against each other."""
        found = tuple(each.comparison.verdict for each in self.results)
        return (*found, self.between.verdict) if self.between else found

    @property
    def differs(self) -> bool:
        """Whether any of these is not the same."""
        return set(self.verdicts) != {Verdict.SAME}


@dataclass(frozen=True, slots=True)
class NotPlayed:
    """A session that was asked for and cannot be played."""

    name: str
    reason: str


def not_played_object(left: NotPlayed, source: str) -> dict[str, Any]:
    """It as plain values."""
    return {"schema": SCHEMA, "source": source, "id": left.name, "verdict": "not-played", "reason": left.reason}


def outcome_object(outcome: Outcome, source: str) -> dict[str, Any]:
    """The session as plain values; `against` and `between` are there where it was played at a second target."""
    found = {"schema": SCHEMA, "source": source, "id": outcome.first.script.name, **_outcome(outcome.first)}
    if outcome.second is None or outcome.between is None:
        return found
    between = outcome.between
    beside = {"verdict": between.verdict.value, "first_difference": _number(between), "steps": _steps(between)}
    return {**found, "against": _outcome(outcome.second), "between": beside}


def _outcome(result: Result) -> dict[str, Any]:
    comparison, tls = result.comparison, result.played.tls
    return {
        "target": str(result.target),
        "verdict": comparison.verdict.value,
        "first_difference": _number(comparison),
        "broken": result.played.broken or None,
        "stopped": result.played.stopped or None,
        "not_read": result.script.unread or None,
        "tls": {"version": tls.version, "cipher": tls.cipher} if tls else None,
        "extensions": {"added": list(comparison.added), "removed": list(comparison.removed)},
        "steps": _steps(comparison),
    }


def _number(comparison: Comparison) -> int | None:
    return None if comparison.first is None else comparison.first + 1


def _steps(comparison: Comparison) -> list[dict[str, Any]]:
    return [_step(number, each) for number, each in enumerate(comparison.steps, 1)]


def _step(number: int, compared: Compared) -> dict[str, Any]:
    done = compared.done
    return {
        "number": number,
        "verb": done.step.verb or None,
        "sent": text(done.sent) if done.sent else None,
        "recorded": said_object(done.step.recorded),
        "received": said_object(done.received),
        **_each(done),
        "status": compared.status.value,
        "detail": compared.detail or None,
        "normalised": list(compared.rules),
        "adapted": list(done.adapted),
        "frame": done.step.frame,
    }


def _each(done: Done) -> dict[str, Any]:
    """The codes for each recipient, where there are such (LMTP)."""
    if not (done.step.replies or done.replies):
        return {}
    return {"codes": {"recorded": [s.code for s in done.step.replies], "received": [s.code for s in done.replies]}}


def said_object(said: Said | None) -> dict[str, Any] | None:
    """One reply as plain values; `text` as in the lines, without code and separator."""
    if said is None:
        return None
    latency = None if said.latency_ns is None else said.latency_ns / 1e9
    lines = [text(line[4:]) for line in said.lines]
    return {"code": said.code, "enhanced": said.enhanced, "text": lines, "latency_s": latency}


def text(octets: bytes) -> str:
    """Octets as text; what is no UTF-8 is shown with U+FFFD."""
    return octets.decode("utf-8", "replace")


def suites(results: Sequence[Result], left: Sequence[NotPlayed] = ()) -> tuple[Suite, ...]:
    """A test suite a session and a test case a step; those that were not played are skipped cases of one more."""
    found = [_suite(each) for each in results]
    skipped = tuple(Case(f"session {each.name}", skipped=each.reason) for each in left)
    return (*found, *([Suite("not played", skipped)] if skipped else []))


def _suite(result: Result) -> Suite:
    first = result.comparison.first
    later = len(result.comparison.steps) if first is None else first + 1
    cases = tuple(_case(at + 1, each, after=at >= later) for at, each in enumerate(result.comparison.steps))
    return Suite(f"session {result.script.name} at {result.target}", cases)


_KINDS = {
    Status.DIFFERENT: "failure",
    Status.NOT_REACHED: "failure",
    Status.BROKEN: "error",
    Status.SKIPPED: "skipped",
}


def _case(number: int, compared: Compared, *, after: bool) -> Case:
    """A step as a test case; what was not reached `after` the first difference is no failure of its own."""
    done = compared.done
    seconds = (done.received.latency_ns or 0) / 1e9 if done.received else 0.0
    kind = "skipped" if after and compared.status is Status.NOT_REACHED else _KINDS.get(compared.status)
    why = {kind: compared.detail or compared.status.value} if kind else {}
    return Case(f"{number} {done.step.verb or 'greeting'}", seconds, **why)


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict on many."""
    order = (Verdict.BROKEN, Verdict.DIFFERENT, Verdict.SAME)
    return next((each for each in order if each in verdicts), Verdict.SAME)
