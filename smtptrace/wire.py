"""The waist: two streams of octets between two endpoints, with times and places.

Every input is turned into a `Connection`, everything else is derived from it. Times are integer nanoseconds since the
epoch (None where the source has none), frames are packet numbers as Wireshark counts them, or line numbers of a text.
"""

from __future__ import annotations

import enum
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Side(enum.IntEnum):
    """Who sent the octets; an index into pairs."""

    CLIENT = 0
    SERVER = 1

    @property
    def other(self) -> Side:
        """The opposite side."""
        return Side(1 - self)


class Endpoint(NamedTuple):
    """A host (numeric address, or a name where a text gives no more) and a TCP port (0 where unknown)."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host


class Exactness(enum.Enum):
    """How near the octets are to those on the wire."""

    SEEN = "seen"
    LINE_END_SUPPLIED = "line-end supplied"
    DECODED = "decoded"
    MASKED = "masked"


class GapReason(enum.Enum):
    """Why octets are missing."""

    LOST = "lost"
    SNAPLEN = "snaplen"
    NOT_LOGGED = "not-logged"
    BEFORE_CAPTURE = "before-capture"
    AFTER_CAPTURE = "after-capture"
    LIMIT = "limit"


class Opening(enum.Enum):
    """What came of an attempt to connect."""

    SYN_SEEN = "syn-seen"
    REFUSED = "refused"
    NO_ANSWER = "no-answer"


class Closing(enum.Enum):
    """How a side ended."""

    FIN = "fin"
    RST = "rst"
    END_OF_CAPTURE = "end-of-capture"


class TimeBasis(enum.Enum):
    """What the times of a source mean."""

    UTC = "utc"
    ASSUMED_ZONE = "assumed-zone"
    RELATIVE = "relative"
    NONE = "none"


@dataclass(slots=True)
class Span:
    """A place in one stream: octets `start` to `stop` of `side`, counted over all its octets and sized gaps."""

    side: Side
    start: int
    stop: int
    time_ns: int | None = None
    frame: int | None = None


Place = tuple[int, int | None, int | None]
"""(offset, time_ns, frame): from this offset on, octets came in that packet or line."""


@dataclass(slots=True)
class Octets:
    """Octets in order from one side.

    One event may join several packets; `places` then names the packets after the first, by offset into `data`.
    """

    side: Side
    data: bytes
    time_ns: int | None = None
    frame: int | None = None
    exactness: Exactness = Exactness.SEEN
    places: Sequence[Place] = ()

    def place(self, offset: int) -> tuple[int | None, int | None]:
        """Time and frame of the octet at `offset` of `data`."""
        at = bisect_left(self.places, (offset + 1,)) if self.places else 0
        return self.places[at - 1][1:] if at else (self.time_ns, self.frame)


@dataclass(slots=True)
class Gap:
    """Octets that were sent but are not here; `size` is None where nobody can tell how many."""

    side: Side
    size: int | None
    reason: GapReason
    time_ns: int | None = None
    frame: int | None = None


@dataclass(slots=True)
class Certificate:
    """Facts of the server's certificate; times in nanoseconds, `sha256` over its DER form in hex."""

    subject: str
    issuer: str = ""
    names: tuple[str, ...] = ()
    not_before_ns: int | None = None
    not_after_ns: int | None = None
    sha256: str = ""


@dataclass(slots=True)
class Secured:
    """Where TLS begins, and what is known of it; `opened` tells whether the octets after it are here in clear.

    `offered` holds the versions the client named, `alert` is (side, description) of the first alert seen.
    """

    opened: bool = False
    implicit: bool = False
    version: str | None = None
    cipher: str | None = None
    sni: str | None = None
    offered: tuple[str, ...] = ()
    certificate: Certificate | None = None
    alert: tuple[Side, str] | None = None
    octets_after_alert: int = 0
    time_ns: int | None = None
    frame: int | None = None


@dataclass(slots=True)
class Note:
    """What the source says that was not on the wire; it never changes the Session."""

    text: str
    time_ns: int | None = None
    frame: int | None = None


@dataclass(slots=True)
class Open:
    """An attempt to connect."""

    how: Opening
    time_ns: int | None = None
    frame: int | None = None


@dataclass(slots=True)
class Close:
    """The end of one side's octets."""

    side: Side
    how: Closing
    time_ns: int | None = None
    frame: int | None = None


@dataclass(slots=True)
class Typed:
    """Keystrokes of the client, where the source shows keys and not octets (a typescript)."""

    raw: bytes
    meant: bytes
    time_ns: int | None = None
    frame: int | None = None


@dataclass(slots=True)
class Irregularity:
    """Something odd below SMTP: `kind` is a short slug, `detail` says it in words; a session tells it as an anomaly.

    Kinds of the TCP stage: `overlap-differs`, `out-of-window`, `octets-after-fin`, `reset-ignored`, `syn-inside`,
    `urgent-data`, `given-up`; of TLS that is opened: `tls-records-lost`, `tls-lost`. Each is told once a side. It never
    changes the streams.
    """

    kind: str
    detail: str
    side: Side
    time_ns: int | None = None
    frame: int | None = None


Event = Octets | Gap | Secured | Note | Open | Close | Typed | Irregularity


PART_BITS = 40
"""Frames of the n-th part of a timeline made of several files are numbered from n << PART_BITS on."""


@dataclass(slots=True)
class Origin:
    """Where a connection was read from; `sha256` is the digest of the input as stored, where known.

    `parts` are the files of a timeline that was made of several, else empty. `clock_offsets` are the nanoseconds that
    were added to the times of each part, or of the only file; empty where times are as captured.
    """

    path: str
    format: str
    confidence: float = 1.0
    time_basis: TimeBasis = TimeBasis.UTC
    sha256: str | None = None
    parts: tuple[str, ...] = ()
    clock_offsets: tuple[int, ...] = ()

    def clock_offset_ns(self, frame: int | None) -> int:
        """Nanoseconds that were added to the time of a frame."""
        if not self.clock_offsets:
            return 0
        return self.clock_offsets[(frame or 0) >> PART_BITS if self.parts else 0]

    def locate(self, frame: int | None) -> tuple[str, int | None]:
        """The file and the number in it that a frame stands for."""
        if frame is None or not self.parts:
            return self.path, frame
        return self.parts[frame >> PART_BITS], frame & ((1 << PART_BITS) - 1)

    def name(self, frame: int | None) -> str:
        """A frame as people read it: its number, after that of its file where there are several; "" for None."""
        if frame is None:
            return ""
        return f"{(frame >> PART_BITS) + 1}:{self.locate(frame)[1]}" if self.parts else str(frame)


@dataclass(slots=True)
class Connection:
    """One TCP connection, or what a text shows of one.

    `events` is empty for a connection that is read as a stream of events and not kept. `number` is the frame (line)
    of its first packet; `label` is the source's own name for it (an Exchange session id), `facts` what else the
    source says of it (connector, software).
    """

    client: Endpoint
    server: Endpoint
    origin: Origin
    number: int | None = None
    time_ns: int | None = None
    events: Sequence[Event] = ()
    label: str | None = None
    facts: dict[str, str] = field(default_factory=dict)
