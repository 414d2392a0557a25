"""Every recording of the reference data, read as its truth says; those with TLS with their keys and without."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.command import Command
from support.data import reference

from smtptrace.smtp import AuthExchange, Dialogue, Session
from smtptrace.sources import ENGINES, SourceReport
from smtptrace.tcp import follow
from smtptrace.trace import Options, Reading
from smtptrace.wire import Origin

_FOLDER = Path(os.environ.get("SMTPTRACE_CORPUS", "/nowhere"), "recordings")
_INSIDE = ("exim-curl-starttls-plain-dsb",)
"""Recordings whose TLS secrets are inside the capture."""


def _every() -> list[str]:
    return sorted(path.name.removesuffix(".expect.json") for path in _FOLDER.glob("*.expect.json"))


def _names() -> list[str]:
    return [name for name in _every() if name not in _INSIDE and _truth(name)["keylog"] is None]


def _with_keys() -> list[str]:
    return [name for name in _every() if name not in _names()]


def _names_with_keys_beside() -> list[str]:
    return [name for name in _with_keys() if name not in _INSIDE]


@pytest.fixture
def smtptrace(capsys: pytest.CaptureFixture[str]) -> Command:
    """Call a command."""
    return Command(capsys)


def _truth(name: str) -> dict[str, Any]:
    return dict(json.loads((_FOLDER / f"{name}.expect.json").read_text()))


def _sessions(path: Path) -> list[Session]:
    """The sessions of a capture in the order of their first packets."""
    report = SourceReport(str(path))
    dialogues: dict[int, Dialogue] = {}
    with path.open("rb") as stream:
        segments = ENGINES["capfile"].segments(stream, report)
        for connection, events, _ in follow(segments, Origin(str(path), "pcap")):
            dialogue = dialogues.setdefault(connection.number or 0, Dialogue(connection))
            for event in events:
                dialogue.feed(event)
    return [dialogues[number].finish() for number in sorted(dialogues)]


def _outcome(auth: AuthExchange) -> str:
    """How a login ended, as far as the replies tell."""
    code = auth.reply.code if auth.reply else 0
    if auth.cancelled:
        return "cancelled"
    return "accepted" if code == 235 else "rejected" if code >= 400 else "incomplete"


def _same(judged: str, truth: dict[str, Any], found: object, expected: object) -> None:
    if judged not in truth.get("not_judged", []):
        assert found == expected


def _check(truth: dict[str, Any], session: Session) -> None:
    exchanges = [
        [each.command.verb if each.command else None, each.reply.code if each.reply else None]
        for each in session.exchanges
    ]
    _same("exchanges", truth, exchanges, truth["exchanges"])
    logins = [(auth.mechanism, _outcome(auth)) for auth in session.authentications]
    wanted = [(auth["mechanism"], auth["outcome"]) for auth in truth["auth"]]
    if truth.get("note", "").startswith("the client hangs up"):
        wanted = [(mechanism, "incomplete") for mechanism, _ in wanted]
    _same("auth", truth, logins, wanted)
    contents = [each.content for each in session.transactions if each.content is not None]
    found = [(content.sha256, content.size, content.complete) for content in contents]
    judged = [(each["sha256"], each["size"], each["complete"]) for each in truth["messages"]]
    if "messages[0]" in truth.get("not_judged", []):
        found, judged = found[1:], judged[1:]
    _same("messages", truth, found, judged)


@pytest.mark.parametrize("name", _names())
def test_a_recording_is_read_as_its_truth_says(name: str) -> None:
    """Exchanges, logins and digests of contents, session by session."""
    truth = _truth(name)
    sessions = _sessions(_FOLDER / truth["capture"])
    assert len(sessions) == len(truth["sessions"])
    for expected, session in zip(truth["sessions"], sessions, strict=True):
        _check(expected, session)


@pytest.mark.slow
@pytest.mark.parametrize("name", _with_keys())
def test_a_recording_is_opened_with_its_keys(name: str) -> None:
    """The clear prologue and what was encrypted are one session, as its truth says; logins were protected."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    truth = _truth(name)
    keys = str(_FOLDER / truth["keylog"]) if truth["keylog"] else None
    traces = list(Reading((str(_FOLDER / truth["capture"]),), Options(keylog=keys)))
    assert len(traces) == len(truth["sessions"])
    for expected, trace in zip(truth["sessions"], traces, strict=True):
        _check(expected, trace.session)
        assert trace.session.complete
        assert [each.authcid for each in trace.credentials] == [each["authcid"] for each in expected["auth"]]
        assert all(credential.tls for credential in trace.credentials)
        _check_handshake(trace.session)


def _check_handshake(session: Session) -> None:
    """Version and cipher are known; the certificate where it goes in clear, as it does up to TLS 1.2."""
    secured = session.tls
    assert secured is not None and secured.version is not None and secured.cipher is not None
    assert secured.alert is None
    if secured.version != "TLSv1.3":
        assert secured.certificate is not None
        assert len(secured.certificate.sha256) == 64 and secured.certificate.subject


@pytest.mark.parametrize("name", _names_with_keys_beside())
def test_without_its_keys_a_recording_gives_the_handshake(name: str) -> None:
    """What was said in clear, then the facts of the handshake; nothing is made up about the rest."""
    truth = _truth(name)
    for expected, trace in zip(truth["sessions"], Reading((str(_FOLDER / truth["capture"]),)), strict=True):
        clear = expected["exchanges"].index(["STARTTLS", 220]) + 1
        found = [
            [each.command and each.command.verb, each.reply and each.reply.code] for each in trace.session.exchanges
        ]
        assert found == expected["exchanges"][:clear]
        assert trace.session.tls is not None and not trace.session.tls.opened
        assert not trace.credentials and not trace.session.transactions
        _check_handshake(trace.session)


@pytest.mark.slow
@pytest.mark.parametrize("name", _every())
def test_extracted_messages_have_the_digests_of_the_truth(name: str, smtptrace: Command, tmp_path: Path) -> None:
    """Each complete message is a file with the digest of the truth; one of which octets are missing is marked."""
    truth = _truth(name)
    if truth["keylog"] and shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    keys = ("--keylog", _FOLDER / truth["keylog"]) if truth["keylog"] else ()
    smtptrace("extract", _FOLDER / truth["capture"], "-o", tmp_path / "out", *keys)
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / "out").glob("*.eml")}
    judged = [each for session in truth["sessions"] if not _unjudged(session) for each in session["messages"]]
    wanted = sorted(each["sha256"] for each in judged if each["complete"])
    if not any(_unjudged(session) for session in truth["sessions"]):
        assert sorted(digest for file, digest in found.items() if "-incomplete" not in file) == wanted
        assert sum("-incomplete" in file for file in found) == sum(not each["complete"] for each in judged)
    assert set(wanted) <= set(found.values())
    for file, digest in found.items():
        sidecar = json.loads((tmp_path / "out" / f"{file}.json").read_text())
        assert sidecar["complete"] is ("-incomplete" not in file)
        assert sidecar["sha256"] == (digest if sidecar["complete"] else None)


def _unjudged(session: dict[str, Any]) -> bool:
    return any(each.startswith("messages") for each in session.get("not_judged", []))


def test_how_many_recordings_are_judged(capsys: pytest.CaptureFixture[str]) -> None:
    """No recording drops out silently."""
    assert reference("recordings").is_dir()
    with capsys.disabled():
        print(f"\n{len(_names())} of {len(_every())} recordings are judged in clear, {len(_with_keys())} with keys")
    assert len(_names()) >= 63
    assert len(_names()) + len(_with_keys()) == len(_every()) >= 70
