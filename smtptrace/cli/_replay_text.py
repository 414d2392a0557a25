"""A replay in words: the plan before it, and the steps after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.outputs._text import visible
from smtptrace.replay.compare import Compared, Comparison, Status
from smtptrace.replay.content import stuffed
from smtptrace.replay.report import Result
from smtptrace.replay.script import Act, Said, Script, Step

_MARKS = {
    Status.SAME: " ",
    Status.UNKNOWN: " ",
    Status.SKIPPED: "-",
    Status.DIFFERENT: "!",
    Status.NOT_REACHED: "-",
    Status.BROKEN: "!",
}


def plan_lines(scripts: Sequence[Script], target: str) -> Iterator[str]:
    """What would be sent, line by line."""
    for script in scripts:
        tls = {"none": "without TLS", "starttls": "with STARTTLS", "implicit": "in TLS"}[script.tls]
        yield f"session {visible(script.name)} -> {visible(target)}, {tls}"
        if script.unread:
            yield f"  note: {script.unread}"
        for step in script.steps:
            if step.verb:
                yield f"  C: {_command(step)}"


def _command(step: Step) -> str:
    if step.why_not:
        return f"({visible(step.line)}: {step.why_not})"
    if step.login:
        who = f" as {step.login.user}" if step.login.user else ""
        return visible(f"AUTH {step.login.mechanism}{who}, with the credentials given")
    if step.act is Act.CONTENT and step.content is not None:
        return f"{visible(step.line)}  [a message of {len(stuffed(step.content))} octets]"
    return visible(step.line)


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


def table_lines(results: Sequence[Result]) -> Iterator[str]:
    """A line a session."""
    yield f"{'session':<12} {'verdict':<10} first difference"
    for result in results:
        comparison = result.comparison
        what = "" if comparison.first is None else _first(comparison, comparison.first)
        row = f"{visible(result.script.name):<12} {comparison.verdict.value:<10} {visible(what)}"
        yield row.rstrip()


def _first(comparison: Comparison, at: int) -> str:
    step = comparison.steps[at]
    return f"{at + 1} {step.done.step.verb or 'greeting'}: {_detail(step)}"
