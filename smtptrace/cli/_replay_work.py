"""What `replay` does: read the scripts, find the ways to the targets, refuse, play."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from smtptrace import net
from smtptrace.cli._reading import Run
from smtptrace.cli._replay_login import logins
from smtptrace.errors import UnreadableError, UsageError
from smtptrace.net import WireError
from smtptrace.outputs._text import visible
from smtptrace.replay.compare import Comparison, Verdict, between, compared
from smtptrace.replay.plan import Permission, Target, plain_auth_allowed, refusals
from smtptrace.replay.player import Rules
from smtptrace.replay.prepare import Choices, prepared
from smtptrace.replay.report import Result
from smtptrace.replay.run import Secure
from smtptrace.replay.script import Script, script_of, secrets_of
from smtptrace.replay.send import Where, ntlm_level, send, where
from smtptrace.select import Selection
from smtptrace.trace import Options, Trace
from smtptrace.wire import Connection, Endpoint

_PORT = 25
_NTLM_V1 = 2
"""LmCompatibilityLevel: the NTLMv1 response alone, without the weaker LM response."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One session: at the target, and where it was asked for at a second one and these against each other."""

    first: Result
    second: Result | None = None
    between: Comparison | None = None


class Work:
    """One call of `replay`: its scripts and targets, read and resolved before anything is sent.

    Raises:
        UsageError: the options do not fit each other, or what was asked for is not there.
    """

    def __init__(self, source: str, target: str, options: dict[str, Any]) -> None:
        self.source = source
        self.options = options
        self.first = self._where(target)
        self.second = self._where(options["against"]) if options["against"] else None
        traces = self._traces()
        self._secrets = frozenset().union(*(secrets_of(trace) for trace, _ in traces))
        choices = self._choices()
        self.scripts = [prepared(script_of(trace, name), choices) for trace, name in traces]

    def _traces(self) -> list[tuple[Trace, str]]:
        """The sessions that were asked for, in the order in which they began."""
        ids = self.options["ids"]
        reading = Options(keep_events=True, keep_content=True, keylog=self.options["keylog"])
        run = Run((self.source,), Selection(ids=ids), reading)
        found = list(run.raw())
        if run.unreadable:
            raise UnreadableError(f"{visible(self.source)}: it must be whole to be replayed")
        missing = set(ids) - {name for _, name in found}
        if missing or not found:
            raise UsageError(f"{visible(self.source)}: no session {visible(', '.join(sorted(missing)))}".rstrip())
        if len(found) > 1 and not ids and not self.options["every"]:
            names = ", ".join(visible(name) for _, name in found[:10])
            raise UsageError(
                f"{visible(self.source)}: {len(found)} sessions ({names}, ...): choose with -s ID, or --all"
            )
        return sorted(found, key=lambda each: each[0].session.start_ns or 0)

    def _choices(self) -> Choices:
        options = self.options
        content: Path | None = options["content"]
        return Choices(
            helo=options["helo"],
            tls=options["tls"] or "",
            mechanism=options["mechanism"],
            no_auth=options["no_auth"],
            to=options["to"],
            until=options["until"] or "",
            exact=options["exact"],
            substitute=content.read_bytes() if content else None,
            test_message=options["test_message"],
            values=dict(map(_value, options["values"])),
        )

    def _where(self, text: str) -> Where:
        options = self.options
        endpoint = net.endpoint(text, _PORT)
        names = ("ca_file", "insecure", "certificate", "key", "least", "most")
        context = net.client_context(**{name: options[name] for name in names}, keylog=options["write_keylog"])
        secure = Secure(context, options["sni"] or endpoint.host)
        try:
            return where(endpoint, secure, bind=options["bind"], timeout_s=options["timeout_s"])
        except WireError:
            if not options["dry_run"]:
                raise
            return Where(Target(endpoint, loopback=False), (), secure)

    def _allowed(self) -> Permission:
        options = self.options
        return Permission(
            send=options["send"],
            recipients=options["recipients"],
            rewritten=bool(options["to"]),
            plain_auth=options["plain_auth"],
            messages=options["max_messages"],
            secrets=frozenset() if options["recorded"] else self._secrets,
        )

    def refusals(self) -> Sequence[str]:
        """Why nothing may be sent, to either target."""
        places = [self.first, *([self.second] if self.second else [])]
        found = [refusal for place in places for refusal in refusals(self.scripts, place.target, self._allowed())]
        return tuple(dict.fromkeys(found))

    def refuse(self) -> None:
        """Show the plan and send nothing, where something stands against it.

        Raises:
            UsageError: something does.
        """
        from smtptrace.cli._replay_text import plan_lines

        found = self.refusals()
        if found:
            for text in (*plan_lines(self.scripts, str(self.first.target)), *(f"refused: {each}" for each in found)):
                click.echo(text, err=True)
            raise UsageError("nothing was sent; the lines above say why")

    def play(self, save: Callable[[Connection], None], show: Callable[[Outcome], None]) -> list[Outcome]:
        """Play all scripts one after the other; each outcome is shown as soon as it is there."""
        self._warn()
        rules = self._rules(self.first, second=False)
        others = self._rules(self.second, second=True) if self.second else None
        outcomes: list[Outcome] = []
        with ntlm_level(_NTLM_V1 if self.options["ntlm_v1"] else None):
            for script in self.scripts:
                outcomes.append(self._outcome(script, rules, others, save))
                show(outcomes[-1])
                if self.options["stop_on_difference"] and _differs(outcomes[-1]):
                    break
        return outcomes

    def _outcome(
        self, script: Script, rules: Rules, others: Rules | None, save: Callable[[Connection], None]
    ) -> Outcome:
        one = self._result(script, self.first, rules, save)
        if self.second is None or others is None:
            return Outcome(one)
        two = self._result(script, self.second, others, save)
        return Outcome(one, two, between(script, one.played, two.played, self.options["match"]))

    def _result(self, script: Script, place: Where, rules: Rules, save: Callable[[Connection], None]) -> Result:
        played = send(script, place, rules)
        save(replace(played.connection, label=script.name))
        return Result(script, place.target, played, compared(script, played, self.options["match"]))

    def _rules(self, place: Where, *, second: bool) -> Rules:
        options = self.options
        given = logins(
            self.scripts,
            _named(place.target.endpoint, options["sni"]),
            user=options["user"],
            descriptor=options["password_fd"],
            recorded=options["recorded"],
            second=second,
        )
        plain = plain_auth_allowed(place.target, self._allowed())
        return Rules(given, plain, options["force_auth"], options["timeout_s"])

    def _warn(self) -> None:
        if self.options["insecure"]:
            click.echo("smtptrace: warning: the certificate is not verified; anybody may be the server", err=True)
        if self.options["ntlm_v1"]:
            click.echo("smtptrace: warning: who reads an NTLMv1 login can compute the password's hash", err=True)

    def write(self, path: Path, octets: bytes) -> None:
        """Write a report.

        Raises:
            UsageError: the file cannot be written.
        """
        try:
            path.write_bytes(octets)
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror}") from error


def _named(endpoint: Endpoint, name: str) -> Endpoint:
    """The target as a mechanism names it."""
    return Endpoint(name or endpoint.host, endpoint.port)


def _value(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--set {visible(text)}: is not NAME=VALUE")
    return name, value


def _differs(outcome: Outcome) -> bool:
    verdicts = [each.comparison.verdict for each in (outcome.first, outcome.second) if each]
    return any(verdict is not Verdict.SAME for verdict in verdicts)
