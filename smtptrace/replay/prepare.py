"""Script -> Script: what the user chose, before anything is sent, so that the plan shows what will be."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from smtptrace.errors import UsageError
from smtptrace.replay import content as message
from smtptrace.replay.ambiguous import place_of_path
from smtptrace.replay.fields import with_values
from smtptrace.replay.offer import UTF8
from smtptrace.replay.script import Act, LoginAs, Script, Step
from smtptrace.replay.timing import Part, Piece

UNTIL = ("ehlo", "starttls", "auth", "mail", "rcpt", "data")
"""Where a replay may end early, in the order of a session."""

_RANK = {Act.GREETING: 0, Act.HELLO: 0, Act.STARTTLS: 1, Act.AUTH: 2, Act.MAIL: 3, Act.RCPT: 4, Act.CONTENT: 5}
_PATH = re.compile(
    rb"(?i)(?:MAIL[ \t]+FROM|RCPT[ \t]+TO)[ \t]*:[ \t]*"
    rb'(?:<(?P<path>(?:"(?:[^"\\]|\\.)*"|[^ \t<>"])*)>|(?P<bare>[^ \t<>"]+))(?:[ \t]|$)'
)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user chose to be other than recorded; the defaults change nothing but Date and Message-ID.

    `tls` is none, starttls, implicit or "" (as recorded). `to` replaces every recipient. `values` are for
    placeholders, `environment` names the variables that there are. `substitute` is sent where the trace does not hold
    a message, `test_message` makes one instead.
    """

    helo: str = ""
    tls: str = ""
    mechanism: str = ""
    no_auth: bool = False
    to: str = ""
    until: str = ""
    exact: bool = False
    substitute: bytes | None = None
    test_message: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    environment: Collection[str] = ()


def prepared(script: Script, choices: Choices) -> Script:
    """The script as it will be played.

    Raises:
        UsageError: a value cannot stand in a command.
    """
    steps = _until(script.steps, choices.until)
    if choices.no_auth:
        steps = tuple(step for step in steps if step.act is not Act.AUTH)
    tls = choices.tls or script.tls
    steps = _with_tls(steps, script.tls, tls)
    steps = tuple(_chosen(step, choices) for step in steps)
    steps = with_values(steps, choices.values, choices.environment)
    return replace(script, steps=_with_messages(steps, choices), tls=tls)


def _until(steps: tuple[Step, ...], until: str) -> tuple[Step, ...]:
    """The steps up to where the session shall end; content is never sent where it ends at DATA."""
    if not until:
        return steps
    last = UNTIL.index(until)
    stop = next((at for at, step in enumerate(steps) if _RANK.get(step.act, 0) > last), len(steps))
    kept = tuple(step for step in steps[:stop] if step.act is not Act.QUIT)
    if until == "data":
        first = next((at for at, step in enumerate(kept) if step.act is Act.CONTENT), None)
        if first is not None:
            data = replace(kept[first], verb="DATA", line=b"DATA", content=None, absent=False)
            data = replace(data, parts=_lone_data(data))
            return *kept[:first], replace(data, recorded=data.intermediate or data.recorded)
    return kept


def _lone_data(step: Step) -> tuple[Part, ...]:
    """DATA as it was sent, or in the place of the chunk that was."""
    octets = step.parts[0].octets if step.parts else b""
    if octets and step.intermediate is None:
        return (Part((Piece(b"DATA\r\n", step.parts[0].pieces[0].pause_ns),), step.parts[0].owed),)
    return step.parts[:1]


def _with_tls(steps: tuple[Step, ...], recorded: str, wanted: str) -> tuple[Step, ...]:
    """The steps with STARTTLS and the EHLO after it put in, or left out, where another TLS is wanted than recorded."""
    if recorded == wanted:
        return steps
    if recorded == "starttls":
        at = next((at for at, step in enumerate(steps) if step.act is Act.STARTTLS), None)
        if at is not None:
            again = at + 1 < len(steps) and steps[at + 1].act is Act.HELLO
            steps = (*steps[:at], *steps[at + 1 + again :])
    if wanted == "starttls":
        at = next((at for at, step in enumerate(steps) if step.act is Act.HELLO), None)
        if at is None:
            raise UsageError("--tls starttls: the session has no EHLO after which TLS could begin")
        hello = replace(steps[at], recorded=None, expect=None)
        steps = (*steps[: at + 1], Step(Act.STARTTLS, "STARTTLS", b"STARTTLS"), hello, *steps[at + 1 :])
    return steps


