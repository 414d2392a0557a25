"""Play the server of a recording to a client under test."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from smtptrace.cli._options import A_FILE, Seconds
from smtptrace.cli._password import password_option

GROUP = "act"


@click.command("serve")
@click.argument("source", type=A_FILE, metavar="SOURCE")
@click.option("-s", "--session", "ids", multiple=True, metavar="ID", help="Only this session, as `list` names it.")
@click.option(
    "--listen", default="127.0.0.1:0", show_default=True, metavar="HOST[:PORT]", help="Where; 0 is a free port."
)
@click.option(
    "--port-file", type=click.Path(path_type=Path), metavar="FILE", help="Write the port there once it listens."
)
@click.option("--once", is_flag=True, help="End after as many connections as there are sessions.")
@click.option(
    "--match",
    type=click.Choice(("order", "helo", "login")),
    default="order",
    show_default=True,
    help="Who gets which session: in recorded order, by the name in EHLO, by mechanism and user.",
)
@click.option("--strict", is_flag=True, help="Want the very commands in their order.")
@click.option(
    "--unrecorded",
    default="refuse",
    show_default=True,
    metavar="refuse|close|accept|REPLY",
    help="What to do with what is not recorded.",
)
@click.option(
    "--clients", type=click.IntRange(1, 256), default=16, show_default=True, metavar="N", help="Most at once."
)
@click.option(
    "--ca-out", type=click.Path(path_type=Path), metavar="FILE", help="Write the authority of this run there."
)
@click.option("--keylog", type=click.Path(), metavar="FILE", help="TLS keys that open the recording.")
@click.option("--save", type=click.Path(path_type=Path), metavar="FILE", help="Keep what came, as .pcapng or .smtp.")
@click.option(
    "--timeout",
    "timeout_s",
    type=Seconds(),
    default=300.0,
    show_default=True,
    metavar="S",
    help="Seconds to wait for a client that is connected.",
)
@click.option(
    "--wait",
    "wait_s",
    type=Seconds(),
    metavar="S",
    help="End when nobody is connected for so many seconds.",
)
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write the outcome for a test runner.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a connection.")
@password_option
def command(source: str, **options: Any) -> int:
    """Greet, offer, challenge and reply as the server of SOURCE did, to whoever connects.

    Names, addresses and content of the client may differ, and commands may come again; --strict wants the very lines.
    Each connection gets the next session, several at once, and then the first again; --match finds it by what the
    client says of itself. Any password is good where one was, unless one is given in SMTPTRACE_PASSWORD or by
    --password-fd: then challenges are made anew and responses checked against it, and SCRAM and DIGEST-MD5 prove it.

    \b
    smtptrace serve --once --port-file port trace.pcapng
    smtptrace serve --listen 127.0.0.1:2525 --ca-out ca.pem trace.smtp

    Exit code: 0 every client kept to the script, 1 one left it, or a session was never played, 4 a
    connection broke (TLS, time, too much), or nobody can listen there.
    """
    from smtptrace.cli._serve_work import Work

    work, worst = Work(source, options), 0
    with _ended_by_signals(), contextlib.closing(work.served()) as connections:
        for served in connections:
            worst = max(worst, 4 if served.broken else 1 if served.deviations else 0)
            _show(served, as_json=options["as_json"])
    for name in work.never_played:
        click.echo(f"session {name}: never played", err=options["as_json"])
    return max(worst, 1 if work.never_played else 0)


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """End well when interrupted or told to terminate, which is how a server ends."""
    from smtptrace.cli._signals import ending

    before = {number: signal.signal(number, signal.default_int_handler) for number in ending()}
    try:
        yield
    except KeyboardInterrupt:
        click.echo("smtptrace: interrupted", err=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show(served: Any, *, as_json: bool) -> None:
    from smtptrace.outputs._text import visible
    from smtptrace.outputs.jsonl import line
    from smtptrace.replay.serve_outcome import served_object

    if as_json:
        sys.stdout.buffer.write(line(served_object(served)))
        sys.stdout.buffer.flush()
        return
    how = "broke off" if served.broken else "left the script" if served.deviations else "as recorded"
    click.echo(f"{served.number} {served.connection.client}: session {served.session}: {how}")
    for text in (*served.deviations, *([served.broken] if served.broken else [])):
        click.echo(f"    {visible(text, 300)}")
    sys.stdout.flush()
