"""Batches of events with TLS opened: what the keys decrypt takes the place of what was encrypted."""

from __future__ import annotations

import ipaddress
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from smtptrace.segment import Segment
from smtptrace.sources import ENGINES
from smtptrace.tcp import Batch
from smtptrace.tls._order import in_order
from smtptrace.tls.join import Opened, join
from smtptrace.wire import Connection, Endpoint, Event, Octets, Side

_TYPES = (b"\x16\x03", b"\x15\x03")


class Opener:
    """Decrypted octets by connection; everything is decrypted when the first connection asks.

    Args:
        segments: gives all segments of the capture anew, with the frames of the batches.
        keys: gives the key logs known by then.
    """

    def __init__(self, segments: Callable[[], Iterable[Segment]], keys: Callable[[], Sequence[bytes]]) -> None:
        self._segments = segments
        self._keys = keys
        self._table: dict[bytes, list[tuple[int, int, bytes]]] | None = None

    @property
    def has_keys(self) -> bool:
        """Whether there is any key to open something with."""
        return any(self._keys())

    def of(self, connection: Connection, last: int) -> list[Opened]:
        """What was decrypted of a connection up to the frame `last`, in the order of the packets."""
        table = self._all()
        found: list[tuple[int, Side, int, bytes]] = []
        for side, key in zip(Side, _keys_of(connection), strict=True):
            rows = table.get(key, [])
            first = bisect_left(rows, connection.number or 0, key=lambda row: row[0])
            for frame, time_ns, octets in rows[first : bisect_right(rows, last, key=lambda row: row[0])]:
                found.append((frame, side, time_ns, octets))
        found.sort(key=lambda row: row[0])
        return [(side, octets, time_ns, frame) for frame, side, time_ns, octets in found]

    def _all(self) -> dict[bytes, list[tuple[int, int, bytes]]]:
        if self._table is None:
            rows = defaultdict(list)
            for key, frame, time_ns, octets in ENGINES["tshark"].opened_streams(self._segments(), self._keys()):
                rows[key].append((frame, time_ns, octets))
            self._table = dict(rows)
        return self._table


def opened(batches: Iterable[Batch], opener: Opener) -> Iterator[Batch]:
    """The batches, those of a connection with TLS joined into one at its end; without keys they pass as they come."""
    held: dict[int, list[Event]] = {}
    passed: set[int] = set()
    for connection, events, ended in batches:
        name = id(connection)
        if name in passed or (name not in held and not opener.has_keys):
            passed.add(name)
            yield connection, events, ended
        else:
            held.setdefault(name, []).extend(in_order(events))
            if ended:
                yield connection, _joined(connection, held.pop(name), opener), True
        if ended:
            passed.discard(name)


def _joined(connection: Connection, events: list[Event], opener: Opener) -> list[Event]:
    if not any(type(event) is Octets and any(kind in event.data for kind in _TYPES) for event in events):
        return events
    last = max((_last_frame(event) for event in events), default=0)
    return join(events, opener.of(connection, last))


def _last_frame(event: Event) -> int:
    own = getattr(event, "frame", None) or 0
    return max(own, event.places[-1][2] or 0) if isinstance(event, Octets) and event.places else own


def _keys_of(connection: Connection) -> tuple[bytes, bytes]:
    """The keys of the client's and the server's segments."""
    client, server = _packed(connection.client), _packed(connection.server)
    return client[0] + server[0] + client[1] + server[1], server[0] + client[0] + server[1] + client[1]


def _packed(endpoint: Endpoint) -> tuple[bytes, bytes]:
    return ipaddress.ip_address(endpoint.host).packed, endpoint.port.to_bytes(2, "big")
