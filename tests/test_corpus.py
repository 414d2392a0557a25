"""Public captures: every SMTP stream of them, octet by octet, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from support.data import reference

from smtptrace.trace import Options, Reading, Trace

GOAL = 160
"""SMTP streams whose octets were once all right, of 161; the number may only grow."""

EXCEPTIONS: dict[tuple[str, str], str] = {
    ("ndpi__openvpn_obfuscated.pcapng", "192.168.12.156:37976"): "no SMTP: OpenVPN that uses port 465",
}
"""(file, client) of streams that differ from the truth, each with the reason."""

_MARKER = re.compile(rb"\[[0-9]+ bytes missing in capture file\]\0?")
"""What tshark puts in the place of octets that are missing."""


def _truths() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(reference("corpus", "truth").glob("*.json")):
        yield path.name.removesuffix(".json"), json.loads(path.read_text())


def _digests(stream: dict[str, Any]) -> tuple[str, str]:
    """SHA-256 of both streams of a truth, without the words of tshark where octets are missing."""
    client, server = (_digest(stream, side) for side in ("client", "server"))
    return client, server


def _digest(stream: dict[str, Any], side: str) -> str:
    octets = stream.get(f"{side}_b64")
    if octets is None:
        return str(stream[f"{side}_sha256"])
    return hashlib.sha256(_MARKER.sub(b"", base64.b64decode(octets))).hexdigest()


@cache
def _traces(path: Path) -> tuple[Trace, ...]:
    return tuple(Reading((str(path),)))


def _streams(path: Path) -> set[tuple[str, str, tuple[str, str] | None]]:
    return {
        (str(trace.session.connection.client), str(trace.session.connection.server), trace.digests)
        for trace in Reading((str(path),), Options(digests=True, attempts=True))
    }


@pytest.mark.slow
def test_every_stream_has_the_octets_of_the_truth(capsys: pytest.CaptureFixture[str]) -> None:
    """Client, server and the digests of both streams are those of tshark's `follow`, on any port."""
    right, wrong = 0, []
    for name, truth in _truths():
        found = _streams(reference("corpus", "captures", name)) if truth["smtp_streams"] else set()
        for stream in truth["smtp_streams"]:
            if (stream["client"], stream["server"], _digests(stream)) in found:
                right += 1
            else:
                wrong.append((name, stream["client"]))
    with capsys.disabled():
        print(f"\n{right} of {right + len(wrong)} SMTP streams have the octets of the truth; left out: {EXCEPTIONS}")
    assert set(wrong) == set(EXCEPTIONS)
    assert right >= GOAL


@pytest.mark.slow
def test_other_flows_are_no_sessions() -> None:
    """Flows that only look like SMTP by their port or first octets are left out."""
    for name, clients in json.loads(reference("corpus", "not_smtp.json").read_text()).items():
        found = {str(trace.session.connection.client) for trace in _traces(reference("corpus", "captures", name))}
        assert found.isdisjoint(clients), name


@pytest.mark.slow
def test_reading_never_raises_and_names_what_is_damaged() -> None:
    """Every capture is read to its end or to its damage, which is said in one line that names the file."""
    for path in sorted(reference("corpus", "captures").iterdir()):
        reading = Reading((str(path),))
        if not any(True for _ in reading) and not reading.parts[0].report.format:
            pytest.fail(f"{path.name} was taken for no capture")
        assert all(path.name in problem and "\n" not in problem for problem in reading.damage())
