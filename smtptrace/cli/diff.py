"""Two sessions side by side: a working client against a failing one."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click

from smtptrace.cli._options import A_FILE
from smtptrace.cli._reading import Run
from smtptrace.errors import UnreadableError, UsageError
from smtptrace.outputs._text import visible
from smtptrace.select import Selection
from smtptrace.trace import Options, Trace

GROUP = "act"

_WIDTH = 44


@click.command("diff")
@click.argument("left", type=A_FILE, metavar="A")
@click.argument("right", type=A_FILE, metavar="B")
@click.option("--left", "left_id", metavar="ID", help="The session of A, as `list` names it.")
@click.option("--right", "right_id", metavar="ID", help="The session of B.")
@click.option("--keylog", type=click.Path(), metavar="FILE", help="TLS keys that open what they fit.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--show-secrets", is_flag=True, help="Show passwords and tokens, which are masked otherwise.")
def command(left: str, right: str, left_id: str | None, right_id: str | None, **options: Any) -> int:
    """Put a session of A and one of B side by side, matched by what their commands mean.

    A and B are captures or transcripts, also the same one. What counts as a difference are commands that one of them
    lacks, codes, extensions, TLS, and how the login was made; names, addresses, sizes and texts are remarked on.
    Exit code: 0 the same, 1 a difference.

    \b
    smtptrace diff works.pcapng fails.pcapng
    smtptrace diff --left 1 --right 40 mail.pcapng mail.pcapng
    """
    from smtptrace.replay.diff import pairs

    (one, first), (two, second) = (
        _session(left, left_id, "--left", options),
        _session(right, right_id, "--right", options),
    )
    found = pairs(one, two)
    if options["as_json"]:
        from smtptrace.outputs.jsonl import line
        from smtptrace.replay.diff import diff_object

        names = ({"source": left, "id": first}, {"source": right, "id": second})
        sys.stdout.buffer.write(line(diff_object(found, *names)))
        sys.stdout.buffer.flush()
    else:
        for text in _lines(found, f"{left} {first}", f"{right} {second}"):
            click.echo(text)
    return 1 if any(pair.differences for pair in found) else 0


def _session(path: str, wanted: str | None, option: str, options: dict[str, Any]) -> tuple[Trace, str]:
    """The only session of a file, or the one that is named."""
    reading = Options(keylog=options["keylog"], keep_content=True)
    selection = Selection(ids=(wanted,) if wanted else ())
    run = Run((path,), selection, reading, show_secrets=options["show_secrets"])
    found = list(run.traces())
    if run.unreadable and not found:
        raise UnreadableError(f"{visible(path)}: no session could be read")
    if not found:
        raise UsageError(f"{visible(path)}: no session {visible(wanted or '')}".rstrip())
    if len(found) > 1:
        names = ", ".join(visible(name) for _, name in found[:10])
        raise UsageError(f"{visible(path)}: {len(found)} sessions ({names}, ...): choose with {option} ID")
    return found[0]


def _lines(found: Sequence[Any], left: str, right: str) -> Iterator[str]:
    yield f"  {_cell(left)}  {_cell(right)}".rstrip()
    marked = False
    for pair in found:
        first = bool(pair.differences) and not marked
        marked = marked or first
        mark = ">" if first else "!" if pair.differences else " "
        for one, two in zip(_turn(pair.left), _turn(pair.right), strict=True):
            if one or two:
                yield f"{mark} {_cell(one)}  {_cell(two)}".rstrip()
        for difference in pair.differences:
            yield f"    ! {visible(difference, 300)}"
        for remark in pair.remarks:
            yield f"      {visible(remark, 300)}"
    yield "different" if marked else "the same"


def _turn(turn: Any) -> tuple[str, str]:
    """Command and reply of one side."""
    if turn is None:
        return "", ""
    said = turn.said.lines[-1].decode("utf-8", "backslashreplace") if turn.said else "(no reply)"
    return (f"C: {turn.sent}" if turn.verb != "greeting" else ""), f"S: {said}"


def _cell(text: str) -> str:
    shown = visible(text, 400)
    return f"{shown if len(shown) <= _WIDTH else shown[: _WIDTH - 1] + '…':<{_WIDTH}}"
