"""Drives a console: from the lines of a script, and piece by piece for whoever drives it otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from smtptrace.errors import UsageError
from smtptrace.replay.console import Console, Talk
from smtptrace.replay.console_manners import State
from smtptrace.replay.console_shown import Ask, Shown
from smtptrace.secret import Secret

Show = Callable[[Shown], None]
Answer = Callable[[Ask], "str | Secret | None"]


def drive(talk: Talk, show: Show, answer: Answer) -> None:
    """Show what a talk gives, and answer what it asks."""
    reply: Any = None
    while True:
        try:
            item = talk.send(reply)
        except StopIteration:
            return
        reply = None
        if isinstance(item, Ask):
            reply = answer(item)
        else:
            show(item)


def run_script(console: Console, lines: Iterator[str], show: Show, secret: Callable[[Ask], Secret]) -> None:
    """Enter one line after the other, to their end or that of the connection, and leave politely.

    A question for anything but a secret takes the next line. A reply that does not come in time ends the script.

    Args:
        console: after its greeting.
        lines: without line ends.
        show: takes what is said.
        secret: gives the password or token that is asked for.

    Raises:
        UsageError: the lines end before the message does.
    """

    def answer(ask: Ask) -> str | Secret | None:
        return secret(ask) if ask.secret else next(lines, None)

    for line in lines:
        if console.ended or console.overdue:
            break
        drive(console.enter(line), show, answer)
    inside = console.state is State.CONTENT
    drive(console.leave(), show, answer)
    if inside:
        raise UsageError("the lines end inside the message, which was not sent: a line of one dot ends it")
