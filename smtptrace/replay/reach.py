"""Whom a script as sent could give mail to, and what in it servers may read in more than one way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from smtptrace.replay.ambiguous import ends_early, place_of_path, readings
from smtptrace.replay.content import stuffed
from smtptrace.replay.prepare import messages
from smtptrace.replay.step import Act, Script, Step
from smtptrace.replay.timing import Part

_DATA = re.compile(rb"(?i)DATA")


@dataclass(frozen=True, slots=True)
class _Run:
    """Commands that go out without a wait between them, and their lines as they may be shown.

    `chunks` are BDAT with what went before each of them.
    """

    octets: bytes
    lines: tuple[bytes, ...]
    chunks: tuple[tuple[Step, bytes], ...] = ()


def recipients(script: Script) -> Iterator[bytes]:
    """Whom the octets certainly name."""
    return (each.path for run in _runs(script) for each in readings(run.octets) if each.path)


def rewritten(script: Script) -> frozenset[bytes]:
    """Whom the lines name in which the recipient could be replaced."""
    places = ((step.line, place_of_path(step.line)) for step in script.steps if step.parts)
    return frozenset(line[slice(*place)] for line, place in places if place)


def doubts(script: Script) -> Iterator[str]:
    """What another server than the recorded one may take for what it was not."""
    for run in _runs(script):
        yield from (f"{_shown(*run.lines)}: {each.doubt}" for each in readings(run.octets) if each.doubt)
        for step, before in run.chunks:
            if not _is_whole(step) or _DATA.search(before) or not (before or b"\r\n").endswith(b"\r\n"):
                yield f"{_shown(step.line)}: the chunk may be read as commands"
    for step in script.steps:
        if step.act is Act.CONTENT and any(part.owed for part in step.parts[1:]):
            yield "a message is sent before the target asks for it, and may be read as commands"
    yield from _doubtful_messages(script)


def _runs(script: Script) -> Iterator[_Run]:
    run = _Run(b"", ())
    for step in script.steps:
        for number, part in enumerate(step.parts):
            message = number > 0 and step.act is Act.CONTENT
            if run.octets and (message or not part.owed):
                yield run
                run = _Run(b"", ())
            if not message:
                run = _with(run, step, part)
    if run.octets:
        yield run


def _with(run: _Run, step: Step, part: Part) -> _Run:
    """The run and a part of a step; a chunk is left out, for its command tells its size."""
    chunk = step.verb == "BDAT"
    octets = step.line + b"\r\n" if chunk else part.octets
    chunks = (*run.chunks, (step, run.octets)) if chunk else run.chunks
    return _Run(run.octets + octets, (*run.lines, step.line or step.verb.encode()), chunks)


def _is_whole(step: Step) -> bool:
    """Whether BDAT is one line with its end, and then as many octets as it says (RFC 3030, 2)."""
    size = re.match(rb"(?i)BDAT ([0-9]{1,18})(?: LAST)?$", step.line)
    octets = step.parts[0].octets
    whole = size is not None and len(octets) == len(step.line) + 2 + int(size[1])
    return whole and octets.startswith(step.line + b"\r\n")


def _doubtful_messages(script: Script) -> Iterator[str]:
    """Messages as DATA sends them, which those are too that were sent in chunks, where the target takes none."""
    for places in messages(script.steps):
        first = script.steps[places[0]]
        whole = b"".join(script.steps[at].content or b"" for at in places)
        if ends_early(first.parts[1].octets if len(first.parts) > 1 else stuffed(whole)):
            yield "some servers take the message for ended elsewhere, and what follows there for commands"


def _shown(*lines: bytes) -> str:
    return ", ".join(ascii(line[:200].decode("utf-8", "backslashreplace")) for line in lines[:8])
