"""What stands against sending a script to a target: the accidents that must not happen (docs/replay.md)."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from smtptrace.auth import Login, responder
from smtptrace.errors import UsageError
from smtptrace.replay import reach, sender
from smtptrace.replay.prepare import messages, path_of
from smtptrace.replay.step import Act, Script, Step
from smtptrace.replay.values import ENVIRONMENT
from smtptrace.wire import Endpoint

MOST_MESSAGES = 10

_ROUTED = re.compile(r'[%!,;:"\\]|@[^@]*@')
"""What makes servers look for another address within an address: routes, lists, quotes (RFC 1123, 5.2.16)."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to: as the user named it, and whether every address of it is of this machine."""

    endpoint: Endpoint
    loopback: bool

    def __str__(self) -> str:
        return f"{self.endpoint}"


@dataclass(frozen=True, slots=True)
class Permission:
    """What the user allowed; nothing by default.

    `recipients` are patterns of addresses such as `*@lab.example`; `rewritten` tells that all recipients were
    replaced; `ambiguous` lets octets go that servers may read in several ways; `secrets` are forms of the secrets of
    the trace that must not be sent.
    """

    send: bool = False
    recipients: tuple[str, ...] = ()
    rewritten: bool = False
    plain_auth: bool = False
    messages: int = MOST_MESSAGES
    ambiguous: bool = False
    secrets: frozenset[bytes] = frozenset()

    def may_have(self, path: bytes) -> bool:
        """Whether a pattern allows the address; one that may be passed on is allowed by its whole name alone."""
        address = path.decode("utf-8", "backslashreplace").lower()
        patterns = [each.lower() for each in self.recipients]
        if not address or address in patterns:
            return bool(address)
        return not _ROUTED.search(address) and any(fnmatch.fnmatchcase(address, each) for each in patterns)


def refusals(scripts: Sequence[Script], target: Target, allowed: Permission) -> tuple[str, ...]:
    """Why nothing may be sent, one line a reason with the option that would change it; empty where all is well."""
    found = [*_needs(scripts), *_unable(scripts), *_leaks(scripts, allowed), *_too_many(scripts, allowed)]
    if not target.loopback:
        found += [*_strangers(scripts, allowed), *_doubts(scripts, allowed), *_plain_text(scripts, allowed)]
        if not allowed.send:
            found.append(f"{target} is not this machine: only --send makes anything go there")
    return tuple(dict.fromkeys(found))


def plain_auth_allowed(target: Target, allowed: Permission) -> bool:
    """Whether credentials may go without TLS; the player asks this again when it is about to send them."""
    return target.loopback or allowed.plain_auth


def _steps(scripts: Sequence[Script]) -> Iterator[tuple[Script, Step]]:
    return ((script, step) for script in scripts for step in script.steps if not step.why_not)


def _needs(scripts: Sequence[Script]) -> Iterator[str]:
    """Values that the trace does not hold; an empty message is never sent in their place."""
    for script, step in _steps(scripts):
        where = f"session {script.name}"
        if step.absent:
            yield f"{where}: the message is not in the trace: --content FILE or --test-message"
        for name in step.needs:
            variable = name.removeprefix(ENVIRONMENT)
            how = f"--set {name}=VALUE" if variable == name else f"the variable {variable} is not in the environment"
            yield f"{where}: {_shown(step.line) or step.verb}: ${{{name}}} has no value: {how}"
        if step.open and not step.needs:
            yield f"{where}: {_shown(step.line)}: the source masks it; edit what `smtptrace clean` writes"
        if step.repeats:
            yield f"{where}: its message repeats a secret, which is masked: --content FILE or --test-message"


def _unable(scripts: Sequence[Script]) -> Iterator[str]:
    """Mechanisms that cannot be answered.

    Raises:
        MissingError: a library for one is not installed.
    """
    for script, step in _steps(scripts):
        if step.login is not None and not step.parts:
            try:
                responder(step.login.mechanism, Login())
            except UsageError as error:
                yield f"session {script.name}: {error}; --auth MECHANISM takes another, --no-auth leaves it out"


def _leaks(scripts: Sequence[Script], allowed: Permission) -> Iterator[str]:
    """A secret of the trace in what is no login: in a command that was mistyped, or in a message."""
    for script, step in _steps(scripts):
        sent = (step.line, *(part.octets for part in step.parts if not step.login))
        if step.leaks or any(secret in octets for secret in allowed.secrets for octets in sent):
            yield f"session {script.name}: {step.verb} holds a secret of the trace: --use-recorded-credentials sends it"


def _too_many(scripts: Sequence[Script], allowed: Permission) -> Iterator[str]:
    count = sum(len(messages(script.steps)) for script in scripts)
    if count > allowed.messages:
        yield f"{count} messages are more than {allowed.messages}: --max-messages {count} lets them go"


def _strangers(scripts: Sequence[Script], allowed: Permission) -> Iterator[str]:
    for script in scripts:
        replaced = reach.rewritten(script) if allowed.rewritten else frozenset()
        for path in (*_recipients(script, allowed), *reach.recipients(script)):
            if path not in replaced and not allowed.may_have(path):
                address = path.decode("utf-8", "backslashreplace")
                yield f"recipient {address!a}: --to ADDRESS rewrites it, --allow-recipient PATTERN lets it be"


def may_go(line: bytes, target: Target, allowed: Permission) -> bool:
    """Whether a RCPT command may be sent there; the player asks this when the values of the line are in."""
    path = path_of(line)
    if target.loopback or allowed.rewritten:
        return True
    return allowed.may_have(path) or (allowed.ambiguous and not path)


def _recipients(script: Script, allowed: Permission) -> Iterator[bytes]:
    """Whom a script as meant names, empty where it cannot be read; nobody where all were replaced."""
    steps = () if allowed.rewritten else script.steps
    return (path_of(step.line) for step in steps if step.act is Act.RCPT and not (step.parts or step.why_not))


def _doubts(scripts: Sequence[Script], allowed: Permission) -> Iterator[str]:
    """Octets that another server than the recorded one may take for what they were not."""
    for script in () if allowed.ambiguous else scripts:
        senders = (f"{_shown(line)!a}: it may name a sender" for line in sender.doubts(script, allowed.may_have))
        yield from (
            f"session {script.name}: {each}: --allow-ambiguous sends it all the same"
            for each in (*reach.doubts(script), *senders)
        )


def _plain_text(scripts: Sequence[Script], allowed: Permission) -> Iterator[str]:
    for script in scripts:
        secret = (step for step in script.steps if step.login or step.sends_secret)
        if not allowed.plain_auth and not all(_protected(script, step) for step in secret):
            yield (
                f"session {script.name}: it sends secrets without TLS: --tls starttls protects the credentials, "
                "--allow-plaintext-auth sends them in clear"
            )


def _protected(script: Script, step: Step) -> bool:
    """Whether TLS begins before the step."""
    before = script.steps[: script.steps.index(step)]
    return script.tls == "implicit" or any(each.act is Act.STARTTLS for each in before)


def _shown(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace")
