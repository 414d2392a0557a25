"""Recordings of other people's making, played again at the real servers of the lab."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lab.accounts import ALICE, BOB, GOOD_TOKEN
from support.command import Command
from support.data import reference

pytestmark = [pytest.mark.lab, pytest.mark.slow]

NOT_THE_SAME = {
    "exim-nc-crlf-rawtty-backspace.pcapng": "the login was refused before anybody said who logs in",
    "exim-raw-auth-malformed-b64.pcapng": "it tries a mechanism that does not exist",
    "exim-raw-midsession.pcapng": "its beginning is missing, and a server wants EHLO first",
    "exim-raw-snaplen-120-derived.pcapng": "its message was cut",
    "exim-raw-snaplen-96-live.pcapng": "its message was cut",
    "exim-telnet-charmode-backspace.pcapng": "its lines never ended, which is mended",
    "postfix-curl-gssapi-ok.pcapng": "Kerberos is not made",
    "postfix-pygssapi-gssapi-ok.pcapng": "Kerberos is not made",
}


def test_the_same_replies(smtptrace: Command, monkeypatch, exim_server, postfix_server, lab_certificates) -> None:
    """Each session whose kind of server is here meets the same codes; of the others it is known why not."""
    ports = {2525: exim_server.port, 4465: exim_server.tls_port}
    ports |= {2526: postfix_server.port, 2527: postfix_server.cyrus_port, 4466: postfix_server.tls_port}
    found: dict[str, str] = {}
    for path in sorted(reference("recordings").glob("*.expect.json")):
        expected = json.loads(path.read_text())
        capture = path.parent / expected["capture"]
        keys = ["--keylog", path.parent / expected["keylog"]] if expected["keylog"] else []
        for session in smtptrace("list", "--json", capture, *keys).objects("session"):
            port = int(session["server"].rpartition(":")[2])
            if port in ports:
                credentials(monkeypatch, session["auth"])
                options = ["--ca-file", lab_certificates.authority, "--exact-content", "--max-messages", 1000, *keys]
                options += ["--ntlm-v1"] if port == 2525 and "ntlmv2" not in capture.name else []
                said = smtptrace("replay", "-s", session["id"], capture, f"localhost:{ports[port]}", "--json", *options)
                found |= problem(capture, said)
    assert found.keys() == NOT_THE_SAME.keys(), found


def credentials(monkeypatch, logins) -> None:
    """Those that the last login had: right ones where it was accepted."""
    last = logins[-1] if logins else {"outcome": "accepted", "authcid": None}
    right = last["outcome"] != "rejected"
    monkeypatch.setenv("SMTPTRACE_PASSWORD", (BOB if "bob" in (last["authcid"] or "") else ALICE) if right else "wrong")
    monkeypatch.setenv("SMTPTRACE_TOKEN", GOOD_TOKEN if right else "wrong")


def problem(capture: Path, said) -> dict[str, str]:
    """The capture and what was said of it, where the verdict is not that it is the same."""
    outcomes = said.objects("replay")
    same = bool(outcomes) and all(each["verdict"] == "same" for each in outcomes)
    return {} if same else {capture.name: said.err or said.out}
