"""The JSON contract."""

from __future__ import annotations

import json

from support.data import CAPTURES
from support.dialogue import session

from smtptrace.auth import SecretIds
from smtptrace.coverage import Coverage
from smtptrace.outputs.jsonl import line, session_object, source_object
from smtptrace.trace import Reading, trace_session

SESSION_KEYS = (
    "schema id uid source community_id client server start duration_s client_octets server_octets client_sha256"
    " server_sha256 tls decrypted tls_info complete gaps greeting server_flavour extensions exchanges auth transactions"
    " findings causes anomalies notes warnings"
).split()


def test_a_session_has_the_keys_of_the_contract() -> None:
    """Keys may be added, never renamed or left out."""
    (trace,) = Reading((str(CAPTURES / "postfix-recipient-refused.pcapng"),))
    record = json.loads(line(session_object(trace, SecretIds(), "1")))
    assert set(SESSION_KEYS) <= set(record)
    (transaction,) = record["transactions"]
    assert [path["accepted"] for path in transaction["forward_paths"]].count(False) == 1
    assert transaction["outcome"] == "accepted"
    assert transaction["queue_id"]
    assert {"verb", "argument", "code", "enhanced", "text", "frame", "time", "tls"} <= set(record["exchanges"][0])


def test_data_has_the_intermediate_reply() -> None:
    """354 beside the code that answered the content."""
    trace = trace_session(session("S: 220 a\nC: DATA\nS: 354 go\nC: x\nC: .\nS: 250 ok"))
    (exchange,) = session_object(trace, SecretIds(), "1")["exchanges"]
    assert (exchange["verb"], exchange["code"], exchange["intermediate"]) == ("DATA", 250, 354)


def test_octets_that_are_no_text_stand_beside_in_base64() -> None:
    """The text has U+FFFD in their place."""
    trace = trace_session(session("S: 220 a\nC> NOOP caf\\xe9\\r\\nS: 250 ok".replace("\\r\\nS", "\\r\\n\nS")))
    (exchange,) = session_object(trace, SecretIds(), "1")["exchanges"]
    assert exchange["argument"] == "caf\ufffd"
    assert exchange["argument_b64"] == "Y2Fm6Q=="


def test_a_line_is_always_valid_json() -> None:
    """Lone surrogates, huge integers and odd keys are written in a form that every reader takes."""
    record = json.loads(line({"text": "\udcff", "number": 2**80, "nested": [{"x": ("\ud800",)}]}))
    assert record == {"text": "?", "number": str(2**80), "nested": [{"x": ["?"]}]}


def test_the_source_tells_what_was_read() -> None:
    """With the coverage of its sessions."""
    reading = Reading((str(CAPTURES / "exim-starttls-login.pcapng"),))
    coverage = Coverage()
    for trace in reading:
        coverage.add(trace, selected=True)
    record = source_object(reading, reading.parts[0], coverage, show_secrets=False)
    assert record["sessions"] == 1
    assert record["coverage"]["encrypted"] == 1
    assert record["show_secrets"] is False
