"""A replay as a record for JSON (`smtptrace.replay/1`, docs/replay.md) and for JUnit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as Xml

from smtptrace.replay.compare import Compared, Comparison, Status, Verdict
from smtptrace.replay.plan import Target
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


def result_object(result: Result, source: str) -> dict[str, Any]:
    """The result as plain values."""
    return {"schema": SCHEMA, "source": source, "id": result.script.name, **_outcome(result)}


def three_object(first: Result, second: Result, between: Comparison, source: str) -> dict[str, Any]:
    """The result at two targets, and these against each other."""
    beside = {"verdict": between.verdict.value, "first_difference": _number(between), "steps": _steps(between)}
    return {**result_object(first, source), "against": _outcome(second), "between": beside}


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
        "status": compared.status.value,
        "detail": compared.detail or None,
        "normalised": list(compared.rules),
        "adapted": list(done.adapted),
        "frame": done.step.frame,
    }


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


def junit(results: Sequence[Result]) -> bytes:
    """A test suite a session, a test case a step, as JUnit writes it."""
    root = Xml.Element("testsuites", name="smtptrace replay")
    for result in results:
        steps = result.comparison.steps
        failed = sum(each.status in (Status.DIFFERENT, Status.NOT_REACHED) for each in steps)
        broken = sum(each.status is Status.BROKEN for each in steps)
        facts = {"tests": len(steps), "failures": failed, "errors": broken}
        name = f"session {result.script.name} at {result.target}"
        suite = Xml.SubElement(root, "testsuite", {"name": name} | {key: str(value) for key, value in facts.items()})
        for number, each in enumerate(steps, 1):
            _case(suite, number, each, name)
    octets: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return octets


def _case(suite: Xml.Element, number: int, compared: Compared, name: str) -> None:
    done = compared.done
    seconds = (done.received.latency_ns or 0) / 1e9 if done.received else 0.0
    verb = done.step.verb or "greeting"
    case = Xml.SubElement(suite, "testcase", {"name": f"{number} {verb}", "classname": name, "time": f"{seconds:.3f}"})
    kind = {
        Status.DIFFERENT: "failure",
        Status.NOT_REACHED: "failure",
        Status.BROKEN: "error",
        Status.SKIPPED: "skipped",
    }.get(compared.status)
    if kind:
        Xml.SubElement(case, kind, {"message": _plain(compared.detail or compared.status.value)})


def _plain(message: str) -> str:
    """The text without the controls that XML has no form for."""
    return "".join(mark if mark.isprintable() else "?" for mark in message)


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict on many."""
    order = (Verdict.BROKEN, Verdict.DIFFERENT, Verdict.SAME)
    return next((each for each in order if each in verdicts), Verdict.SAME)
