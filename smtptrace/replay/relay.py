"""The relay tests of an administrator: who may send to whom, with and without a login."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from smtptrace.diagnosis import Cause
from smtptrace.errors import UsageError
from smtptrace.replay.content import fresh_fields, renewed, short_message
from smtptrace.replay.player import Done
from smtptrace.replay.report import said_object
from smtptrace.replay.run import Played
from smtptrace.replay.script import Act, LoginAs, Script, Step
from smtptrace.smtp import read_session
from smtptrace.trace import trace_session

SCHEMA = "smtptrace.relay-test/1"

_SURE = 0.6
_OF_RELAYING = frozenset(("relay-denied-unauthenticated", "auth-not-attempted", "connector-mismatch", "unknown"))
_ADDRESS = re.compile(r"[^\x00-\x20\x7f<>@\"]{1,64}@[^\x00-\x20\x7f<>@\"]{1,255}")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Whom to test with: recipients inside and outside, a sender of the own domain and a foreign one."""

    internal: str
    external: str
    own: str
    foreign: str


@dataclass(frozen=True, slots=True)
class Case:
    """One test; its flags say with what."""

    login: bool
    own: bool
    internal: bool

    def __str__(self) -> str:
        login = "with login" if self.login else "without login"
        sender = "own sender" if self.own else "foreign sender"
        return f"{login}, {sender}, {'internal' if self.internal else 'external'} recipient"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one test: `taken` tells whether all that was asked was accepted, `relays` whether it is a relay.

    `last` is the step that decided it, `cause` the slug of what diagnosis makes of a refusal ("" where it is plain).
    `tried` is false where the test was left out.
    """

    case: Case
    last: Done | None
    taken: bool
    relays: bool
    meaning: str
    source: str = ""
    broken: str = ""
    cause: str = ""
    tried: bool = True


def cases(*, login: bool) -> tuple[Case, ...]:
    """All tests, those with a login only where there are credentials."""
    return tuple(Case(*flags) for flags in product((False, True) if login else (False,), (True, False), (True, False)))


def script_for(case: Case, who: Addresses, helo: str, how: LoginAs, tls: str, *, content: bool) -> Script:
    """The session of one test; it ends before DATA unless `content` is asked for.

    Raises:
        UsageError: an address cannot stand in a command.
    """
    sender, recipient = (who.own if case.own else who.foreign), (who.internal if case.internal else who.external)
    mail, rcpt = b"MAIL FROM:<" + _octets(sender) + b">", b"RCPT TO:<" + _octets(recipient) + b">"
    hello = Step(Act.HELLO, "EHLO", b"EHLO " + _octets(helo, _NAME))
    steps = [Step(Act.GREETING, ""), hello]
    if tls == "starttls":
        steps += [Step(Act.STARTTLS, "STARTTLS", b"STARTTLS"), hello]
    if case.login:
        steps.append(Step(Act.AUTH, "AUTH", login=how))
    steps += [Step(Act.MAIL, "MAIL", mail), Step(Act.RCPT, "RCPT", rcpt)]
    if content:
        message = renewed(short_message(_octets(sender), (_octets(recipient),)), fresh_fields())
        steps.append(Step(Act.CONTENT, "DATA", b"DATA", content=message))
    return Script(str(case), tuple(steps), tls)


_NAME = re.compile(r"[A-Za-z0-9.:\[\]_-]{1,255}")


def _octets(value: str, pattern: re.Pattern[str] = _ADDRESS) -> bytes:
    if not pattern.fullmatch(value):
        raise UsageError(f"{value!a}: no {'address such as alice@example.com' if pattern is _ADDRESS else 'name'}")
    return value.encode()


def answer(case: Case, script: Script, played: Played) -> Answer:
    """What one test means; nothing is called an open relay before content was accepted."""
    refused = (done for done in played.done if done.received and done.received.code >= 400)
    last = next(refused, played.done[-1] if played.done else None)
    if played.broken:
        return Answer(case, last, False, False, f"no answer: {played.broken}", broken=played.broken)
    received = last.received if last else None
    whole = last is not None and len(played.done) == len(script.steps) and not last.problem
    taken = bool(whole and received and received.code < 300)
    content = script.steps[-1].act is Act.CONTENT
    relays = taken and content and not case.login and not case.internal
    cause = None if taken else _other_cause(played)
    meaning = _accepted(case, content) if taken else _because(cause, last) if cause else _refused(case, last)
    slug = cause.slug if cause else ""
    return Answer(case, last, taken, relays, meaning, played.connection.client.host, cause=slug)


def _other_cause(played: Played) -> Cause | None:
    """Why it was refused, where the server's words say that it is not about relaying."""
    first = next(iter(trace_session(read_session(played.connection)).causes), None)
    return first if first and first.confidence >= _SURE and first.slug not in _OF_RELAYING else None


