"""What `serve` does: read the sessions, listen, serve whoever connects, say what came of it."""

from __future__ import annotations

import os
import queue
import re
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from smtptrace import net
from smtptrace.cli._password import PASSWORD, secret_from
from smtptrace.cli._reading import Run
from smtptrace.errors import UnreadableError, UsageError
from smtptrace.outputs._text import visible
from smtptrace.replay.junit import Case, junit, write_report
from smtptrace.replay.save import saving
from smtptrace.replay.serve import Manner, Unrecorded
from smtptrace.replay.serve_many import Service, Terms
from smtptrace.replay.serve_outcome import case, suite
from smtptrace.replay.serve_roster import Match
from smtptrace.replay.serve_run import Served
from smtptrace.replay.serve_script import Recorded
from smtptrace.replay.serve_source import names, needs_tls, recorded, shortcomings
from smtptrace.replay.throwaway import throwaway
from smtptrace.select import Selection
from smtptrace.trace import Options
from smtptrace.wire import Connection

MOST_CASES = 10_000
"""Connections that a report for a test runner tells one by one."""

_REPLY = re.compile(r"[245][0-9]{2} [\x20-\x7e]{1,400}")
_LOOK_S = 0.5


@dataclass(slots=True)
class Work:
    """One run of `serve`: `served` gives each connection as soon as it has ended, then `never_played` is known."""

    source: str
    options: dict[str, Any]
    never_played: tuple[str, ...] = ()
    _cases: list[Case] = field(default_factory=list)

    def served(self) -> Generator[Served, None, None]:
        """Each connection as soon as it has ended.

        Raises:
            UsageError: the options cannot be.
            WireError: nobody can listen there.
        """
        sessions = _sessions(self.source, self.options)
        manner = _manner(self.options)
        for text in shortcomings(sessions, password=manner.secret is not None):
            click.echo(f"smtptrace: {visible(text, 300)}", err=True)
        place = _place(self.options["listen"])
        with ExitStack() as stack:
            save = stack.enter_context(saving(self.options["save"]))
            terms = self._terms(sessions, manner, place)
            listener = stack.enter_context(net.Listener(*place))
            ended: queue.SimpleQueue[Served] = queue.SimpleQueue()
            service = Service(sessions, listener, terms, ended.put)
            if self.options["junit"]:
                stack.callback(self._report)
            service.start()
            try:
                self._tell(place[0], listener.port)
                for each in self._until_over(service, ended):
                    yield self._kept(each, save)
                self.never_played = service.never_played()
            finally:
                service.stop()
                while not ended.empty():  # who was connected when it was to end
                    self._kept(ended.get(), save)

    def _kept(self, served: Served, save: Callable[[Connection], None]) -> Served:
        save(served.connection)
        if len(self._cases) < MOST_CASES:
            self._cases.append(case(served))
        return served

    def _terms(self, sessions: tuple[Recorded, ...], manner: Manner, place: tuple[str, int]) -> Terms:
        options, context = self.options, None
        if options["ca_out"] or needs_tls(sessions) or manner.unrecorded is Unrecorded.ACCEPT:
            secured = throwaway(("localhost", "127.0.0.1", "::1", place[0], *names(sessions)))
            context = secured.context
            if options["ca_out"]:
                _write(options["ca_out"], secured.authority)
        count = len(sessions) if options["once"] else None
        return Terms(manner, Match(options["match"]), context, options["timeout_s"], options["clients"], count)

    def _tell(self, host: str, port: int) -> None:
        click.echo(f"smtptrace: listening on {host}:{port}", err=True)
        if not any(map(net.is_loopback, net.addresses(host, port))):
            click.echo("smtptrace: other machines can connect too", err=True)
        if self.options["port_file"]:
            _write(self.options["port_file"], f"{port}\n".encode())

    def _until_over(self, service: Service, ended: queue.SimpleQueue[Served]) -> Iterator[Served]:
        quiet = time.monotonic()
        while True:
            over = service.is_over()
            try:
                yield ended.get(timeout=0.0 if over else _LOOK_S)
                quiet = time.monotonic()
            except queue.Empty:
                if over:
                    return
                if self._waited_long(service, quiet):
                    click.echo("smtptrace: nobody connected any more", err=True)
                    service.stop()

    def _waited_long(self, service: Service, since: float) -> bool:
        wait_s = self.options["wait_s"]
        return wait_s is not None and not service.live() and time.monotonic() - since > wait_s

    def _report(self) -> None:
        write_report(self.options["junit"], junit("smtptrace", [suite(self.source, self._cases, self.never_played)]))


def _sessions(source: str, options: dict[str, Any]) -> tuple[Recorded, ...]:
    run = Run((source,), Selection(ids=options["ids"]), Options(keep_events=True, keylog=options["keylog"]))
    try:
        return recorded(run.raw(), visible(source))
    finally:
        if run.unreadable:
            raise UnreadableError(f"{visible(source)}: it must be whole to be played")


def _manner(options: dict[str, Any]) -> Manner:
    given = options["password_fd"] is not None or PASSWORD in os.environ
    secret = secret_from(options["password_fd"]) if given else None
    word = options["unrecorded"]
    if word in {each.value for each in Unrecorded}:
        return Manner(options["strict"], Unrecorded(word), secret=secret)
    if not _REPLY.fullmatch(word):
        choices = ", ".join(each.value for each in Unrecorded)
        raise UsageError(f"--unrecorded {word!a}: neither {choices} nor a reply such as '550 5.7.1 no'")
    return Manner(options["strict"], refusal=word.encode(), secret=secret)


def _place(text: str) -> tuple[str, int]:
    """Where to listen; unlike a target, port 0 is one."""
    host, colon, port = text.rpartition(":")
    if colon and port == "0":
        return host.strip("[]"), 0
    found = net.endpoint(text, 25)
    return found.host, found.port


def _write(path: Path, octets: bytes) -> None:
    """Write a file at once, so that who waits for it finds it whole."""
    new = path.with_name(path.name + ".new")
    try:
        new.write_bytes(octets)
        new.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
