"""Dumps of packets and streams as text: octets in chunks whose sender is known only by its address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from smtptrace.transcripts._rows import Kind, Row
from smtptrace.transcripts._times import Stamp
from smtptrace.wire import Endpoint, Exactness, Gap, GapReason, Octets, Secured, Side

SMTP_PORTS = frozenset((25, 465, 587, 2525))
PAIR = re.compile(rb"[0-9A-Fa-f]{2}")
WORD = re.compile(rb"[A-Za-z]{4}")
STARTTLS = re.compile(rb"STARTTLS|X-ANONYMOUSTLS", re.I)
REPLY = re.compile(rb"[2-5][0-9][0-9](?:[ -]|\r?$)")


class Chunk(NamedTuple):
    """Octets that one end sent to the other; `missing` counts octets that are known to be missing before them."""

    frame: int
    sender: Endpoint
    receiver: Endpoint
    data: bytes
    when: Stamp | None = None
    exactness: Exactness = Exactness.SEEN
    missing: int = 0


def rows(chunks: Iterable[Chunk]) -> Iterator[Row]:
    """The chunks as rows, each pair of ends a connection; the server is the end that says a reply first, or by port."""
    flows: dict[frozenset[Endpoint], list[Chunk]] = {}
    for chunk in chunks:
        flows.setdefault(frozenset((chunk.sender, chunk.receiver)), []).append(chunk)
    for flow in flows.values():
        server = _server(flow)
        client = next(
            end for end in (flow[0].sender, flow[0].receiver) if end != server or flow[0].sender == flow[0].receiver
        )
        key = f"\0{client} {server}".encode()
        yield Row(Kind.START, flow[0].frame, b"", key, flow[0].when, server=server, client=client)
        yield from _flow(flow, server, key)


def _flow(flow: list[Chunk], server: Endpoint, key: bytes) -> Iterator[Row]:
    """The chunks up to where TLS begins: what comes after it is not to be read."""
    asked = ready = False
    for chunk in flow:
        if chunk.sender != server:
            if chunk.data.startswith(b"\x16\x03") or (ready and not WORD.match(chunk.data)):
                tls = Secured(opened=False, implicit=not asked, frame=chunk.frame)
                yield Row(Kind.EVENT, chunk.frame, b"", key, chunk.when, event=tls)
                return
            asked = STARTTLS.match(chunk.data) is not None
        else:
            ready = asked and chunk.data.startswith(b"220")
        yield from _events(chunk, key, Side.SERVER if chunk.sender == server else Side.CLIENT)


def _events(chunk: Chunk, key: bytes, side: Side) -> Iterator[Row]:
    row = Row(Kind.EVENT, chunk.frame, b"", key, chunk.when)
    if chunk.missing:
        yield row._replace(event=Gap(side, chunk.missing, GapReason.LOST, None, chunk.frame))
    yield row._replace(event=Octets(side, chunk.data, None, chunk.frame, chunk.exactness))


def _server(flow: list[Chunk]) -> Endpoint:
    for chunk in flow:
        if REPLY.match(chunk.data):
            return chunk.sender
    ends = (flow[0].sender, flow[0].receiver)
    return next((end for end in ends if end.port in SMTP_PORTS), min(ends, key=lambda end: end.port))


def from_hex(text: bytes) -> bytes:
    """The octets of hex digits in pairs; what is no such pair is passed over."""
    return bytes.fromhex(b"".join(PAIR.findall(text)).decode("ascii"))