def _chosen(step: Step, choices: Choices) -> Step:
    if step.act is Act.HELLO and choices.helo:
        return saying(step, step.verb.encode() + b" " + word("--helo", choices.helo))
    if choices.to and step.parts:
        return _rewritten(step, word("--to", choices.to))
    if step.act is Act.MAIL and not choices.to.isascii() and not UTF8.search(step.line):
        return replace(step, line=step.line + b" SMTPUTF8")
    if step.act is Act.RCPT and choices.to:
        return saying(step, b"RCPT TO:<" + word("--to", choices.to) + b">" + _notify(step.line))
    if step.login and choices.mechanism and step.login.mechanism != choices.mechanism.upper():
        return replace(step, login=_under(step.login, word("--auth", choices.mechanism.upper()).decode()))
    return step


def saying(step: Step, line: bytes) -> Step:
    """The step with another line, which goes in one piece where the script is played as sent."""
    parts = tuple(Part((Piece(line + b"\r\n", part.pieces[0].pause_ns),), part.owed) for part in step.parts[:1])
    return replace(step, line=line, open=False, parts=parts)


def _rewritten(step: Step, address: bytes) -> Step:
    """The step with this address in the place of the recipient it certainly names, and as it was otherwise."""
    place = place_of_path(step.line)
    if place is None:
        return step
    return saying(step, step.line[: place[0]] + address + step.line[place[1] :])


def _under(login: LoginAs, mechanism: str) -> LoginAs:
    """The login under another mechanism, with an initial response on the AUTH line where there can be one."""
    return replace(login, mechanism=mechanism, initial=mechanism != "LOGIN", cancelled_after=None)


def word(option: str, value: str) -> bytes:
    """A value that stands in a command as one word.

    Raises:
        UsageError: it cannot.
    """
    octets = value.encode()
    if re.search(rb"[\x00-\x20\x7f<>]", octets) or not octets:
        raise UsageError(f"{option} {value!a}: cannot stand in a command")
    return octets


def _notify(line: bytes) -> bytes:
    """The NOTIFY parameter, which keeps its sense for another recipient; ORCPT does not."""
    found = re.search(rb"(?i)[ \t](NOTIFY=[A-Z,]+)", line)
    return b" " + found[1] if found else b""


def _with_messages(steps: tuple[Step, ...], choices: Choices) -> tuple[Step, ...]:
    """The steps with the messages that will be sent, each with its own fresh fields."""
    result = list(steps)
    instead = choices.test_message or choices.substitute is not None
    for places in messages(steps):
        content = _message(steps, places, choices)
        if content is None:
            continue
        sizes = [len(steps[at].content or b"") for at in places]
        for at, piece in zip(places, message.chunks(content, sizes), strict=True):
            result[at] = replace(result[at], content=piece, absent=False, repeats=result[at].repeats and not instead)
    return tuple(result)


def messages(steps: tuple[Step, ...]) -> list[tuple[int, ...]]:
    """The steps that send each message: one DATA, or all BDAT up to the last chunk."""
    found: list[tuple[int, ...]] = []
    waiting: list[int] = []
    for at, step in enumerate(steps):
        if step.act is not Act.CONTENT:
            waiting = waiting if step.act is Act.OTHER else []
        elif step.content is not None or step.absent:
            waiting.append(at)
            if step.verb == "DATA" or step.line.upper().rstrip().endswith(b"LAST"):
                found.append(tuple(waiting))
                waiting = []
    return found


def _message(steps: tuple[Step, ...], places: tuple[int, ...], choices: Choices) -> bytes | None:
    """The message to send, None where it is not known."""
    instead = choices.test_message or choices.substitute is not None
    parts = [None if instead and steps[at].repeats else steps[at].content for at in places]
    content = None if None in parts else b"".join(part or b"" for part in parts)
    if content is None:
        content = _substitute(steps[: places[0]], choices)
    as_sent = steps[places[0]].parts and not steps[places[0]].absent
    if content is None or choices.exact or as_sent:
        return content
    return message.renewed(content, message.fresh_fields())


def _substitute(before: tuple[Step, ...], choices: Choices) -> bytes | None:
    if choices.substitute is not None:
        return choices.substitute if choices.exact else message.with_line_ends(choices.substitute)
    if not choices.test_message:
        return None
    start = max((at for at, step in enumerate(before) if step.act is Act.MAIL), default=0)
    paths = [path_of(step.line) for step in before[start:] if step.act in (Act.MAIL, Act.RCPT)]
    return message.short_message(paths[0] if paths else b"", paths[1:])


def path_of(line: bytes) -> bytes:
    """The address of MAIL or RCPT as it stands there, without angle brackets; empty where unclear.

    Behind that of RCPT there must be no other one, which a server could take for it.
    """
    found = _PATH.match(line)
    if found and line[:1] in b"Rr" and b"<" in line[found.end() :]:
        return b""
    return (found["path"] or found["bare"] or b"") if found else b""
