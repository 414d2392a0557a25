"""`smtptrace convert` and `smtptrace clean` as they are called."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from smtptrace.cli._main import run

TEXT = """\
S: 220 ex01.corp.net Microsoft ESMTP MAIL Service ready
C: EHLO app01
S: 250-ex01.corp.net Hello [10.0.0.7]
S: 250 AUTH LOGIN
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: YWxpY2U=
S: 334 UGFzc3dvcmQ6
C: V2ludGVyMjAyNCE=
S: 535 5.7.3 Authentication unsuccessful
C: QUIT
S: 221 2.0.0 closing
"""


@pytest.fixture
def text(tmp_path: Path) -> str:
    path = tmp_path / "session.txt"
    path.write_text(TEXT)
    return str(path)


def test_text_is_written_masked(text: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """And with every octet when asked for."""
    assert run(["convert", "--to", "smtp", text]) == 0
    masked = capfdbinary.readouterr().out
    assert b"C: ****************" in masked and b"V2ludGVy" not in masked
    assert run(["convert", "--to", "smtp", "--show-secrets", text]) == 0
    assert b"C: V2ludGVyMjAyNCE=" in capfdbinary.readouterr().out


@pytest.mark.parametrize("form", ["smtp", "pcapng", "jsonl", "csv", "swaks", "curl"])
def test_every_form_is_written_to_a_private_file(text: str, form: str, tmp_path: Path) -> None:
    """None overwrites one, and none holds the password."""
    path = tmp_path / "out"
    assert run(["convert", "--to", form, "-o", str(path), text]) == 0
    written = path.read_bytes()
    assert written and b"Winter2024!" not in written and b"V2ludGVyMjAyNCE=" not in written
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert run(["convert", "--to", form, "-o", str(path), text]) == 2
    assert path.read_bytes() == written


def test_a_capture_comes_back_as_text(text: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Through packets and back nothing is lost."""
    path = str(tmp_path / "out.pcapng")
    assert run(["convert", "--to", "smtp", "--show-secrets", text]) == 0
    before = capfdbinary.readouterr().out
    assert run(["convert", "--to", "pcapng", "--show-secrets", "-o", path, text]) == 0
    assert run(["convert", "--to", "smtp", "--show-secrets", path]) == 0
    assert capfdbinary.readouterr().out == before


def test_pseudonyms_are_kept_in_a_map(text: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """The same in the next run; the map is private and has no password in it."""
    names = tmp_path / "names.json"
    outputs = []
    for _ in range(2):
        assert run(["convert", "--to", "smtp", "--pseudonymize", "--map", str(names), text]) == 0
        outputs.append(capfdbinary.readouterr().out)
    assert outputs[0] == outputs[1]
    assert b"C: cGVyc29uMQ==" in outputs[0]
    for name in (b"alice", b"corp", b"ex01", b"app01", b"10.0.0.7", b"V2ludGVy"):
        assert name not in outputs[0]
    known = json.loads(names.read_text())
    assert known["user"] == {"alice": "person1"}
    assert "Winter" not in names.read_text()
    if sys.platform != "win32":
        assert stat.S_IMODE(names.stat().st_mode) == 0o600


def test_what_was_removed_is_said(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """On standard error, with the session."""
    path = tmp_path / "session.txt"
    path.write_text(TEXT.replace("YWxpY2U=", "AQIDBAUGBwgJ"))
    assert run(["convert", "--to", "smtp", "--pseudonymize", str(path)]) == 0
    assert b"smtptrace: session 1: removed 12 octets of an AUTH exchange" in capfdbinary.readouterr().err


def test_other_outputs_hide_people_too(text: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """With the same code."""
    assert run(["list", "--json", "--redact", "people", text]) == 0
    out = capfdbinary.readouterr().out
    session = json.loads(out.splitlines()[0])
    assert session["auth"][0]["authcid"] == "person1"
    assert session["exchanges"][1]["code"] == 535
    assert run(["list", "--redact", "people", "--show-secrets", text]) == 2


def test_a_map_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    """With the name of the file."""
    path = tmp_path / "names.json"
    path.write_text("no map")
    assert run(["convert", "--to", "smtp", "--pseudonymize", "--map", str(path), text]) == 2


def test_clean_writes_a_text_to_replay(text: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """And says that something is needed for it."""
    path = tmp_path / "clean.smtp"
    assert run(["clean", "-o", str(path), text]) == 0
    assert "C: ${PASSWORD}" in path.read_text()
    assert b"1 values are needed" in capfdbinary.readouterr().err
    assert run(["clean", "--list", text]) == 0
    assert capfdbinary.readouterr().out == b"1  PASSWORD  the password of alice (LOGIN)\n"
    assert run(["clean", "--list", "--json", text]) == 0
    need = json.loads(capfdbinary.readouterr().out)
    assert (need["schema"], need["name"], need["frame"]) == ("smtptrace.need/1", "PASSWORD", 9)


TWO = """\
# session: one
S: 220 mx.shop.test ESMTP
C: EHLO pc
S: 250 mx.shop.test, Ottokar of the next session has Heron-22-blue
C: QUIT
S: 221 bye
# session: two
S: 220 mx.quixotic.test ESMTP
C: EHLO pc
S: 250 AUTH PLAIN
C: AUTH PLAIN AG90dG9rYXJAcXVpeG90aWMudGVzdABIZXJvbi0yMi1ibHVl
S: 235 ok
C: QUIT
S: 221 bye
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["convert", "--to", "smtp", "--pseudonymize"],
        ["show", "--redact", "people"],
        ["list", "--json", "--redact", "content"],
    ],
)
def test_what_one_session_says_of_another(
    arguments: list[str], tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Names and secrets of a file are known before its first session is written; what cannot be read is told once."""
    path = tmp_path / "two.smtp"
    path.write_text(TWO)
    assert run([*arguments, str(path)]) == 0
    out = capfdbinary.readouterr().out.lower()
    assert (b"ottokar" in out, b"heron" in out, b"quixotic" in out) == (False, False, False)
    assert run([*arguments, str(tmp_path / "none")]) == 3
    assert capfdbinary.readouterr().err.count(b"no such file") == 1
