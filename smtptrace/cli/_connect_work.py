"""What `connect` does: reach the server, talk, and keep the record whatever happens."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

import click

from smtptrace import net
from smtptrace.cli._connect_text import line_of
from smtptrace.cli._password import PASSWORD, TOKEN, secret_from
from smtptrace.cli._signals import ending
from smtptrace.errors import UsageError
from smtptrace.net import WireError
from smtptrace.replay.console import Console
from smtptrace.replay.console_drive import drive, run_script
from smtptrace.replay.console_link import reach, unanswered
from smtptrace.replay.console_manners import Manners
from smtptrace.replay.console_record import traced, written
from smtptrace.replay.console_shown import Ask, Kind, Shown
from smtptrace.replay.run import Secure
from smtptrace.replay.send import ntlm_level
from smtptrace.secret import Secret
from smtptrace.wire import Connection

_PORT, _TLS_PORT = 25, 465
_NTLM_V1 = 0
_LONGEST = 1 << 20
_TLS_OPTIONS = ("ca_file", "insecure", "certificate", "key", "least", "most")


@dataclass(slots=True)
class Work:
    """One call of `connect`."""

    target: str
    options: dict[str, Any]
    given: dict[str, Secret] = field(default_factory=dict)

    def run(self) -> int:
        """Talk to the end; gives the exit code."""
        options = self.options
        if _at_terminal():
            from smtptrace.replay.console_terminal import available

            available()
        server = net.endpoint(self.target, _TLS_PORT if options["implicit"] else _PORT)
        context = net.client_context(**{name: options[name] for name in _TLS_OPTIONS}, keylog=options["write_keylog"])
        secure = Secure(context, options["sni"] or server.host)
        with _file(options["save"]) as save, ntlm_level(_NTLM_V1 if options["ntlm_v1"] else None), _ended_by_signals():
            try:
                link = reach(server, secure, bind=options["bind"], timeout_s=options["timeout_s"])
            except WireError:
                self._keep(unanswered(server), save)
                raise
            return self._talk(Console(link, server, self._manners()), save)

    def _talk(self, console: Console, save: BinaryIO | None) -> int:
        self._show(Shown(Kind.REMARK, f"connected to {console.link.ends[1]}; /help tells what can be typed"))
        try:
            self._converse(console)
        finally:
            if not console.ended:
                console.hang_up()
            self._keep(console.link.connection(), save, console.secrets)
        failed = console.broken or (console.overdue and not _at_terminal())
        return WireError.exit_code if failed else 0

    def _converse(self, console: Console) -> None:
        console.used.name(f"EHLO {self.options['helo'] or socket.gethostname()}")
        if _at_terminal():
            from smtptrace.replay.console_terminal import Terminal

            terminal = Terminal(console, self._show, self._given, self.options["history"])
            terminal.converse(implicit=self.options["implicit"])
            return
        drive(console.begin(implicit=self.options["implicit"]), self._show, lambda _: None)
        run_script(console, _standard_input(), self._show, self._needed)

    def _manners(self) -> Manners:
        options = self.options
        return Manners(
            options["user"], options["plain_auth"], options["timeout_s"], _explained, options["show_secrets"]
        )

    def _show(self, shown: Shown) -> None:
        click.echo(line_of(shown, _width()), err=self.options["as_json"])

    def _given(self, ask: Ask) -> Secret | None:
        """The secret from the descriptor or the environment, None where there is neither."""
        variable = TOKEN if ask.secret == "Token" else PASSWORD  # noqa: S105  the kind, not a token
        if self.options["password_fd"] is None and variable not in os.environ:
            return None
        if variable not in self.given:
            self.given[variable] = secret_from(self.options["password_fd"], variable, ask.secret)
        source = variable if self.options["password_fd"] is None else "--password-fd"
        self._show(Shown(Kind.REMARK, f"{ask.what}: from {source}"))
        return self.given[variable]

    def _needed(self, ask: Ask) -> Secret:
        found = self._given(ask)
        if found is None:
            raise UsageError(f"no {ask.secret.lower()}: use --password-fd, {PASSWORD} or {TOKEN}")
        return found

    def _keep(self, connection: Connection, save: BinaryIO | None, secrets: Sequence[Secret] = ()) -> None:
        """Write the record, and the JSON where it is asked for."""
        trace = traced(connection, reveal=self.options["show_secrets"], secrets=secrets)
        if save is not None:
            self._show(Shown(Kind.REMARK, written(trace, self.options["save"], save)))
        if self.options["as_json"]:
            from smtptrace.auth import SecretIds
            from smtptrace.outputs.jsonl import line, session_object

            sys.stdout.buffer.write(line(session_object(trace, SecretIds(), "1")))
            sys.stdout.buffer.flush()


def _at_terminal() -> bool:
    return sys.stdin.isatty()


def _width() -> int:
    """Columns of the terminal, 0 where nobody looks."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0


def _standard_input() -> Iterator[str]:
    while line := sys.stdin.buffer.readline(_LONGEST):
        if len(line) == _LONGEST:
            raise UsageError(f"standard input: a line of more than {_LONGEST:,} octets is not sent")
        yield line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "surrogateescape")


def _explained(name: str) -> Iterable[str]:
    from smtptrace.cli._pocketbook import article, text_of

    found = article(name)
    return () if found is None else text_of(found)


@contextmanager
def _file(path: Path | None) -> Iterator[BinaryIO | None]:
    """The file to save in, made before anything is sent."""
    if path is None:
        yield None
        return
    from smtptrace._private import private_file
    from smtptrace.replay.save import checked

    with private_file(checked(path)) as stream:
        yield stream


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """While it lasts, the end of the terminal or of the machine ends the session as an error does: it is kept."""

    def leave(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, leave) for number in ending() if number != signal.SIGINT}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
