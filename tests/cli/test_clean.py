"""`smtptrace clean --expect`; what cleaning does stands in tests/test_clean.py."""

from __future__ import annotations

from pathlib import Path

from support.command import Command


def test_what_each_reply_was(smtptrace: Command, tmp_path: Path) -> None:
    """As lines that a replay holds the target to."""
    path = tmp_path / "a.smtp"
    path.write_text("# session: 1\nS: 220 hi\nC: NOOP\nS: 250 2.0.0 ok\n")
    assert "C: NOOP\n# expect: 250 2.0.0\nS: 250" in smtptrace("clean", "--expect", "enhanced", path).out
    assert "C: NOOP\n# expect: 250\nS: 250" in smtptrace("clean", "--expect", "code", path).out
    assert "expect" not in smtptrace("clean", path).out
