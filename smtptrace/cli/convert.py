"""Write sessions in another form: text, packets, JSON, CSV, or a command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from smtptrace._registry import Registry
from smtptrace.cli._reading import reading_options, run_of

GROUP = "keep"

_OUTPUTS = Registry("smtptrace.outputs")
_FORMATS = {str(_OUTPUTS.constant(name, "FORMAT")): name for name in _OUTPUTS if _OUTPUTS.constant(name, "FORMAT")}


@click.command("convert")
@reading_options
@click.option("--to", "form", required=True, type=click.Choice(sorted(_FORMATS)), help="The form to write.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write to; standard output otherwise.")
def command(form: str, output: Path | None, **reading: Any) -> int:
    r"""Write sessions as .smtp text, pcapng, JSON lines, CSV, or a shell script for swaks or curl.

    Secrets are masked with the same length; --show-secrets keeps every octet, and reading what was written gives the
    same streams again. A command line takes them from variables of the shell.

    \b
    smtptrace convert --to smtp mail.pcapng
    smtptrace convert --to pcapng -o session.pcapng exchange.log
    smtptrace convert --to swaks -s 7 mail.pcapng
    """
    from smtptrace._private import private_file
    from smtptrace.masks import shown

    run = run_of(**reading)
    run.options.keep_events = run.options.keep_content = True
    stream = private_file(output) if output else sys.stdout.buffer
    try:
        write = _OUTPUTS[_FORMATS[form]].writer(stream)
        for trace, name in run.raw():
            write(shown(trace, reveal=run.show_secrets), name)
        stream.flush()
    finally:
        if output:
            stream.close()
    return run.finish()
