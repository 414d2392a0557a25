"""One reading, three engines: capfile, scapy and tshark give the same sessions."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.data import CAPTURES

from smtptrace.trace import Options, Reading

_ROOT = Path(os.environ.get("SMTPTRACE_CORPUS", "/nowhere"))
_OURS = (
    "exim-ipv6.pcapng",
    "exim-relay-to-postfix.pcapng",
    "postfix-bulk-mail.pcapng",
    "exim-telnet-backspaces.pcapng",
)
EXCEPTIONS: dict[str, str] = {}
"""Files on which the engines differ, each with the reason."""


def _by_stack() -> list[Path]:
    """The smallest public capture of each stack of protocols that carries SMTP."""
    smallest: dict[tuple[str, ...], Path] = {}
    for path in sorted(_ROOT.glob("corpus/truth/*.json")):
        capture = _ROOT / "corpus" / "captures" / path.name.removesuffix(".json")
        for stream in json.loads(path.read_text())["smtp_streams"]:
            stacks = tuple(sorted(_carriers(stack) for stack in stream["stacks"]))
            held = smallest.get(stacks)
            if held is None or capture.stat().st_size < held.stat().st_size:
                smallest[stacks] = capture
    return sorted(set(smallest.values()))


def _carriers(stack: str) -> str:
    """The layers below TCP."""
    return stack.partition(":tcp")[0]


FILES = [
    *(CAPTURES / name for name in _OURS),
    *sorted(path for path in _ROOT.glob("recordings/*.pcap*") if not path.with_suffix(".keys").exists()),
    *_by_stack(),
]


def _sessions(path: Path, engine: str | None) -> list[Any]:
    """Ends, first frame, verbs, codes, digests and completeness of each session, in order of the first frame."""
    found = [
        (
            trace.session.connection.number,
            str(trace.session.connection.client),
            str(trace.session.connection.server),
            trace.digests,
            trace.session.complete,
            [
                (each.command.verb if each.command else None, each.reply.code if each.reply else None)
                for each in trace.session.exchanges
            ],
            [each.content.sha256 for each in trace.session.transactions if each.content],
        )
        for trace in Reading((str(path),), Options(digests=True, engine=engine))
    ]
    return sorted(found, key=lambda session: session[0] or 0)


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_engine_gives_the_same_sessions(path: Path) -> None:
    """The same octets in the same connections, whoever takes the packets apart."""
    if path.name in EXCEPTIONS:
        pytest.skip(EXCEPTIONS[path.name])
    ours = _sessions(path, None)
    assert _sessions(path, "scapy") == ours
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    assert _sessions(path, "tshark") == ours


@pytest.mark.slow
def test_the_engines_are_compared_on_every_stack(capsys: pytest.CaptureFixture[str]) -> None:
    """How many files stand for how many stacks; most have sessions in them."""
    with capsys.disabled():
        print(f"\n{len(FILES)} captures are read by three engines; left out: {EXCEPTIONS or 'none'}")
    assert sum(bool(_sessions(path, None)) for path in FILES) >= len(_OURS)
