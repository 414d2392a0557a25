"""Write each message to a file, exactly as the server took it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from smtptrace.cli._reading import reading_options, run_of

GROUP = "keep"


@click.command("extract")
@reading_options
@click.option("-o", "--output", "folder", required=True, type=click.Path(path_type=Path), help="Folder to write to.")
def command(folder: Path, **reading: Any) -> int:
    """Write each message as .eml, with a .json beside it, and manifest.jsonl for all of them.

    The .eml holds the octets as the server took them. One of which octets are missing is called -incomplete, and a
    line in their place says how many. Files are readable by their owner only; none is overwritten.

    \b
    smtptrace extract mail.pcapng -o messages
    smtptrace extract --user alice@example.org mail.pcapng -o messages
    """
    from smtptrace._private import private_file, private_folder
    from smtptrace.outputs.eml import messages, store
    from smtptrace.outputs.jsonl import line

    run = run_of(**reading)
    run.options.keep_content = True
    whole = cut = 0
    with private_file(private_folder(folder) / "manifest.jsonl") as manifest:
        for trace, name in run.raw():
            for message in messages(trace, name):
                sidecar = store(message, folder)
                manifest.write(line(sidecar))
                manifest.flush()
                whole, cut = whole + sidecar["complete"], cut + (not sidecar["complete"])
                if run.as_json:
                    click.echo(line(sidecar), nl=False)
    if not run.as_json:
        click.echo(f"{whole} whole and {cut} incomplete messages in {folder}, readable by you only")
    run.say_not_found()
    return run.finish()
