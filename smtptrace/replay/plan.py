"""What stands against sending a script to a target: the accidents that must not happen (docs/replay.md)."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from smtptrace.auth import Login, responder
from smtptrace.errors import UsageError
from smtptrace.replay.prepare import messages, path_of
from smtptrace.replay.script import Act, Script, Step
from smtptrace.wire import Endpoint

MOST_MESSAGES = 10


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
    replaced; `secrets` are forms of the secrets of the trace that must not be sent.
    """

    send: bool = False
    recipients: tuple[str, ...] = ()
    rewritten: bool = False
    plain_auth: bool = False
    messages: int = MOST_MESSAGES
    secrets: frozenset[bytes] = frozenset()


def refusals(scripts: Sequence[Script], target: Target, allowed: Permission) -> tuple[str, ...]:
    """Why nothing may be sent, one line a reason with the option that would change it; empty where all is well."""
    found = [*_needs(scripts), *_unable(scripts), *_leaks(scripts, allowed), *_too_many(scripts, allowed)]
    if not target.loopback:
        found += [*_strangers(scripts, allowed), *_plain_text(scripts, allowed)]
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
        if step.open:
            how = (
                "--set NAME=VALUE" if b"${" in step.line else "the source masks it; edit what `smtptrace clean` writes"
            )
            yield f"{where}: {_shown(step.line)}: a value is missing: {how}"
        if step.repeats:
            yield f"{where}: its message repeats a secret, which is masked: --content FILE or --test-message"


def _unable(scripts: Sequence[Script]) -> Iterator[str]:
    """Mechanisms that cannot be answered.

    Raises:
        MissingError: a library for one is not installed.
    """
    for script, step in _steps(scripts):
        if step.login is not None:
            try:
                responder(step.login.mechanism, Login())
            except UsageError as error:
                yield f"session {script.name}: {error}; --auth MECHANISM takes another, --no-auth leaves it out"


def _leaks(scripts: Sequence[Script], allowed: Permission) -> Iterator[str]:
    """A secret of the trace in what is no login: in a command that was mistyped, or in a message."""
    for script, step in _steps(scripts):
        if any(secret in step.line for secret in allowed.secrets):
            yield f"session {script.name}: {step.verb} holds a secret of the trace: --use-recorded-credentials sends it"


def _too_many(scripts: Sequence[Script], allowed: Permission) -> Iterator[str]:
    count = sum(len(messages(script.steps)) for script in scripts)
    if count > allowed.messages:
        yield f"{count} messages are more than {allowed.messages}: --max-messages {count} lets them go"


def _strangers(scripts: Sequence[Script], allowed: Permission) -> Iterator[str]:
    if allowed.rewritten:
        return
    for _, step in _steps(scripts):
        if step.act is Act.RCPT:
            address = path_of(step.line).decode("utf-8", "backslashreplace")
            if not address or not any(
                fnmatch.fnmatchcase(address.lower(), each.lower()) for each in allowed.recipients
            ):
                yield f"recipient {address!a}: --to ADDRESS rewrites it, --allow-recipient PATTERN lets it be"


def _plain_text(scripts: Sequence[Script], allowed: Permission) -> Iterator[str]:
    for script in scripts:
        if not allowed.plain_auth and any(step.login and not _protected(script, step) for step in script.steps):
            yield (
                f"session {script.name}: it logs in without TLS: --tls starttls protects the credentials, "
                "--allow-plaintext-auth sends them in clear"
            )


def _protected(script: Script, step: Step) -> bool:
    """Whether TLS begins before the step."""
    before = script.steps[: script.steps.index(step)]
    return script.tls == "implicit" or any(each.act is Act.STARTTLS for each in before)


def _shown(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace")
