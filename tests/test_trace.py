"""The stages one after the other."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.data import CAPTURES

import smtptrace
from smtptrace.auth import AuthOutcome
from smtptrace.errors import UnreadableError
from smtptrace.trace import Options, Reading, read, read_text

NTLM = CAPTURES / "exim-ntlm-accepted.pcapng"
TEXT = (
    "S: 220 mail.example ESMTP\nC: EHLO app\nS: 250 ok\nC: MAIL FROM:<a@b.example>\nS: 530 5.7.1 authenticate first\n"
)


def test_a_capture_gives_traces() -> None:
    """Decoded logins beside the session they were made in."""
    (trace,) = read(str(NTLM))
    assert trace.session.exchanges[0].command.verb == "EHLO"
    assert trace.credentials[0].outcome is AuthOutcome.ACCEPTED
    assert trace.digests is None


def test_a_text_gives_traces_too() -> None:
    """The same records, and why it failed."""
    (trace,) = read_text(TEXT)
    assert [each.reply.code for each in trace.session.exchanges] == [250, 530]
    assert trace.causes
    assert trace.digests is not None


def test_a_text_without_dialogue_gives_nothing() -> None:
    """No trace; the caller decides what to say."""
    assert read_text(b"hello, world") == ()


def test_public_names_are_loaded_when_asked_for() -> None:
    """`smtptrace.read` is `smtptrace.trace.read`; what is not there is an AttributeError."""
    assert smtptrace.read is read
    assert "read_text" in dir(smtptrace)
    with pytest.raises(AttributeError):
        smtptrace.nothing  # noqa: B018


def test_damage_is_an_error_after_what_could_be_read(tmp_path: Path) -> None:
    """The traces come first, then one line that names the file."""
    path = tmp_path / "cut.pcapng"
    path.write_bytes(NTLM.read_bytes()[:-3])
    found = read(str(path))
    assert next(found).session.exchanges
    with pytest.raises(UnreadableError, match=r"cut\.pcapng"):
        list(found)


def test_events_and_content_are_kept_on_request() -> None:
    """By default neither is, so that memory follows the open sessions."""
    (plain,) = Reading((str(NTLM),))
    (kept,) = Reading((str(NTLM),), Options(keep_content=True, keep_events=True))
    assert plain.session.transactions[0].content.data is None
    assert not plain.session.connection.events
    assert kept.session.transactions[0].content.data
    assert kept.session.connection.events


def test_attempts_are_counted_and_listed_on_request() -> None:
    """A connection without a word is no session unless it is asked for."""
    path = str(CAPTURES / "connection-refused.pcapng")
    reading = Reading((path,))
    assert list(reading) == []
    assert sum(reading.attempts.values()) == 1
    assert len(list(Reading((path,), Options(attempts=True)))) == 1


def test_several_files_are_one_timeline(tmp_path: Path) -> None:
    """A part that is no capture is named."""
    text = tmp_path / "note.txt"
    text.write_text("no capture")
    with pytest.raises(UnreadableError, match=r"note\.txt"):
        list(Reading((str(NTLM), str(text))))
    traces = list(Reading((str(NTLM), str(CAPTURES / "postfix-login-refused.pcapng"))))
    assert len(traces) == 2
    assert {trace.session.connection.origin.locate(trace.session.connection.number)[0] for trace in traces} == {
        str(NTLM),
        str(CAPTURES / "postfix-login-refused.pcapng"),
    }