def _because(cause: Cause, last: Done | None) -> str:
    verb = (last.step.verb or "greeting") if last else "nothing"
    return f"{cause.summary.rstrip('.')} ({cause.slug}): {verb} was refused for that, which says nothing about relaying"


def _accepted(case: Case, content: bool) -> str:
    if not case.login and not case.internal:
        if content:
            return "OPEN RELAY: it took a message for somebody else's recipient from somebody who did not log in"
        return "it would relay, so far: the content may still be refused; --data finds out"
    if not case.login:
        kind = "its own sender, unproved" if case.own else "any sender"
        return f"it takes mail for its own recipients from {kind}, as a server for incoming mail does"
    if not case.own:
        return "whoever logs in may write under a foreign sender"
    return "mail is taken from those who log in, as it should be"


def _refused(case: Case, last: Done | None) -> str:
    if last is None or last.received is None:
        return f"not sent: {last.problem}" if last else "nothing was said"
    verb = last.step.verb or "greeting"
    if 400 <= last.received.code < 500:
        return f"{verb} was put off (4xx), which says nothing about relaying; try again later"
    if verb in ("RCPT", "DATA"):
        return _refused_recipient(case)
    if verb == "MAIL":
        return "the sender was refused" + (
            ", for the login it seems" if case.login else "; a login may be needed first"
        )
    return f"{verb} was refused, so nothing is known of relaying"


def _refused_recipient(case: Case) -> str:
    if case.internal:
        return "its own recipient was refused: it may not exist, or a login is needed"
    if case.login:
        return "those who log in may not send outside, or not under this sender"
    return "relaying is denied to those who do not log in, as it should be"


def run_cases(
    asked: Sequence[Case], make: Callable[[Case], Script], play: Callable[[Script], Played]
) -> tuple[Answer, ...]:
    """All tests one after the other, each in a connection of its own; a refused login is not tried again."""
    found: list[Answer] = []
    for case in asked:
        if case.login and any(_login_failed(each) for each in found):
            found.append(Answer(case, None, False, False, "left out, for the login was refused", tried=False))
            continue
        script = make(case)
        found.append(answer(case, script, play(script)))
    return tuple(found)


def _login_failed(each: Answer) -> bool:
    """Whether the test ended at its login; more attempts may lock the account."""
    return each.case.login and not each.taken and each.last is not None and each.last.step.act is Act.AUTH


def verdict(answers: Sequence[Answer]) -> str:
    """What all of it means, in a sentence; it holds for the address that was asked from."""
    sources = sorted({each.source for each in answers if each.source})
    if not any(each.source or (each.last and each.last.received) for each in answers):
        return "nothing is known of it: no connection was made"
    here = f"for connections from {', '.join(sources)}"
    outside = [each for each in answers if not each.case.login and not each.case.internal]
    if any(each.relays for each in outside):
        return f"an OPEN RELAY {here}"
    if any(each.taken for each in outside):
        return f"perhaps an open relay {here}: whether it takes the content is not known without --data"
    if all(_denied(each) for each in outside):
        return f"no open relay {here}"
    return f"no open relay was found {here}, but not every test came to an answer"


def _denied(each: Answer) -> bool:
    """Whether the server refused to pass mail on, for good and for no other reason."""
    received = each.last.received if each.last else None
    return received is not None and received.code >= 500 and not each.cause and not each.broken


def relay_object(target: str, answers: Sequence[Answer]) -> dict[str, Any]:
    """The matrix as plain values."""
    sources = sorted({each.source for each in answers if each.source})
    return {
        "schema": SCHEMA,
        "target": target,
        "source_addresses": sources,
        "open_relay": any(each.relays for each in answers),
        "verdict": verdict(answers),
        "tests": [_row(each) for each in answers],
    }


def _row(each: Answer) -> dict[str, Any]:
    received = each.last.received if each.last else None
    return {
        "login": each.case.login,
        "sender": "own" if each.case.own else "foreign",
        "recipient": "internal" if each.case.internal else "external",
        "tried": each.tried,
        "accepted": each.taken,
        "step": (each.last.step.verb or "greeting") if each.last else None,
        "reply": said_object(received),
        "meaning": each.meaning,
        "cause": each.cause or None,
    }
