"""The reference texts give the dialogues that stand in them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from support.data import reference

from smtptrace import transcripts
from smtptrace.smtp import Session, read_session
from smtptrace.transcripts._text import Text, parts

EXPECTED = tomllib.loads(Path(__file__).with_name("corpus.toml").read_text("utf-8"))


def exchanges(session: Session) -> str:
    """The verbs with the codes that ended them, as corpus.toml writes them."""
    return ", ".join(
        f"{exchange.command.verb or '-' if exchange.command else '-'} {exchange.reply.code if exchange.reply else '-'}"
        for exchange in session.exchanges
    )


@pytest.mark.parametrize("name", EXPECTED)
def test_text_gives_its_sessions(name: str) -> None:
    """Every text gives the sessions that one reads in it, in the dialect it is written in."""
    connections = transcripts.read(reference("corpus", "text", name).read_bytes())
    assert [exchanges(read_session(connection)) for connection in connections] == EXPECTED[name]["sessions"]
    assert {connection.origin.format for connection in connections} == {EXPECTED[name]["dialect"]} - {""}


def test_all_texts_are_expected() -> None:
    """No text of the reference is left out here."""
    assert {path.name for path in reference("corpus", "text").glob("*.txt")} == set(EXPECTED)


def rated(text: Text) -> list[tuple[float, str]]:
    return transcripts.recognise(text)


@pytest.mark.parametrize("name", EXPECTED)
def test_one_dialect_is_surest(name: str) -> None:
    """No two dialects are equally sure of a text; the assertion names both."""
    for text in parts(reference("corpus", "text", name).read_bytes()):
        best = rated(text)[:2]
        assert len(best) < 2 or best[0][0] > best[1][0], f"{best[0][1]} and {best[1][1]} are equally sure of {name}"


def panel() -> list[str]:
    """The names of the failure cases, without reading them."""
    return [f"pub-{number:03}" for number in range(1, 68)]


@pytest.mark.parametrize("name", panel())
def test_failures_are_read(name: str) -> None:
    """Every failure as people post it gives a connection with something to diagnose."""
    case = json.loads(reference("panel", "public", f"{name}.json").read_text("utf-8"))
    connections = transcripts.read(case["transcript"].encode())
    assert connections, case["format"]
    assert all(connection.events for connection in connections)
