"""Who is told what becomes of a message: the sender in MAIL FROM, who may be anybody (docs/replay.md)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from smtptrace.grammar import VERBS
from smtptrace.replay.ambiguous import place_of_sender, possible_senders
from smtptrace.replay.offer import UTF8
from smtptrace.replay.prepare import messages, saying
from smtptrace.replay.step import Act, Script, Step

MayHave = Callable[[bytes], bool]
"""Whether an address may get mail."""

_OPEN = b"${"
_DATA = re.compile(rb"(?i)DATA|BDAT")


def with_sender(script: Script, chosen: bytes | None, may_have: MayHave) -> Script:
    """The script with the chosen sender in each MAIL, else with the null one in the place of who may not have mail.

    Nobody is told of a message without a sender (RFC 5321, 4.5.5). Where no message is sent nobody is told anything,
    and the senders stay unless one is chosen. A line as it was sent stays where it does not name one beyond doubt.
    """
    if chosen is None and not _sends(script):
        return script
    return replace(script, steps=tuple(_said_by(step, chosen, may_have) for step in script.steps))


def doubts(script: Script, may_have: MayHave) -> Iterator[bytes]:
    """Lines as they were sent that may name a sender who may not have mail, but not beyond doubt."""
    for step in script.steps:
        if step.parts and not step.login and place_of_sender(step.line) is None:
            octets = step.line if step.act is Act.CONTENT else step.parts[0].octets
            if not all(map(may_have, possible_senders(octets))):
                yield step.line


def _sends(script: Script) -> bool:
    """Whether a message may be sent: of octets as they were sent, a server may take other ones for DATA."""
    return bool(messages(script.steps)) or any(_may_be_data(step) for step in script.steps if step.parts)


def _may_be_data(step: Step) -> bool:
    return step.verb not in VERBS or any(_DATA.search(part.octets) for part in step.parts)


def _said_by(step: Step, chosen: bytes | None, may_have: MayHave) -> Step:
    place = place_of_sender(step.line)
    if step.act is not Act.MAIL or step.why_not or (step.parts and place is None):
        return step
    first, last = place or (len(step.line), len(step.line))
    address = step.line[first:last].strip(b"<>")
    stays = place is not None and (not address or (_OPEN not in address and may_have(address)))
    if chosen is None and stays:
        return step
    begin = step.line[:first] if place else b"MAIL FROM:"
    line = begin + b"<" + (chosen or b"") + b">" + step.line[last:]
    if not line.isascii() and not (step.parts or UTF8.search(line)):
        line += b" SMTPUTF8"
    changed = replace(saying(step, line), adapted=() if chosen is not None else (_note(address),))
    return changed if _OPEN in line else replace(changed, asks=False, needs=())


def _note(address: bytes) -> str:
    who = address.decode("utf-8", "backslashreplace") or "a sender that cannot be read"
    return f"the null sender for {who}, who would be told of failures"
