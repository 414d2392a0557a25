"""Provenance of an answer."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from support.data import CAPTURES

from smtptrace.errors import UsageError
from smtptrace.manifest import manifest, write_manifest
from smtptrace.trace import Reading

CAPTURE = CAPTURES / "exim-ntlm-accepted.pcapng"


def _read(path: Path) -> Reading:
    reading = Reading((str(path),))
    list(reading)
    return reading


def test_each_input_has_its_digest() -> None:
    """Of the file as stored, and whether it stayed the same."""
    (entry,) = manifest([_read(CAPTURE)], {})["inputs"]
    assert entry["sha256"] == hashlib.sha256(CAPTURE.read_bytes()).hexdigest()
    assert entry["content_sha256"] == entry["sha256"]
    assert entry["unchanged"] is True
    assert entry["size"] == CAPTURE.stat().st_size


def test_a_compressed_input_has_two(tmp_path: Path) -> None:
    """As stored and as decompressed."""
    import gzip

    path = tmp_path / "capture.gz"
    path.write_bytes(gzip.compress(CAPTURE.read_bytes()))
    (entry,) = manifest([_read(path)], {})["inputs"]
    assert entry["container"] == "gzip"
    assert entry["content_sha256"] == hashlib.sha256(CAPTURE.read_bytes()).hexdigest()
    assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_that_changes_while_it_is_read_is_told(tmp_path: Path) -> None:
    """Its size or time of change is another at the end."""
    path = tmp_path / "growing.pcapng"
    path.write_bytes(CAPTURE.read_bytes())
    reading = Reading((str(path),))
    for _ in reading:
        with path.open("ab") as file:
            file.write(b"\0")
    (entry,) = manifest([reading], {})["inputs"]
    assert entry["unchanged"] is False


def test_it_is_written_once(tmp_path: Path) -> None:
    """Private, and never over another file."""
    path = tmp_path / "manifest.json"
    write_manifest(path, [_read(CAPTURE)], {"files": ["x"]})
    assert json.loads(path.read_text())["schema"] == "smtptrace.manifest/1"
    with pytest.raises(UsageError, match="not overwritten"):
        write_manifest(path, [], {})
