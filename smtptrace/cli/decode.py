"""Say what one token or line of an AUTH exchange is."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import click

from smtptrace import redact
from smtptrace.auth import Description, Row, decode_token, problem_text
from smtptrace.outputs._text import visible

GROUP = "explain"

_LONGEST = 1 << 20
_MOST_LINES = 1000
_WRAPPED = re.compile(r"[A-Za-z0-9+/=_-]{40,}")


@click.command("decode")
@click.argument("token", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a token.")
@click.option("--show-secrets", is_flag=True, help="Show passwords, tokens and proofs, which are masked otherwise.")
def command(token: str | None, as_json: bool, show_secrets: bool) -> int:
    """Decode a TOKEN: base64 (also URL-safe, wrapped or twice), hex, or a whole AUTH or 334 line.

    Without TOKEN, or with '-', the lines of standard input are decoded. What a token holds in fields is masked where
    it is secret; a token that is nothing but text is shown, since nobody can tell a name from a password.

    \b
    smtptrace decode VXNlcm5hbWU6
    smtptrace decode 'AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm'
    smtptrace decode --json TlRMTVNTUAABAAAA...
    """
    texts = _lines(sys.stdin.read(_LONGEST)) if token in (None, "-") else iter((token or "",))
    for number, text in enumerate(texts):
        found = redact.reveal_description(decode_token(text)) if show_secrets else decode_token(text)
        if as_json:
            click.echo(json.dumps(as_object(found), ensure_ascii=True))
            continue
        if number:
            click.echo()
        for line in _shown(found):
            click.echo(line)
    return 0


def _lines(text: str) -> Iterator[str]:
    """The tokens of a text: one a line, or one that an encoder wrapped."""
    lines = [line.strip("\r") for line in text.split("\n") if line.strip()][:_MOST_LINES]
    wrapped = len(lines) > 1 and all(_WRAPPED.fullmatch(line) for line in lines[:-1])
    if wrapped and len({len(line) for line in lines[:-1]}) == 1 and len(lines[-1]) <= len(lines[0]):
        yield "".join(lines)
        return
    yield from lines


def as_object(found: Description) -> dict[str, Any]:
    """The description as `smtptrace.decode/1`."""
    return {
        "schema": "smtptrace.decode/1",
        "kind": found.kind,
        "encodings": list(found.encodings),
        "fields": [
            {"name": row.name.strip(), "offset": row.offset, "length": row.length, "value": _value(row)}
            for row in found.rows
        ],
        "problems": list(found.problems),
    }


def _value(row: Row) -> str:
    return "".join(map(str, row.value)).encode("utf-8", "replace").decode()


def _shown(found: Description) -> Iterator[str]:
    yield visible(" > ".join((*found.encodings, found.kind)))
    width = max((len(row.name) for row in found.rows), default=0)
    placed = any(row.offset is not None for row in found.rows)
    for row in found.rows:
        place = f"{'' if row.offset is None else row.offset:>5} {'' if row.length is None else row.length:>5}  "
        yield f"  {row.name:<{width}}  {place if placed else ''}{visible(_value(row))}"
    for problem in found.problems:
        yield f"  ! {problem}: {problem_text(problem) or ''}"
