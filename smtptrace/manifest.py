"""What was read, how, and that it did not change meanwhile: the provenance of an answer."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from smtptrace import __version__
from smtptrace._private import private_file
from smtptrace.trace import Part, Reading


def write_manifest(path: Path, readings: Sequence[Reading], asked: dict[str, Any]) -> None:
    """Write smtptrace.manifest/1 to a new file.

    Raises:
        UsageError: the file exists, or cannot be written.
    """
    with private_file(path) as file:
        file.write(json.dumps(manifest(readings, asked), indent=1, default=str).encode() + b"\n")


def manifest(readings: Sequence[Reading], asked: dict[str, Any]) -> dict[str, Any]:
    """Version, options, engines, and each input with its digests."""
    return {
        "schema": "smtptrace.manifest/1",
        "smtptrace": __version__,
        "python": platform.python_version(),
        "command": Path(sys.argv[0]).name,
        "asked": asked,
        "options": asdict(readings[0].options) if readings else {},
        "inputs": [_input(part) for reading in readings for part in reading.parts],
    }


def _input(part: Part) -> dict[str, Any]:
    report, source = part.report, part.input
    return {
        "path": report.path,
        "format": report.format,
        "engine": report.engine,
        "engine_version": _version(report.engine),
        "size": source.size,
        "sha256": part.sha256,
        "container": source.container,
        "content_sha256": part.content_sha256,
        "unchanged": not part.changed,
        "packets": report.packets,
        "comments": report.comments,
        "clock_offset_s": part.clock_offset_ns / 1e9,
        "damage": report.damage,
    }


def _version(engine: str) -> str | None:
    package = {"scapy": "scapy", "tshark": "pyshark"}.get(engine)
    return metadata.version(package) if package else None
