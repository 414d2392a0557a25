"""Engines that turn a capture into segments: one file each.

The contract of an engine module:

    `def segments(stream: BinaryIO, report: SourceReport) -> Iterator[Segment]`
        yields one tuple for each TCP packet, in file order, and counts everything else in `report`. It never raises
        for what stands in the file: damage ends the iteration with `report.damage` set to one clear line.
    `def claims(head: bytes) -> bool`
        whether the first octets of a file (at least 8 where there are as many) are of a format it reads.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

from smtptrace._registry import Registry
from smtptrace.segment import Segment
from smtptrace.sources._keys import read_key_log
from smtptrace.sources._open import DEFAULT_EXPANSION, Expansion, Input, expand, open_input

ENGINES = Registry(__name__, suffix="_source")

__all__ = [
    "DEFAULT_EXPANSION",
    "ENGINES",
    "Expansion",
    "Input",
    "Segment",
    "SourceReport",
    "engine_for",
    "expand",
    "open_input",
    "read_key_log",
]


@dataclass(slots=True)
class SourceReport:
    """What a source says of itself beside its segments; filled while it is read.

    `skipped` counts packets that gave no segment by reason, `undated` those without a time (0 stands for it),
    `notices` says what the user should know of how it was read, `marks` are (frame, text) of packet comments of our own
    files, taken out by who puts the events back that they tell.
    """

    path: str = "-"
    format: str = ""
    engine: str = "capfile"
    packets: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    first_ns: int | None = None
    last_ns: int | None = None
    snaplen: int | None = None
    damage: str | None = None
    comments: list[str] = field(default_factory=list)
    marks: deque[tuple[int, str]] = field(default_factory=deque)
    drops: dict[str, int] = field(default_factory=dict)
    tls_keys: list[bytes] = field(default_factory=list)
    linktypes: set[int] = field(default_factory=set)
    undated: int = 0
    notices: list[str] = field(default_factory=list)


def engine_for(head: bytes) -> str | None:
    """The name of the first engine that reads a file with these first octets."""
    return next((name for name in ENGINES if ENGINES[name].claims(head)), None)
