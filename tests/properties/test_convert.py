"""What is written is read again as it was: streams, gaps, order of turns, TLS."""

from __future__ import annotations

import shutil
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from support.connections import connections, streams, turns
from support.data import reference

from smtptrace import masks, redact
from smtptrace._registry import Registry
from smtptrace.edits import in_frame_order
from smtptrace.smtp import read_session
from smtptrace.trace import Options, Reading, Trace, trace_session
from smtptrace.wire import Connection, Secured

OUTPUTS = Registry("smtptrace.outputs")
FORMS = ("smtp_text", "pcapng_file")


def recordings() -> list[str]:
    """The recordings without keys."""
    import os

    root = os.environ.get("SMTPTRACE_CORPUS")
    found = sorted(Path(root, "recordings").glob("*.pcap*")) if root else []
    return [path.name for path in found if not path.with_suffix(".keys").exists() and "-dsb" not in path.name] or ["-"]


def read(path: Path) -> list[Trace]:
    return list(Reading((str(path),), Options(keep_events=True)))


def written(form: str, traces: list[Trace], path: Path) -> Path:
    stream = BytesIO()
    write = OUTPUTS[form].writer(stream)
    for number, trace in enumerate(traces):
        write(trace, str(number))
    path.write_bytes(stream.getvalue())
    return path


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", recordings())
def test_a_recording_comes_back(name: str, form: str, tmp_path: Path) -> None:
    """Octet by octet, when secrets are shown."""
    said = read(reference("recordings", name))
    again = read(written(form, [redact.reveal(trace) for trace in said], tmp_path / "again"))
    assert [turns(in_frame_order(each.session.connection)) for each in again] == [
        turns(in_frame_order(each.session.connection)) for each in said
    ]
    for old, new in zip(said, again, strict=True):
        assert streams(new.session.connection) == streams(old.session.connection)
        assert verbs(new) == verbs(old)
        assert (new.session.connection.client, new.session.connection.server) == (
            old.session.connection.client, old.session.connection.server
        )  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["exim-raw-starttls13+keylog-bdat", "postfix-curl-starttls-login+keylog"])
def test_opened_tls_comes_back_opened(name: str, form: str, tmp_path: Path) -> None:
    """The octets in clear with the mark of TLS where it began; no key is needed any more."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    keys = str(reference("recordings", f"{name}.keys"))
    options = Options(keep_events=True, keylog=keys)
    said = list(Reading((str(reference("recordings", f"{name}.pcapng")),), options))
    again = read(written(form, [redact.reveal(trace) for trace in said], tmp_path / "again"))
    assert [turns(each.session.connection) for each in again] == [turns(each.session.connection) for each in said]
    assert [verbs(each) for each in again] == [verbs(each) for each in said]
    assert all(trace.session.tls and trace.session.tls.opened for trace in again)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", recordings())
def test_a_masked_recording_has_the_same_shape(name: str, form: str, tmp_path: Path) -> None:
    """Same lengths, same verbs and codes, and no secret in it."""
    said = read(reference("recordings", name))
    path = written(form, [masks.shown(trace) for trace in said], tmp_path / "again")
    again = read(path)
    assert [verbs(each) for each in again] == [verbs(each) for each in said]
    for old, new in zip(said, again, strict=True):
        assert [len(octets) for octets in streams(new.session.connection)] == [
            len(octets) for octets in streams(old.session.connection)
        ]
    raw = path.read_bytes()
    assert not [form for trace in said for form in masks.secret_forms(trace.credentials) if form in raw]


def verbs(trace: Trace) -> list[tuple[str | None, int | None]]:
    return [
        (each.command.verb if each.command else None, each.reply.code if each.reply else None)
        for each in trace.session.exchanges
    ]


@given(connections())
def test_a_dialogue_comes_back_from_text(said: Connection) -> None:
    """Whatever was said, and between whom."""
    from smtptrace import transcripts
    from smtptrace.transcripts.dialogue import write

    (read,) = transcripts.read(write(said).encode("utf-8", "backslashreplace"))
    assert turns(read) == turns(said)
    assert (read.client, read.server) == (said.client, said.server)
    assert [event for event in read.events if isinstance(event, Secured) and event.opened] == [
        event for event in read.events if isinstance(event, Secured)
    ]


@given(connections())
def test_masking_leaves_nothing_of_a_secret(said: Connection) -> None:
    """Of any dialogue, and it stays readable."""
    trace = trace_session(read_session(said))
    shown = masks.masked(said, trace.credentials)
    assert [len(octets) for octets in streams(shown)] == [len(octets) for octets in streams(said)]
