"""Public captures: every SMTP stream of them, octet by octet, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from support.data import reference

from smtptrace.trace import Options, Reading, Trace

GOAL = 146
"""Streams without a gap whose octets were once all right; the number may only grow."""

EXCEPTIONS: dict[tuple[str, str], str] = {}
"""(file, client) of streams that differ from the truth, each with the reason."""


def _truths() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(reference("corpus", "truth").glob("*.json")):
        yield path.name.removesuffix(".json"), json.loads(path.read_text())


def _has_gap(stream: dict[str, Any]) -> bool:
    return bool(stream.get("tshark_gap_marker_inside_bytes") or stream["tshark_lost_segment"])


@cache
def _traces(path: Path) -> tuple[Trace, ...]:
    return tuple(Reading((str(path),), Options(digests=True)))


def _streams(path: Path) -> set[tuple[str, str, tuple[str, str] | None]]:
    return {
        (str(trace.session.connection.client), str(trace.session.connection.server), trace.digests)
        for trace in _traces(path)
    }


@pytest.mark.slow
def test_streams_without_a_gap_are_the_same_octets(capsys: pytest.CaptureFixture[str]) -> None:
    """Client, server and the digests of both streams are those of the truth, on any port."""
    right, wrong = 0, []
    for name, truth in _truths():
        for stream in truth["smtp_streams"]:
            if not stream["looks_smtp"] or _has_gap(stream):
                continue
            key = (stream["client"], stream["server"], (stream["client_sha256"], stream["server_sha256"]))
            if key in _streams(reference("corpus", "captures", name)):
                right += 1
            else:
                wrong.append((name, stream["client"]))
    with capsys.disabled():
        print(f"\n{right} of {right + len(wrong)} streams without a gap have the octets of the truth; {wrong}")
    assert set(wrong) <= set(EXCEPTIONS)
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
