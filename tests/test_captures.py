"""Our own recordings are what their index says, and reading them gives what it says must be found."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from typing import Any

import pytest
from support.data import CAPTURES

INDEX: list[dict[str, Any]] = tomllib.loads((CAPTURES / "INDEX.toml").read_text(encoding="utf-8"))["recordings"]
FILES = [entry["file"] for entry in INDEX]


@pytest.fixture(scope="module")
def found() -> dict[str, list[dict[str, Any]]]:
    """The sessions of every recording as `smtptrace list --json` gives them, by file."""
    argv = [sys.executable, "-m", "smtptrace", "list", "--json", *FILES]
    run = subprocess.run(argv, cwd=CAPTURES, capture_output=True, text=True, check=True)
    sessions: dict[str, list[dict[str, Any]]] = {file: [] for file in FILES}
    for line in run.stdout.splitlines():
        item = json.loads(line)
        if item["schema"] == "smtptrace.session/1":
            sessions[item["source"]["path"]].append(item)
    # They come as they end; the index has them as they begin.
    return {file: sorted(found, key=first_frame) for file, found in sessions.items()}


def first_frame(session: dict[str, Any]) -> int:
    """The number of the session's first packet, from its id."""
    return int(session["id"].rpartition(":")[2])


def test_the_index_lists_every_recording():
    """No recording without an entry, no entry without its files."""
    assert sorted(FILES) == sorted(path.name for path in CAPTURES.glob("*.pcap*"))
    assert sorted(e["keylog"] for e in INDEX if "keylog" in e) == sorted(path.name for path in CAPTURES.glob("*.keys"))


@pytest.mark.parametrize("entry", INDEX, ids=FILES)
def test_a_recording_is_the_one_of_the_index(entry):
    """Its digest is right, it is small, and it says what it is of."""
    octets = (CAPTURES / entry["file"]).read_bytes()
    assert hashlib.sha256(octets).hexdigest() == entry["sha256"]
    assert len(octets) < 100_000
    assert entry["what"] and entry["server"] and entry["client"]


@pytest.mark.parametrize("file", FILES)
def test_a_recording_names_nobody_real(file):
    """Mailboxes are in the domains that RFC 2606 keeps for examples and tests."""
    octets = (CAPTURES / file).read_bytes()
    domains = set(re.findall(rb"<[\w.+-]+@([\w.-]+)>", octets))
    assert all(domain.endswith((b".test", b".example")) for domain in domains), domains


@pytest.mark.parametrize("entry", INDEX, ids=FILES)
def test_reading_finds_what_the_index_says(entry, found):
    """Exchanges, logins and message digests of every session, in order; without keys, as far as it is in clear."""
    sessions = found[entry["file"]]
    assert len(sessions) == len(entry.get("sessions", ()))
    for expected, session in zip(entry.get("sessions", ()), sessions, strict=True):
        exchanges, logins, digests = expected["exchanges"].split(", "), expected["auth"], expected["messages"]
        if session["tls"] != "none" and not session["decrypted"]:
            clear = exchanges.index("STARTTLS 220") + 1 if session["tls"] == "starttls" else 0
            exchanges, logins, digests = exchanges[:clear], [], []
        assert [f"{e['verb'] or '*'} {e['code']}" for e in session["exchanges"]] == exchanges
        for (mechanism, user, outcome), login in zip(map(str.split, logins), session["auth"], strict=True):
            assert (login["mechanism"], login["outcome"]) == (mechanism, outcome)
            assert user in ("?", str(login["authcid"]))
        contents = [transaction["sha256"] for transaction in session["transactions"] if transaction["size"]]
        assert all(digest in ("", content) for digest, content in zip(digests, contents, strict=True))
