"""Every recording of the reference data that needs no key, read as its truth says."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from support.data import reference

from smtptrace.smtp import AuthExchange, Dialogue, Session
from smtptrace.sources import ENGINES, SourceReport
from smtptrace.tcp import follow
from smtptrace.wire import Origin

_FOLDER = Path(os.environ.get("SMTPTRACE_CORPUS", "/nowhere"), "recordings")
_SEALED = ("exim-curl-starttls-plain-dsb",)
"""Recordings whose TLS secrets are inside the capture: they are opened by another engine."""


def _names() -> list[str]:
    names = sorted(path.name.removesuffix(".expect.json") for path in _FOLDER.glob("*.expect.json"))
    return [name for name in names if name not in _SEALED and _truth(name)["keylog"] is None]


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


def test_how_many_recordings_are_judged(capsys: pytest.CaptureFixture[str]) -> None:
    """No recording drops out silently; those that need a key are read by name elsewhere."""
    every = sorted(path.name.removesuffix(".expect.json") for path in reference("recordings").glob("*.expect.json"))
    left = [name for name in every if name not in _names()]
    with capsys.disabled():
        print(f"\n{len(_names())} of {len(every)} recordings are judged; with keys: {', '.join(left)}")
    assert len(_names()) >= 63
