"""Streams of public captures: what tshark puts together, we do, on any port and with the same client and server."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.data import reference

from smtptrace import tcp
from smtptrace.sources import SourceReport, capfile
from smtptrace.wire import Connection, Octets, Origin

REACHED = 148
"""Streams that are equal; it only grows."""

LEFT = {
    ("ndpi__smtp-starttls.pcap", "[2003:de:2016:125:fc36:8317:4e86:cb72]:7562"),
    ("pcapplusplus__Smtp.pcap", "10.10.1.4:1470"),
    ("pcredz__realistic_network_traffic.pcap", "192.168.1.100:54238"),
}
"""Streams with gaps: the truth has tshark's text in place of the octets that are missing."""

Stream = tuple[str, str, str, str]


def truths() -> list[dict[str, Any]]:
    """What is known of each capture."""
    return [json.loads(path.read_text()) for path in sorted(reference("corpus", "truth").glob("*.json"))]


def expected(truth: dict[str, Any]) -> Iterator[Stream]:
    """(client, server, digest of the client's octets, of the server's) of each stream that is SMTP."""
    none = json.loads(reference("corpus", "not_smtp.json").read_text()).get(truth["file"], ())
    for stream in truth["smtp_streams"]:
        if stream["client"] not in none:
            yield stream["client"], stream["server"], stream["client_sha256"], stream["server_sha256"]


def streams(path: Path) -> list[Stream]:
    """The same of the connections that we find, those without a word left out."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
        courses: dict[int, tuple[Connection, list[Any]]] = {}
        found = []
        for connection, events, ended in tcp.follow(
            capfile.segments(stream, SourceReport()),  # type: ignore[arg-type]
            Origin(path.name, "pcap"),
        ):
            _, hashes = courses.setdefault(id(connection), (connection, [hashlib.sha256(), hashlib.sha256()]))
            for event in events:
                if isinstance(event, Octets):
                    hashes[event.side].update(event.data)
            if ended:
                del courses[id(connection)]
                found.append((connection, tuple(digest.hexdigest() for digest in hashes)))
    silent = (hashlib.sha256().hexdigest(),) * 2
    return [
        (str(connection.client), str(connection.server), *digests)  # type: ignore[misc]
        for connection, digests in found
        if digests != silent
    ]


def test_streams_of_the_corpus(capsys: pytest.CaptureFixture[str]) -> None:
    """Every SMTP stream without a gap has the digests that tshark's octets have; nothing else is taken for SMTP."""
    left, unexpected, equal = [], [], 0
    for truth in truths():
        wanted = set(expected(truth))
        got = set(streams(reference("corpus", "captures", truth["file"])))
        equal += len(wanted & got)
        left += [(truth["file"], client) for client, *_ in sorted(wanted - got)]
        known = {stream[:2] for stream in wanted}
        unexpected += [(truth["file"], *stream[:2]) for stream in got if stream[:2] not in known]
    with capsys.disabled():
        print(f"\n{equal} of {equal + len(left)} streams of the corpus are equal")
    assert equal >= REACHED
    assert set(left) <= LEFT
    assert unexpected == []
