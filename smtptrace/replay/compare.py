"""Recorded against received, step by step, and the verdict on the whole."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace

from smtptrace.replay.expect import Expect, matches
from smtptrace.replay.normal import same
from smtptrace.replay.player import LATER, Done
from smtptrace.replay.run import Played
from smtptrace.replay.script import Act, Said, Script

MATCH = ("code", "enhanced", "text")
"""How near two replies must be: the code; the enhanced code too; the text too."""


class Status(enum.Enum):
    """What a step came to; UNKNOWN where the recording holds no reply, SKIPPED where the step was not to be sent."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "not-recorded"
    SKIPPED = "skipped"
    NOT_REACHED = "not-reached"
    BROKEN = "broken"


class Verdict(enum.Enum):
    """What a replay came to; its exit code stands in `EXIT`."""

    SAME = "same"
    DIFFERENT = "different"
    BROKEN = "broken"


EXIT = {Verdict.SAME: 0, Verdict.DIFFERENT: 1, Verdict.BROKEN: 4}


@dataclass(frozen=True, slots=True)
class Compared:
    """One step: `detail` says what differs, `rules` which normalising rules made its texts the same."""

    done: Done
    status: Status
    detail: str = ""
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """A whole session: `added` and `removed` are extensions that are offered now and then; `first` is an index."""

    steps: tuple[Compared, ...]
    verdict: Verdict
    first: int | None = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def compared(script: Script, played: Played, match: str = "code") -> Comparison:
    """What was recorded against what was received; `match` is one of `MATCH`."""
    steps = [_step(done, match) for done in played.done]
    if played.stopped and 0 < len(steps) < len(script.steps) and steps[-1].status is Status.UNKNOWN:
        steps[-1] = Compared(steps[-1].done, Status.DIFFERENT, played.stopped)
    steps += [Compared(Done(step), Status.NOT_REACHED) for step in script.steps[len(steps) :]]
    if played.broken:
        at = max(len(played.done) - 1, 0)
        steps[at] = _broken(steps[at], played.broken)
    differing = (at for at, each in enumerate(steps) if each.status in (Status.DIFFERENT, Status.BROKEN))
    first = next(differing, None)
    added, removed = _extensions(script, played)
    return Comparison(tuple(steps), _verdict(steps), first, added, removed)


def _broken(step: Compared, problem: str) -> Compared:
    """The step in which the target failed."""
    return Compared(step.done, Status.BROKEN, problem)


def _verdict(steps: Sequence[Compared]) -> Verdict:
    found = {each.status for each in steps}
    if Status.BROKEN in found:
        return Verdict.BROKEN
    return Verdict.DIFFERENT if found & {Status.DIFFERENT, Status.NOT_REACHED} else Verdict.SAME


def _step(done: Done, match: str) -> Compared:
    step = done.step
    if step.why_not:
        return Compared(done, Status.SKIPPED, step.why_not)
    if done.received is None:
        return Compared(done, _unanswered(done), done.problem)
    if done.problem:
        return Compared(done, Status.DIFFERENT, done.problem)
    if step.expect is not None and (step.expect.asks or step.expect.optional):
        return _expected(done, step.expect, done.received)
    if step.recorded is None:
        return Compared(done, Status.UNKNOWN)
    return _replies(done, step.recorded, done.received, match)


def _unanswered(done: Done) -> Status:
    if done.problem == LATER:
        return Status.SKIPPED
    return Status.DIFFERENT if done.problem or done.step.recorded else Status.UNKNOWN


def _expected(done: Done, expect: Expect, received: Said) -> Compared:
    """The reply against what a person wrote down, which counts instead of what was recorded."""
    wrong = []
    if expect.code and not matches(expect.code, f"{received.code}"):
        wrong.append(f"expected {expect.code}")
    if expect.enhanced and not matches(expect.enhanced, received.enhanced):
        wrong.append(f"expected {expect.enhanced}")
    if expect.text and not any(expect.text.search(line) for line in _texts(received)):
        wrong.append(f"expected text={expect.text.pattern}")
    if wrong and not expect.optional:
        return Compared(done, Status.DIFFERENT, ", ".join(wrong))
    return Compared(done, Status.SAME, f"{', '.join(wrong)}, optional" if wrong else "")


def _replies(done: Done, recorded: Said, received: Said, match: str) -> Compared:
    for number, (one, two) in enumerate(zip(done.step.replies, done.replies, strict=False), 1):
        if one.code != two.code:
            return Compared(done, Status.DIFFERENT, f"recipient {number}: {one.code} is now {two.code}")
    if recorded.code != received.code:
        return Compared(done, Status.DIFFERENT, f"{recorded.code} is now {received.code}")
    if match != "code" and recorded.enhanced != received.enhanced:
        was, now = recorded.enhanced or "none", received.enhanced or "none"
        return Compared(done, Status.DIFFERENT, f"enhanced code {was} is now {now}")
    if match == "text":
        return _text(done, recorded, received)
    return Compared(done, Status.SAME)


def _text(done: Done, recorded: Said, received: Said) -> Compared:
    one, two = _texts(recorded), _texts(received)
    if done.step.act is Act.HELLO:
        one, two = [*one[:1], *sorted(one[1:])], [*two[:1], *sorted(two[1:])]
    equal, rules = same("\n".join(one), "\n".join(two))
    return Compared(done, Status.SAME, rules=rules) if equal else Compared(done, Status.DIFFERENT, "another text")


def _texts(said: Said) -> list[str]:
    return [line.decode("utf-8", "backslashreplace")[:1000] for line in said.texts]


def _extensions(script: Script, played: Played) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the last EHLO that was answered on both sides offers now and did not, and the other way round."""
    hellos = [step.recorded for step in script.steps if step.act is Act.HELLO]
    pairs = [(one, two) for one, two in zip(hellos, played.offers, strict=False) if one and one.code == 250]
    if not pairs:
        return (), ()
    was = {line.upper() for line in _texts(pairs[-1][0])[1:]}
    now = {line.upper() for line in pairs[-1][1]}
    return tuple(sorted(now - was)), tuple(sorted(was - now))


def between(script: Script, one: Played, two: Played, match: str = "code") -> Comparison:
    """What one target said against what another one said."""
    received = [done.received for done in one.done] + [None] * len(script.steps)
    steps = tuple(replace(step, recorded=said, expect=None) for step, said in zip(script.steps, received, strict=False))
    done = tuple(replace(each, step=step) for each, step in zip(two.done, steps, strict=False))
    return compared(replace(script, steps=steps), replace(two, done=done), match)
