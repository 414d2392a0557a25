"""Logins of recorded and public captures: mechanism, user, outcome, and whether the known password verifies."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.data import reference

from smtptrace.auth import Credential, SecretIds, Verdict, strays_after, verify
from smtptrace.trace import Options, Reading, Trace

ONE_SIDED = {
    "pcapplusplus__Smtp.pcap": "the responses are there without their challenges, which a line reader leaves out"
}
"""Public captures where the simple line reader behind the truth errs, and why."""


def _folder(name: str) -> list[Path]:
    root = os.environ.get("SMTPTRACE_CORPUS")
    pattern = {"recordings": "*.expect.json", "corpus": "*.json"}[name]
    folder = Path(root or ".", name, *(("truth",) if name == "corpus" else ()))
    return sorted(folder.glob(pattern)) if root else []


def _recordings() -> list[Any]:
    found = [pytest.param(path, id=path.name.removesuffix(".expect.json")) for path in _folder("recordings")]
    return found or [pytest.param(Path("none"), id="none")]


def _recorded(path: Path) -> list[Trace]:
    """The traces of a recording, opened with its keys where it has some."""
    expected = json.loads(path.read_text())
    if (expected["keylog"] or "dsb" in expected["capture"]) and not shutil.which("tshark"):
        pytest.skip("the logins are inside TLS, and tshark, which opens it, is not installed")
    keylog = str(path.parent / expected["keylog"]) if expected["keylog"] else None
    return list(Reading([str(path.parent / expected["capture"])], Options(keylog=keylog)))


@pytest.mark.parametrize("path", _recordings())
def test_recorded_logins(path: Path) -> None:
    """Every AUTH entry that is expected is met, the user included, and nothing else is found."""
    reference("recordings")
    expected = json.loads(path.read_text())
    for trace, wanted in zip(_recorded(path), expected["sessions"], strict=True):
        found = [(each.mechanism, each.outcome.value) for each in trace.credentials]
        assert found == [(each["mechanism"], each["outcome"]) for each in wanted["auth"]]
        for credential, entry in zip(trace.credentials, wanted["auth"], strict=True):
            assert entry["authcid"] in (None, credential.authcid)


def _known(path: Path) -> Iterator[tuple[str, str]]:
    """(mechanism, password) of the attempts in the raw truth whose password is known."""
    for session in json.loads(path.read_text())["sessions"]:
        for attempt in [session.get("auth"), *(session.get("auth_attempts") or ())]:
            if attempt and attempt.get("password"):
                yield attempt["mech"].upper(), attempt["password"]


def _verifiable() -> list[Any]:
    found = []
    for path in _folder("recordings"):
        truth = path.with_name(path.name.replace(".expect.json", ".json"))
        if not truth.exists():
            continue
        found += [
            pytest.param(path, password, id=f"{path.name.removesuffix('.expect.json')}-{number}")
            for number, (_, password) in enumerate(_known(truth))
        ]
    return found or [pytest.param(Path("none"), "", id="none")]


UNVERIFIABLE = {
    "exim-raw-midsession": "the login was before the capture began",
    "exim-raw-snaplen-96-live": "the response is cut",
    "postfix-msmtp-scram-client-side-only": "the server's messages are not there",
    "exim-nc-crlf-rawtty-backspace": "the login was refused before the password was asked for",
    "exim-telnet-charmode-backspace": "no line ended, so no login was made",
}


@pytest.mark.parametrize(("path", "password"), _verifiable())
def test_recorded_passwords_verify(path: Path, password: str) -> None:
    """The password in the truth is the one that was sent; another is not."""
    reference("recordings")
    name = path.name.removesuffix(".expect.json")
    if name in UNVERIFIABLE:
        pytest.skip(UNVERIFIABLE[name])
    traces = _recorded(path)
    assert Verdict.MATCHES in _verdicts(traces, password)
    assert Verdict.MATCHES not in _verdicts(traces, "Not the one, 7!")


def _verdicts(traces: list[Trace], password: str) -> list[Verdict]:
    found = []
    for trace in traces:
        strays = strays_after(trace.session)
        found += [verify(each, password, strays.get(id(each), ())).verdict for each in trace.session.authentications]
    return found


def test_public_captures() -> None:
    """Mechanism, user and code of every decodable login; where the truth's line reader errs, the file is named."""
    reference("corpus")
    different = {path.stem for path in _folder("corpus") if not _agrees(path)}
    assert different == set(ONE_SIDED)


def _agrees(path: Path) -> bool:
    streams = json.loads(path.read_text()).get("smtp_streams", ())
    wanted = [(each["client"], (each.get("lines_view") or {}).get("auth")) for each in streams]
    if not any(auth for _, auth in wanted):
        return True
    found: dict[str, list[Credential]] = {}
    for trace in Reading([str(path.parents[1] / "captures" / path.stem)]):
        found.setdefault(str(trace.session.connection.client), []).extend(trace.credentials)
    return all(
        [(each.mechanism, each.authcid, each.code) for each in found.get(client, ())]
        == [(each["mechanism"].upper(), each.get("username"), each.get("final_code")) for each in auth]
        for client, auth in wanted
        if auth
    )


def test_one_password_used_twice_has_one_name() -> None:
    """Over a whole run equal secrets are recognised, different ones told apart."""
    path = reference("corpus") / "captures" / "recorded__ntlm-login-plain-cram-nonstd-port-all.pcap"
    ids = SecretIds()
    named = {}
    for trace in Reading([str(path)]):
        for credential in trace.credentials:
            if credential.mechanism in ("PLAIN", "LOGIN") and credential.secret:
                named.setdefault(ids.of(credential.secret), set()).add(credential.secret.octets())
    assert len(named) > 2
    assert all(len(values) == 1 for values in named.values())
