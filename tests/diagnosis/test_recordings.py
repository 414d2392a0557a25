"""Recordings of real servers and clients: each failure has its cause, and what went well has none."""

from __future__ import annotations

import json

import pytest
from support.data import reference

from smtptrace.trace import Options, Reading


def expectations() -> list[str]:
    """The names of the recordings, empty where they are not at hand."""
    try:
        return sorted(path.name for path in reference("recordings").glob("*.expect.json"))
    except pytest.skip.Exception:
        return []


@pytest.mark.parametrize("name", expectations() or [None])
def test_a_recording_gives_its_cause(name):
    """The class of its expectation first, none where all went well; with the keys where there are any."""
    expected = json.loads(reference("recordings", name or "").read_text(encoding="utf-8"))
    keys = expected.get("keylog")
    options = Options(keylog=str(reference("recordings", keys)) if keys else None)
    traces = list(Reading([str(reference("recordings", expected["capture"]))], options))
    causes = sorted((cause for trace in traces for cause in trace.causes), key=lambda cause: -cause.confidence)
    assert (causes[0].slug if causes else None) == expected["cause_class"]
    assert all(each.text and each.span for cause in causes for each in cause.evidence)
