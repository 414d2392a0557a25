"""The console at a terminal: line editing, history, completion, and what the server says while a line is typed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smtptrace.errors import MissingError, UsageError
from smtptrace.replay.console import Console
from smtptrace.replay.console_drive import Show, drive
from smtptrace.replay.console_manners import State
from smtptrace.replay.console_shown import Ask, Kind, Shown
from smtptrace.secret import Secret

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import Completer
    from prompt_toolkit.history import History
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.output import Output

_LISTEN_S = 0.1
"""Seconds between two looks at what the server may have said while a line is typed."""


def available() -> None:
    """Raise where the library for editing lines is missing.

    Raises:
        MissingError: it is not installed.
    """
    try:
        import prompt_toolkit  # noqa: F401
    except ImportError as error:
        raise MissingError("connect: to edit lines, install prompt_toolkit (pip install prompt_toolkit)") from error


class Terminal:
    """A person at a terminal.

    Args:
        console: before its greeting.
        show: takes what is said; lines that the user typed are on the screen already.
        secret: gives a password or token from elsewhere, None where the user is to be asked.
        history: where lines are kept, None for this session only.
    """

    def __init__(
        self, console: Console, show: Show, secret: Callable[[Ask], Secret | None], history: Path | None
    ) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
        from prompt_toolkit.filters import Condition

        self._console, self._show, self._secret = console, show, secret
        self._lines: PromptSession[str] = PromptSession(
            history=_history(console, history),
            completer=_completer(console),
            complete_while_typing=False,
            auto_suggest=AutoSuggestFromHistory(),
            is_password=Condition(lambda: console.state is State.RESPONSE),
            bottom_toolbar=lambda: f" {console.status} ",
            key_bindings=_keys(),
            output=_output(),
        )

    def converse(self, *, implicit: bool) -> None:
        """The whole session, from the greeting to the end."""
        with _silent_keys():
            self._converse(implicit)

    def _converse(self, implicit: bool) -> None:
        self._drive(self._console.begin(implicit=implicit))
        while not self._console.ended:
            try:
                typed = self._lines.prompt("C: ", pre_run=self._listen)
            except EOFError:
                self._drive(self._console.leave())
                return
            lines = typed.removesuffix("\n").split("\n")
            for line in lines:
                if not self._console.ended:
                    self._drive(self._console.enter(line), echo=len(lines) > 1)

    def _drive(self, talk: Any, *, echo: bool = False) -> None:
        """Show what a talk gives, but for what stands on the screen as it was typed."""

        def show(shown: Shown) -> None:
            if echo or shown.kind is not Kind.TYPED:
                self._show(shown)

        drive(talk, show, self._answer)

    def _answer(self, ask: Ask) -> str | Secret | None:
        given = self._secret(ask) if ask.secret else None
        if given is not None:
            return given
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import DummyHistory

        asked: PromptSession[str] = PromptSession(
            history=DummyHistory(), is_password=bool(ask.secret), output=_output()
        )
        try:
            said = asked.prompt(f"{ask.what}: ", pre_run=self._listen)
        except (EOFError, KeyboardInterrupt):
            return None
        if self._console.ended:
            return None
        return Secret(said) if ask.secret else said

    def _listen(self) -> None:
        """While the prompt stands, show what the server says."""
        from prompt_toolkit.application import get_app

        get_app().create_background_task(self._listening())

    async def _listening(self) -> None:
        from prompt_toolkit.application import get_app, run_in_terminal

        while not self._console.ended:
            await asyncio.sleep(_LISTEN_S)
            said = list(self._console.arrived())
            if said:
                await run_in_terminal(lambda said=said: [self._show(each) for each in said])  # type: ignore[misc]
        get_app().exit(result="")


@contextlib.contextmanager
def _silent_keys() -> Iterator[None]:
    """Between two prompts too, show no key that is pressed and lose none: the next may belong to a password.

    Ctrl-C interrupts as ever. Where the system knows no such thing, keys are as they are.
    """
    try:
        import termios

        before = termios.tcgetattr(sys.stdin.fileno())
    except (ImportError, OSError, ValueError, termios.error):
        yield
        return
    silent = [*before[:3], before[3] & ~(termios.ECHO | termios.ICANON), *before[4:]]
    termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, before)


def _output() -> Output | None:
    """Standard error where standard output goes to a file; None lets the library choose."""
    from prompt_toolkit.output import create_output

    return None if sys.stdout.isatty() else create_output(sys.stderr)


def _keys() -> KeyBindings:
    """Ctrl-C clears a line that was begun, and leaves at an empty one as Ctrl-D does."""
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    keys = KeyBindings()

    @keys.add("c-c")
    def _(event: KeyPressEvent) -> None:
        if event.current_buffer.text:
            event.current_buffer.reset()
        else:
            event.app.exit(exception=EOFError)

    return keys


def _completer(console: Console) -> Completer:
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion
    from prompt_toolkit.document import Document

    class Words(Completer):
        def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:  # noqa: ARG002
            for word in console.words(document.current_line_before_cursor):
                yield Completion(word.text, -word.replaced, display_meta=word.meaning)

    return Words()


def _history(console: Console, path: Path | None) -> History:
    """Lines of before; nothing that may hold a secret is ever taken in."""
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    base: Any = InMemoryHistory() if path is None else FileHistory(_private(path))
    take = base.append_string

    def append(line: str) -> None:
        if "\n" not in line and console.remembers(line):  # what was pasted may be a message
            take(line)

    base.append_string = append
    kept: History = base
    return kept


def _private(path: Path) -> str:
    """The file, made with mode 0600 where it does not exist.

    Raises:
        UsageError: it cannot be made or is not ours to change.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise UsageError(f"{path}: cannot keep a history: {error.strerror}") from error
    return str(path)
