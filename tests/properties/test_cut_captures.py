"""The law of cut captures: what came before the cut is read as it was, and the cut is told."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.data import CAPTURES
from support.packets import blocks

from smtptrace.errors import UnreadableError
from smtptrace.smtp import Session
from smtptrace.trace import Options, Reading

FILES = sorted(CAPTURES.glob("*.pcap*"))
SEALED = CAPTURES / "exim-starttls-login.pcapng"
SMALL = CAPTURES / "postfix-starttls-refused.pcapng"

Said = tuple[tuple[str | None, bytes | None, int | None], ...]


def said(session: Session) -> Said:
    """Verb, argument and code of each exchange."""
    return tuple(
        (
            exchange.command.verb if exchange.command else None,
            exchange.command.argument if exchange.command else None,
            exchange.reply.code if exchange.reply else None,
        )
        for exchange in session.exchanges
    )


def read(path: Path, keys: Path | None = None) -> tuple[dict[int | None, Session], list[str]]:
    """The sessions by the number of their first packet, and what could not be read."""
    try:
        reading = Reading((str(path),), Options(keylog=str(keys) if keys else None))
        sessions = {trace.session.connection.number: trace.session for trace in reading}
    except UnreadableError as error:
        return {}, [str(error)]
    return sessions, list(reading.damage())


@cache
def whole(path: Path, keys: Path | None = None) -> dict[int | None, Session]:
    sessions, damage = read(path, keys)
    assert not damage
    return sessions


@cache
def borders(path: Path) -> frozenset[int]:
    """Where a cut leaves whole blocks, so that nobody can see it in the file alone."""
    lengths = [12 + len(body) for _, body in blocks(path.read_bytes())]
    return frozenset(accumulate(lengths))


def is_prefix(some: Said, all_of: Said) -> bool:
    """Whether it is the beginning, where replies that did not come may be missing."""
    return len(some) <= len(all_of) and all(
        (verb, argument) == expected[:2] and code in (None, expected[2])
        for (verb, argument, code), expected in zip(some, all_of, strict=False)
    )


def check(path: Path, size: int, keys: Path | None = None) -> None:
    with tempfile.NamedTemporaryFile(suffix=path.suffix) as file:
        file.write(path.read_bytes()[:size])
        file.flush()
        sessions, damage = read(Path(file.name), keys)
    assert all(problem.startswith(file.name) and "\n" not in problem for problem in damage)
    for number, session in sessions.items():
        expected = whole(path, keys)[number]
        assert is_prefix(said(session), said(expected)), (path.name, size)
        if said(session) != said(expected):
            assert not session.complete, (path.name, size)
            assert session.warnings, (path.name, size)
    assert bool(damage) is (size not in borders(path)), (path.name, size)


@given(st.sampled_from(FILES), st.data())
@settings(max_examples=150)
def test_a_cut_capture_gives_the_beginning_and_a_warning(path: Path, data: st.DataObject) -> None:
    """At any octet: a prefix of the exchanges of each session, those cut short are not complete, never a traceback."""
    check(path, data.draw(st.integers(0, path.stat().st_size - 1), label="octets kept"))


@pytest.mark.slow
def test_every_octet_of_a_small_capture() -> None:
    """The same, leaving out none."""
    for size in range(SMALL.stat().st_size):
        check(SMALL, size)


@pytest.mark.slow
@pytest.mark.parametrize("size", range(300, SEALED.stat().st_size, 487))
def test_a_cut_capture_of_tls_is_opened_as_far_as_it_goes(size: int) -> None:
    """The same with keys."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    check(SEALED, size, SEALED.with_suffix(".keys"))


@pytest.mark.slow
def test_what_is_lost_within_tls_makes_a_session_incomplete(tmp_path: Path) -> None:
    """Whichever packet with octets is missing: what was read is what was said, and the session says that it is not all.

    A reply whose command is lost stands alone.
    """
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    octets, at = SEALED.read_bytes(), 0
    (expected,) = whole(SEALED, SEALED.with_suffix(".keys")).values()
    for kind, body in blocks(octets):
        size = 12 + len(body)
        if kind == 6 and len(body) > 250:
            path = tmp_path / "lossy.pcapng"
            path.write_bytes(octets[:at] + octets[at + size :])
            (session,) = read(path, SEALED.with_suffix(".keys"))[0].values()
            assert not session.complete, at
            assert {each[:2] for each in said(session)} <= {(None, None), *(each[:2] for each in said(expected))}, at
        at += size
