"""Play the server of a recording to a client under test."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from smtptrace.cli._password import password_option

GROUP = "act"


@click.command("serve")
@click.argument("source", metavar="SOURCE")
@click.option("-s", "--session", "ids", multiple=True, metavar="ID", help="Only this session, as `list` names it.")
@click.option(
    "--listen", default="127.0.0.1:0", show_default=True, metavar="HOST[:PORT]", help="Where; 0 is a free port."
)
@click.option(
    "--port-file", type=click.Path(path_type=Path), metavar="FILE", help="Write the port there once it listens."
)
@click.option("--once", is_flag=True, help="End when every session was played once.")
@click.option("--strict", is_flag=True, help="Want the very commands in their order.")
@click.option(
    "--unrecorded", default="502 5.5.1 not in the recording", metavar="REPLY", help="To what is not recorded."
)
@click.option(
    "--ca-out", type=click.Path(path_type=Path), metavar="FILE", help="Write the authority of this run there."
)
@click.option("--keylog", type=click.Path(), metavar="FILE", help="TLS keys that open the recording.")
@click.option("--save", type=click.Path(path_type=Path), metavar="FILE", help="Keep what came, as .pcapng or .smtp.")
@click.option("--timeout", "timeout_s", type=click.FloatRange(0, min_open=True), default=300.0, metavar="S")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a connection.")
@password_option
def command(source: str, **options: Any) -> int:
    """Greet, offer, challenge and reply as the server of SOURCE did, to whoever connects.

    Names, addresses and content of the client may differ, and commands may come again; --strict wants the very lines.
    Its sessions are played one after the other, a connection each, and then from the first again. Any password is good
    where one was; a SCRAM login that was accepted needs the password, from SMTPTRACE_PASSWORD or --password-fd.

    \b
    smtptrace serve --once --port-file port trace.pcapng
    smtptrace serve --listen 127.0.0.1:2525 --ca-out ca.pem trace.smtp

    Exit code: 0 every client kept to the script, 1 one left it, 4 one broke off, or nobody can listen there.
    """
    from smtptrace.cli._serve_work import serve

    worst = 0
    for number, served in enumerate(serve(source, options), 1):
        _show(number, served, as_json=options["as_json"])
        worst = max(worst, 4 if served.broken else 1 if served.deviations else 0)
    return worst


def _show(number: int, served: Any, *, as_json: bool) -> None:
    from smtptrace.outputs._text import visible
    from smtptrace.outputs.jsonl import line

    client = str(served.connection.client)
    if as_json:
        record = {"schema": "smtptrace.serve/1", "number": number, "client": client}
        outcome = {"deviations": list(served.deviations), "broken": served.broken or None}
        sys.stdout.buffer.write(line({**record, **outcome}))
        sys.stdout.buffer.flush()
        return
    click.echo(f"{number} {client}: {'left the script' if served.deviations else 'as recorded'}")
    for text in (*served.deviations, *([served.broken] if served.broken else [])):
        click.echo(f"    {visible(text, 300)}")
