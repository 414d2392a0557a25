"""No secret of any recording leaves in any output."""

from __future__ import annotations

import base64
import json
import quopri
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.data import reference

OUTPUTS = (
    ("list", "--wide"),
    ("list", "--json"),
    ("show", "--content"),
    ("diagnose",),
    ("diagnose", "--json"),
    ("check",),
    ("check", "--json"),
    ("check", "--inventory"),
    ("clean",),
    *(("convert", "--to", form) for form in ("smtp", "pcapng", "jsonl", "csv", "swaks", "curl")),
)


def _names() -> list[str]:
    import os

    root = os.environ.get("SMTPTRACE_CORPUS")
    return (
        sorted(path.name.removesuffix(".expect.json") for path in Path(root, "recordings").glob("*.expect.json"))
        if root
        else []
    )


def _values(truth: Any) -> Iterator[str]:
    """Every password and token that the truth names; shorter ones stand in words of ours (`wrong`)."""
    if isinstance(truth, dict):
        for key, value in truth.items():
            if key in {"password", "token"} and isinstance(value, str) and len(value) > 5:
                yield value
            yield from _values(value)
    elif isinstance(truth, list):
        for value in truth:
            yield from _values(value)


def _forms(secret: str) -> Iterator[bytes]:
    """As it is, and in every encoding that a mail dialogue may put it in."""
    octets = secret.encode()
    yield octets
    yield quopri.encodestring(octets).strip()
    yield urllib.parse.quote(secret, safe="").encode()
    yield octets.hex().encode()
    for wide in (octets, secret.encode("utf-16-le"), secret.encode("utf-16-be")):
        for start in range(3):
            encoded = base64.b64encode(bytes(start) + wide)
            yield encoded[(0, 2, 3)[start] : len(encoded) - (0, 3, 2)[(start + len(wide)) % 3]]
    yield secret.encode("utf-16-le")
    yield secret.encode("utf-16-be")


@pytest.mark.slow
@pytest.mark.parametrize("name", _names())
def test_no_output_holds_a_secret(name: str, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    """Plain, base64, quoted-printable, URL, hex and UTF-16 forms; TLS is opened where there are keys."""
    from smtptrace.cli._main import run

    folder = reference("recordings")
    expected = json.loads((folder / f"{name}.expect.json").read_text())
    secrets = set(_values(json.loads((folder / f"{name}.json").read_text())))
    keys = ("--keylog", str(folder / expected["keylog"])) if expected["keylog"] else ()
    for output in OUTPUTS:
        run([*output, *keys, str(folder / expected["capture"])])
        said = capsysbinary.readouterr()
        for secret in secrets:
            for form in _forms(secret):
                assert form not in said.out, (output, form)
                assert form not in said.err, (output, form)
        assert said.out or output[0] in {"diagnose", "check"}, output
