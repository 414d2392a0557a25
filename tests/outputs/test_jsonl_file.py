"""Sessions as JSON lines."""

from __future__ import annotations

import json
from io import BytesIO

from support.connections import dialogue

from smtptrace.outputs.jsonl_file import writer
from smtptrace.smtp import read_session
from smtptrace.trace import trace_session


def test_a_line_a_session_with_ids_of_secrets_that_agree() -> None:
    """Equal secrets have one id throughout the stream."""
    stream = BytesIO()
    write = writer(stream)
    for token in ("AGFsaWNlAFNlY3JldDEyMyE=", "AGJvYgBTZWNyZXQxMjMh", "AGJvYgBvdGhlci1zZWNyZXQ="):
        write(trace_session(read_session(dialogue("S: 220 a", f"C: AUTH PLAIN {token}", "S: 535 no"))), token[:6])
    sessions = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [session["id"] for session in sessions] == ["AGFsaW", "AGJvYg", "AGJvYg"]
    assert [session["auth"][0]["secret_id"] for session in sessions] == ["#1", "#1", "#2"]
