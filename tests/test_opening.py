"""Captures of TLS with their keys."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.data import CAPTURES

from smtptrace.errors import UnreadableError
from smtptrace.trace import Options, Reading

CAPTURE = CAPTURES / "exim-starttls-login.pcapng"
KEYS = CAPTURES / "exim-starttls-login.keys"


@pytest.mark.slow
def test_keys_open_what_follows_starttls() -> None:
    """The clear prologue and what was opened are one session; the login was protected on the wire."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    (trace,) = Reading((str(CAPTURE),), Options(keylog=str(KEYS)))
    verbs = [exchange.command.verb for exchange in trace.session.exchanges if exchange.command]
    assert verbs[:3] == ["EHLO", "STARTTLS", "EHLO"]
    assert trace.session.tls is not None
    assert trace.session.tls.opened
    (credential,) = trace.credentials
    assert credential.tls


def test_without_keys_the_handshake_is_told() -> None:
    """Version and cipher, and that nothing after it can be read."""
    (trace,) = Reading((str(CAPTURE),))
    assert trace.session.tls is not None
    assert not trace.session.tls.opened
    assert trace.session.tls.version is not None


def test_a_missing_key_log_is_named(tmp_path: Path) -> None:
    """One line that names the file."""
    with pytest.raises(UnreadableError, match="nowhere"):
        list(Reading((str(CAPTURE),), Options(keylog=str(tmp_path / "nowhere"))))
