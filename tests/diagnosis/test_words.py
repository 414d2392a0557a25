"""What other servers, gateways and filters say (words.toml): a wrong cause first is the worst answer."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from smtptrace.trace import read_text

REPLIES = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))["reply"]
STEPS = ("AUTH", "MAIL", "RCPT", "DATA")
COMMANDS = {"AUTH": "AUTH PLAIN AGFsaWNlQHNob3AudGVzdABUdWxpcC1nYXJkZW4tMTc=", "MAIL": "MAIL FROM:<a@shop.test>"}
COMMANDS |= {"RCPT": "RCPT TO:<x@other.test>", "DATA": "DATA", "STARTTLS": "STARTTLS"}
ACCEPTED = {"AUTH": "235 ok", "MAIL": "250 ok", "RCPT": "250 ok"}


def dialogue(row: dict[str, Any]) -> str:
    """The session in which this was said: whatever comes before was accepted."""
    said = [f"S: {line}" for line in row["said"]]
    at = row["at"]
    lines = [] if at == "GREETING" else [f"S: 220 {row['greeting']}", "C: EHLO app.shop.test"]
    if at not in {"GREETING", "EHLO"}:
        lines += [
            "S: 250-mail.test",
            "S: 250-SIZE 50000000",
            f"S: 250 {'STARTTLS' if at == 'STARTTLS' else 'AUTH PLAIN'}",
        ]
        steps = STEPS[: STEPS.index(at)] if at in STEPS else ()
        for step in steps if row.get("logged_in") else steps[1:]:
            lines += [f"C: {COMMANDS[step]}", f"S: {ACCEPTED[step]}"]
        lines += [f"C: {COMMANDS[at]}"]
        lines += ["S: 354 go", "C: Subject: x", "C:", "C: hi", "C: ."] if at == "DATA" else []
    return "\n".join([*lines, *said, *(() if at == "GREETING" else ("C: QUIT", "S: 221 bye"))]) + "\n"


@pytest.mark.parametrize("row", REPLIES, ids=[row["said"][-1][:50] for row in REPLIES])
def test_words(row: dict[str, Any]) -> None:
    """One of the causes that fit comes first; `unknown` is among them where the words do not tell."""
    (trace,) = read_text(dialogue(row))
    assert trace.causes[0].slug in row["causes"]
