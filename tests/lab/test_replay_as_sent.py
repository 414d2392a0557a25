"""Recordings played as they were sent, at the servers of the lab: the same octets, the same replies."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import Command, Said
from support.data import CAPTURES
from support.dialogue import streams

from lab.accounts import ALICE
from smtptrace.trace import Options, read
from smtptrace.wire import Side

pytestmark = [pytest.mark.lab, pytest.mark.slow]

RECORDINGS = {
    "exim-bdat": "exim",
    "exim-ipv6": "exim",
    "exim-nc-backspaces": "exim",
    "exim-telnet-backspaces": "exim",
    "exim-pipelining": "exim",
    "exim-ntlm-accepted": "exim",
    "exim-starttls-login": "exim",
    "postfix-bulk-mail": "open",
    "postfix-monitoring": "dovecot",
    "postfix-implicit-tls": "tls",
    "postfix-login-accepted": "dovecot",
    "postfix-plain-accepted": "dovecot",
    "postfix-recipient-refused": "dovecot",
    "postfix-scram-sha-256-accepted": "dovecot",
    "postfix-starttls-refused": "open",
}


@pytest.fixture
def ports(exim_server, postfix_server):
    return {
        "exim": exim_server.port,
        "dovecot": postfix_server.port,
        "tls": postfix_server.tls_port,
        "open": postfix_server.open_port,
    }


def replay(smtptrace: Command, name: str, port: int, authority: Path, saved: Path, *options: str) -> Said:
    """Play all sessions of a recording of ours as they were sent."""
    keys = CAPTURES / f"{name}.keys"
    found = ["--keylog", keys] if keys.exists() else []
    found += ["--ntlm-v1"] if name.startswith("exim-ntlm") else []
    source = ["replay", "--as-sent", "--all", "--serial", CAPTURES / f"{name}.pcapng", f"localhost:{port}", "--json"]
    return smtptrace(*source, "--ca-file", authority, "--save", saved, "--max-messages", 1000, *found, *options)


def octets(path: Path, side: Side) -> list[bytes]:
    """What one side of each session said."""
    keys = path.with_suffix(".keys")
    options = Options(keep_events=True, keylog=str(keys) if keys.exists() else None)
    return [streams(trace.session.connection.events)[side] for trace in read(str(path), options)]


@pytest.mark.parametrize(("name", "kind"), RECORDINGS.items(), ids=RECORDINGS)
def test_the_same_octets_and_replies(
    smtptrace: Command, monkeypatch, ports, lab_certificates, tmp_path, name: str, kind: str
) -> None:
    """Each step gets the code of the recording; the octets are those of the client, but for the login."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", ALICE)
    saved = tmp_path / "run.pcapng"
    said = replay(smtptrace, name, ports[kind], lab_certificates.authority, saved)
    outcomes = said.objects("replay")
    assert [(each["verdict"], each["first_difference"]) for each in outcomes] == [("same", None)] * len(outcomes), said
    logins = any(step["verb"] == "AUTH" for each in outcomes for step in each["steps"])
    if not logins:
        assert octets(saved, Side.CLIENT) == octets(CAPTURES / f"{name}.pcapng", Side.CLIENT)


def test_the_login_of_the_trace(smtptrace: Command, ports, lab_certificates, tmp_path) -> None:
    """With the credentials of the recording every octet is the same, the login included, and nothing of it is shown."""
    saved = tmp_path / "run.pcapng"
    name = "postfix-login-accepted"
    said = replay(smtptrace, name, ports["dovecot"], lab_certificates.authority, saved, "--use-recorded-credentials")
    assert said.code == 0, said
    assert octets(saved, Side.CLIENT) == octets(CAPTURES / f"{name}.pcapng", Side.CLIENT)
    assert "AUTH LOGIN ****" in said.out
