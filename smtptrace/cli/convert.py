"""Write sessions in another form: text, packets, JSON, CSV, or a command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
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
@click.option(
    "--pseudonymize", is_flag=True, help="Replace every name, fill bodies, drop secrets; say what was removed."
)
@click.option("--keep-content", is_flag=True, help="With --pseudonymize: bodies stay, but for names found in them.")
@click.option("--map", "map_file", type=click.Path(path_type=Path), help="Pseudonyms of earlier runs, and of this one.")
def command(
    form: str, output: Path | None, pseudonymize: bool, keep_content: bool, map_file: Path | None, **reading: Any
) -> int:
    """Write sessions as .smtp text, pcapng, JSON lines, CSV, or a shell script for swaks or curl.

    Secrets are masked with the same length; --show-secrets keeps every octet, and reading what was written gives the
    same streams again. A command line takes them from variables of the shell.

    \b
    smtptrace convert --to smtp mail.pcapng
    smtptrace convert --to pcapng -o session.pcapng exchange.log
    smtptrace convert --to swaks -s 7 mail.pcapng
    smtptrace convert --to smtp --pseudonymize --map names.json -o case.smtp mail.pcapng
    """
    from smtptrace._private import private_file
    from smtptrace.masks import shown

    if pseudonymize:
        reading["level"] = "people" if keep_content else "content"
    run = run_of(**reading)
    run.options.keep_events = run.options.keep_content = True
    hide = _Hiding(run.level, map_file) if run.level else None
    if hide:
        hide.look_ahead(run.ahead())
    stream = private_file(output) if output else sys.stdout.buffer
    try:
        write = _OUTPUTS[_FORMATS[form]].writer(stream)
        for trace, name in run.raw():
            write(hide(trace, name) if hide else shown(trace, reveal=run.show_secrets), name)
        stream.flush()
    finally:
        if output:
            stream.close()
    if hide:
        hide.save()
    return run.finish()


class _Hiding:
    """Hides what is asked for in one trace after the other, with the same pseudonyms throughout."""

    def __init__(self, level: str, map_file: Path | None) -> None:
        from smtptrace.pseudonymize import Names

        self._level = level
        self._map = map_file
        known = map_file.read_text("utf-8") if map_file and map_file.exists() else None
        self._names = Names() if known is None else Names.from_json(known, str(map_file))

    def look_ahead(self, traces: Iterator[Any]) -> None:
        """Learn what any of the sessions names before the first of them is written."""
        from smtptrace.pseudonymize import learn_ahead

        if self._level != "secrets":
            learn_ahead(traces, self._names)

    def __call__(self, trace: Any, name: str) -> Any:
        from smtptrace.outputs._text import visible
        from smtptrace.pseudonymize import redacted

        hidden, removed = redacted(trace, self._level, self._names)
        for each in removed:
            click.echo(f"smtptrace: session {visible(name)}: removed {visible(each)}", err=True)
        return hidden

    def save(self) -> None:
        """Write the map for the next run, readable by its owner only."""
        from smtptrace._private import private_file

        if self._map is not None:
            part = self._map.with_name(self._map.name + ".part")
            with private_file(part) as stream:
                stream.write(self._names.as_json().encode("utf-8", "backslashreplace"))
            part.replace(self._map)
