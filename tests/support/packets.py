"""What tshark says of a capture, and a second reader of our own packets."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

CHECKED = ("-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "tcp.relative_sequence_numbers:TRUE")


def tshark(path: Path, *arguments: str) -> str:
    """Output of tshark on a capture with checksums verified; skips the test where tshark is not installed."""
    program = shutil.which("tshark")
    if program is None:
        pytest.skip("tshark is not installed")
    run = subprocess.run(
        [program, "-n", "-r", str(path), *CHECKED, *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    return run.stdout


def followed(path: Path, number: int = 0) -> tuple[bytes, bytes]:
    """Octets of client and server of one TCP stream, as tshark puts them together."""
    sides: tuple[list[str], list[str]] = ([], [])
    lines = tshark(path, "-q", "-z", f"follow,tcp,raw,{number}").splitlines()
    for line in lines[lines.index("Filter: tcp.stream eq " + str(number)) + 3 : -1]:
        sides[line.startswith("\t")].append(line.strip())
    return bytes.fromhex("".join(sides[0])), bytes.fromhex("".join(sides[1]))


def blocks(octets: bytes) -> list[tuple[int, bytes]]:
    """Kind and body of each block of a little-endian pcapng file; what is cut off at its end is left out."""
    found, at = [], 0
    while at + 12 <= len(octets):
        kind, length = struct.unpack_from("<II", octets, at)
        if at + length > len(octets):
            break
        assert octets[at + length - 4 : at + length] == octets[at + 4 : at + 8]
        found.append((kind, octets[at + 8 : at + length - 4]))
        at += length
    return found
