"""A replay in words: the plan before it, and the steps after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from smtptrace.cli._replay_site import client_of
from smtptrace.outputs._text import visible
from smtptrace.replay.compare import Compared, Comparison, Status
from smtptrace.replay.content import stuffed
from smtptrace.replay.report import NotPlayed, Outcome, Result
from smtptrace.replay.script import Act, Said, Step

_MARKS = {
    Status.SAME: " ",
    Status.UNKNOWN: " ",
    Status.SKIPPED: "-",
    Status.DIFFERENT: "!",
    Status.NOT_REACHED: "-",
    Status.BROKEN: "!",
}

_WITH = {"GSSAPI": ", with a Kerberos ticket", "EXTERNAL": "", "ANONYMOUS": ""}
"""What a login is made with, where it is no password or token."""


def plan_lines(work: Any) -> Iterator[str]:
    """What would be sent, line by line, and what cannot be."""
    target = " and ".join(visible(str(site.place.target)) for site in work.sites)
    for script in work.scripts:
        tls = {"none": "without TLS", "starttls": "with STARTTLS", "implicit": "in TLS"}[script.tls]
        yield f"session {visible(script.name)} -> {target}, {tls}"
        if script.unread:
            yield f"  note: {script.unread}"
        if work.options["proxy"]:
            yield f"  C: (a PROXY header for {visible(str(client_of(script, work.options)))})"
        for step in script.steps:
            if step.verb:
                yield f"  C: {_command(step)}{_with_others(step)}"
            yield from (f"     ({visible(each)})" for each in step.adapted)
    for each in work.left:
        yield f"session {visible(each.name)} is not played: {visible(each.reason)}"


def _command(step: Step) -> str:
    if step.why_not:
        return f"({visible(step.line)}: {step.why_not})"
    if step.login:
        who = f" as {step.login.user}" if step.login.user else ""
        given = _WITH.get(step.login.mechanism, ", with the credentials given")
        return visible(f"AUTH {step.login.mechanism}{who}") + (
            ", with the octets of the trace" if step.parts else given
        )
    if step.act is Act.CONTENT and step.content is not None:
        return f"{visible(step.line)}  [a message of {len(stuffed(step.content))} octets]"
    return visible(step.line)


def _with_others(step: Step) -> str:
    """Whether the step is sent without a wait for the reply to the one before it."""
    return "  [with the line above]" if step.together or any(part.owed for part in step.parts[:1]) else ""


def result_lines(result: Result) -> Iterator[str]:
    """The steps of one session, recorded against received, and the verdict."""
    yield f"session {visible(result.script.name)} at {visible(str(result.target))}"
    yield from comparison_lines(result.comparison, "recorded", "received")
    if result.script.unread:
        yield f"  note: {result.script.unread}"
    for heading, extensions in (("offers now", result.comparison.added), ("no longer", result.comparison.removed)):
        if extensions:
            yield f"  {heading}: {visible(', '.join(extensions))}"
    stopped = f", ended early: {visible(result.played.stopped)}" if result.played.stopped else ""
    yield f"  {result.comparison.verdict.value}{stopped}"


def comparison_lines(comparison: Comparison, left: str, right: str) -> Iterator[str]:
    """One line a step, the first difference marked."""
    yield f"    {'step':<28} {left:<16} {right:<16}"
    for at, each in enumerate(comparison.steps):
        done = each.done
        sent = visible(done.sent or done.step.line or done.step.verb.encode() or b"(greeting)", 200)
        mark = ">" if at == comparison.first else _MARKS[each.status]
        row = f"  {mark} {_cut(sent):<28} {_reply(done.step.recorded):<16} {_reply(done.received):<16} {_detail(each)}"
        yield row.rstrip()


def _cut(text: str) -> str:
    return text if len(text) <= 28 else text[:27] + "…"


def _reply(said: Said | None) -> str:
    if said is None:
        return "-"
    latency = "" if said.latency_ns is None else f" {said.latency_ns / 1e9:.2f}s"
    return f"{said.code} {said.enhanced or ''}".strip() + latency


def _detail(compared: Compared) -> str:
    parts = [compared.detail, *compared.done.adapted]
    if compared.rules:
        parts.append("same but for " + ", ".join(compared.rules))
    if compared.status in (Status.DIFFERENT, Status.BROKEN) and compared.done.received:
        parts.append(compared.done.received.lines[-1].decode("utf-8", "backslashreplace"))
    if not compared.detail and compared.status in (Status.UNKNOWN, Status.NOT_REACHED):
        parts.append(compared.status.value)
    return visible("; ".join(part for part in parts if part), 300)


def outcome_lines(outcome: Outcome) -> Iterator[str]:
    """One session at its one or two targets, and these against each other."""
    for result in outcome.results:
        yield from result_lines(result)
    if outcome.second and outcome.between:
        yield "the two targets"
        yield from comparison_lines(outcome.between, str(outcome.first.target), str(outcome.second.target))


def table_lines(outcomes: Sequence[Outcome], left: Sequence[NotPlayed]) -> Iterator[str]:
    """A line a session and target, and how many came to what."""
    results = [result for outcome in outcomes for result in outcome.results]
    rows = [("session", "target", "steps", "seconds", "verdict", "first difference"), *map(_row, results)]
    rows += [(visible(each.name), "-", "-", "-", "not played", visible(each.reason, 300)) for each in left]
    widths = [max(len(row[at]) for row in rows) for at in range(5)]
    for row in rows:
        yield "  ".join([*(cell.ljust(width) for cell, width in zip(row[:5], widths, strict=True)), row[5]]).rstrip()
    yield ", ".join(f"{count} {word}" for word, count in Counter(row[4] for row in rows[1:]).items())


def _row(result: Result) -> tuple[str, ...]:
    comparison, script = result.comparison, result.script
    done = sum(each.done.received is not None for each in comparison.steps)
    what = visible(script.unread) if comparison.first is None else _first(comparison, comparison.first)
    steps = f"{done}/{len(comparison.steps)}"
    return (visible(script.name), str(result.target), steps, _seconds(result), comparison.verdict.value, what)


def _seconds(result: Result) -> str:
    times = [event.time_ns for event in result.played.connection.events if event.time_ns is not None]
    return f"{(times[-1] - times[0]) / 1e9:.2f}" if times else "-"


def _first(comparison: Comparison, at: int) -> str:
    step = comparison.steps[at]
    return f"{at + 1} {step.done.step.verb or 'greeting'}: {_detail(step)}"
