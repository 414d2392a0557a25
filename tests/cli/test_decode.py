"""`smtptrace decode`."""

from __future__ import annotations

import io

import pytest
from support.command import Command

PLAIN = "AHRpbQB0YW5zdGFhZnRhbnN0YWFm"


def test_a_token(smtptrace: Command) -> None:
    """What it is, its fields, and no secret."""
    said = smtptrace("decode", PLAIN)
    assert said.code == 0
    assert "PLAIN response" in said.out
    assert "tim" in said.out
    assert "tanstaaf" not in said.out


def test_secrets_on_request(smtptrace: Command) -> None:
    """As everywhere."""
    assert "tanstaaftanstaaf" in smtptrace("decode", "--show-secrets", PLAIN).out


def test_ntlm_with_offsets(smtptrace: Command) -> None:
    """A field a line, with offset and length."""
    said = smtptrace("decode", "TlRMTVNTUAABAAAABoIIAAAAAAAAAAAAAAAAAAAAAAA=")
    assert "NTLM NEGOTIATE" in said.out
    assert ["flags", "12", "4", "0x00088206"] in [line.split()[:4] for line in said.out.splitlines()]


def test_json(smtptrace: Command) -> None:
    """One object."""
    (found,) = smtptrace("decode", "--json", f"AUTH PLAIN {PLAIN}").objects("decode")
    assert (found["kind"], found["encodings"], found["problems"]) == ("PLAIN response", ["AUTH PLAIN", "base64"], [])
    assert {"name": "authcid", "offset": None, "length": None, "value": "tim"} in found["fields"]


def test_lines_of_standard_input(smtptrace: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token a line; a wrapped one is put together."""
    monkeypatch.setattr("sys.stdin", io.StringIO("VXNlcm5hbWU6\r\n\r\nUGFzc3dvcmQ6\r\n"))
    assert smtptrace("decode").out.count("LOGIN prompt") == 2
    long = "TlRMTVNTUAABAAAABoIIAAAAAAAAAAAAAAAAAAAAAAA="
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{long[:40]}\n{long[40:]}\n"))
    assert smtptrace("decode", "-").out.count("NTLM NEGOTIATE") == 1


def test_problems_are_marked(smtptrace: Command) -> None:
    """With an exclamation mark."""
    assert "! url-safe-base64" in smtptrace("decode", "Pz8_YWJjZGVm").out


def test_terminal_is_safe(smtptrace: Command) -> None:
    """Escape sequences in a token do nothing."""
    assert "\x1b" not in smtptrace("decode", "G1szMW1yZWQ=").out
