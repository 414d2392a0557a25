"""What `replay` does: read the scripts, refuse, play."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from smtptrace.cli._reading import Run
from smtptrace.cli._replay_scripts import rows_of, scripts_of, sender_of, values_of
from smtptrace.cli._replay_signals import ended_by_signals
from smtptrace.cli._replay_site import Site, client_of
from smtptrace.errors import UnreadableError, UsageError
from smtptrace.outputs._text import visible
from smtptrace.replay import forwarded
from smtptrace.replay.compare import between
from smtptrace.replay.player import Rules
from smtptrace.replay.prepare import Choices
from smtptrace.replay.report import NotPlayed, Outcome, Result
from smtptrace.replay.schedule import one_by_one, overlapping
from smtptrace.replay.script import NotPlayableError, Script, secrets_of
from smtptrace.replay.send import ntlm_level
from smtptrace.replay.sender import with_sender
from smtptrace.select import Selection
from smtptrace.trace import Options, Trace
from smtptrace.wire import Connection

_NTLM_V1 = 2
"""LmCompatibilityLevel: the NTLMv1 response alone, without the weaker LM response."""


class Work:
    """One call of `replay`: its scripts, read before anything is sent, and its one or two targets.

    `left` are sessions that cannot be played, where more than one was asked for. `ended_by` is the number of the signal
    that ended the run, 0 where none did.

    Raises:
        UsageError: the options do not fit each other, or what was asked for is not there.
    """

    def __init__(self, source: str, sites: Sequence[Site], options: Mapping[str, Any]) -> None:
        self.source = source
        self.sites = sites
        self.options = options
        self.left: list[NotPlayed] = []
        self.ended_by = 0
        traces = self._traces()
        self._secrets = frozenset().union(*(secrets_of(trace) for trace, _ in traces))
        self.scripts = list(self._scripts(traces))
        if not self.scripts:
            raise UsageError("; ".join(each.reason for each in self.left[:3]))

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

    def _scripts(self, traces: Sequence[tuple[Trace, str]]) -> Iterator[Script]:
        """Each session as it will be played; where many were asked for, one that cannot be is left out and named."""
        choices, rows, sender = self._choices(), rows_of(self.options["data"]), sender_of(self.options["sender"])
        for trace, name in traces:
            try:
                scripts = scripts_of(trace, name, choices, self.options, rows)
            except NotPlayableError as error:
                if len(traces) == 1:
                    raise
                self.left.append(NotPlayed(name, str(error).removeprefix(f"session {name}: ")))
                continue
            yield from (self._forwarded(with_sender(script, sender, self._may_tell)) for script in scripts)

    def _may_tell(self, path: bytes) -> bool:
        return path == self.options["to"].encode() or all(site.may_tell(path) for site in self.sites)

    def _forwarded(self, script: Script) -> Script:
        client = client_of(script, self.options)
        if self.options["proxy"]:
            forwarded.address(client)
        return forwarded.with_xclient(script, client) if self.options["xclient"] else script

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
            values=values_of(options["values"]),
            environment=os.environ.keys(),
        )

    def refusals(self) -> Sequence[str]:
        """Why nothing may be sent, to any target."""
        found = [refusal for site in self.sites for refusal in site.refusals(self.scripts, self._secrets)]
        return tuple(dict.fromkeys(found))

    def refuse(self) -> None:
        """Show the plan and send nothing, where something stands against it.

        Raises:
            UsageError: something does.
        """
        from smtptrace.cli._replay_text import plan_lines

        found = self.refusals()
        if found:
            for text in (*plan_lines(self), *(f"refused: {each}" for each in found)):
                click.echo(text, err=True)
            raise UsageError("nothing was sent; the lines above say why")

    def play(self, save: Callable[[Connection], None], show: Callable[[Outcome], None]) -> list[Outcome]:
        """Play all scripts; each outcome is kept and shown in the recorded order, as soon as it is there."""
        self._warn()
        rules = [site.rules(self.scripts) for site in self.sites]
        outcomes: list[Outcome] = []
        halts = [site.place.halt for site in self.sites]
        with ntlm_level(_NTLM_V1 if self.options["ntlm_v1"] else None), ended_by_signals(halts) as signalled:
            for outcome in self._outcomes(lambda at: self._begin(self.scripts[at], rules)):
                for result in outcome.results:
                    save(replace(result.played.connection, label=result.script.name))
                show(outcome)
                outcomes.append(outcome)
            self.ended_by = signalled()
        return outcomes

    def _outcomes(self, begin: Callable[[int], Callable[[], Outcome]]) -> Iterator[Outcome]:
        if len(self.scripts) == 1 or self.options["serial"] or self.options["data"]:
            return one_by_one(len(self.scripts), lambda at: begin(at)(), self._ends)
        times = [script.seen for script in self.scripts]
        return overlapping(times, begin, self._ends, self._halt, self.options["at_once"])

    def _ends(self, outcome: Outcome) -> bool:
        halted = self.sites[0].place.halt.is_set()
        return halted or (self.options["stop_on_difference"] and outcome.differs)

    def _halt(self) -> None:
        for site in self.sites:
            site.place.halt.set()

    def _begin(self, script: Script, rules: Sequence[Rules]) -> Callable[[], Outcome]:
        """Connect to the first target; what is given plays the script there, and then at the second."""
        return partial(self._outcome, script, rules, self.sites[0].begin(script, rules[0]))

    def _outcome(self, script: Script, rules: Sequence[Rules], first: Callable[[], Result]) -> Outcome:
        one = first()
        if len(self.sites) == 1:
            return Outcome(one)
        two = self.sites[1].begin(script, rules[1])()
        return Outcome(one, two, between(script, one.played, two.played, self.options["match"]))

    def _warn(self) -> None:
        if any(site.options["insecure"] for site in self.sites):
            click.echo("smtptrace: warning: the certificate is not verified; anybody may be the server", err=True)
        if self.options["ntlm_v1"]:
            click.echo("smtptrace: warning: who reads an NTLMv1 login can compute the password's hash", err=True)
        for each in self.left:
            click.echo(f"smtptrace: session {visible(each.name)} is not played: {visible(each.reason)}", err=True)
