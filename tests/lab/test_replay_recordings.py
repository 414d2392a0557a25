"""Recordings of our own and of other people's making, played again at the real servers of the lab.

Each step gets the code of the recording, what is sent as content has the digest that the truth of the recording
states, and what the server stored is that after the fields it adds. What cannot be is named with its reason.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from support.command import Command, Said
from support.data import CAPTURES, reference

from lab import aiosmtpd_server, exim, stored
from lab.accounts import ALICE, BOB, GOOD_TOKEN
from lab.kdc import Realm
from smtptrace.smtp import Outcome, Transaction
from smtptrace.trace import Options, read

pytestmark = [pytest.mark.lab, pytest.mark.slow]

NO_WORD = "its client says nothing that could be said again"
NO_SERVER = "its kind of server is not in the lab"
NO_LIBRARY = "it logs in with a ticket, and this Python has no gssapi"
NOT_PLAYED = {
    "exim-raw-midsession": "its beginning is missing, and a server wants EHLO first",
    "exim-raw-snaplen-120-derived": "its message was cut",
    "exim-raw-snaplen-96-live": "its message was cut",
}
"""What is not replayed to the same verdict although its kind of server is here, and why."""
AS_MEANT: tuple[str, ...] = ()
AS_SENT = ("--as-sent",)
VERY_SAME = ("--as-sent", "--use-recorded-credentials")
MODES = {
    "exim-nc-backspaces": (AS_MEANT, AS_SENT),
    "exim-telnet-backspaces": (AS_MEANT, AS_SENT),
    "exim-telnet-linemode-backspace": (AS_MEANT, AS_SENT),
    "exim-telnet-charmode-backspace": (AS_SENT,),
    "exim-nc-crlf-rawtty-backspace": (VERY_SAME,),
    "exim-raw-auth-malformed-b64": (VERY_SAME,),
}
"""How a recording is played, if not as it was meant: mistakes are mended, or not made again by a login made anew."""
MENDED = {
    "exim-nc-backspaces",
    "exim-telnet-backspaces",
    "exim-telnet-linemode-backspace",
    "exim-wintelnet-backspace",  # as sent it has a password in it that no server of the lab knows
}
"""Where people type, messages are mended as commands are: only as sent their digest is that of the recording."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording and its truth: the digests of the messages of each session; None where the truth does not say."""

    path: Path
    keys: Path | None
    digests: tuple[tuple[str | None, ...], ...]

    @property
    def name(self) -> str:
        """As the tables of this file name it."""
        return self.path.stem.partition("+")[0]


@dataclass(frozen=True, slots=True)
class Server:
    """A server of the lab: what it stored since `forget`, as names of the fields that it added.

    `copies` of a message are stored, one for each recipient.
    """

    port: int
    forget: Callable[[], None]
    added: Callable[[Sequence[bytes]], set[str]]
    options: tuple[str, ...] = ()
    copies: Callable[[Transaction], int] = lambda sent: len({each.address for each in sent.recipients if each.accepted})


@pytest.fixture
def relay(lab_certificates, postfix_server) -> Iterator[exim.Exim]:
    """Exim with Postfix as its next hop, as it was when its relaying was recorded."""
    with exim.running(lab_certificates, next_hop=postfix_server.cyrus_port) as running:
        yield running


@pytest.fixture
def servers(relay, postfix_server, tmp_path: Path) -> Iterator[dict[int, Server]]:
    """By the port that this kind of server has in the recordings."""
    mails = (relay.mail, postfix_server.mail)

    def maildir(port: int, *options: str) -> Server:
        return Server(port, lambda: stored.forget(*mails), lambda sent: stored.added(sent, *mails), options)

    handler = aiosmtpd_server.Acceptor()

    def same(sent: Sequence[bytes]) -> set[str]:
        assert handler.messages == list(sent)
        return set()

    with aiosmtpd_server.ntlm_users(tmp_path, "LAB"), aiosmtpd_server.running(handler) as server:
        yield {
            2525: maildir(relay.port, "--ntlm-v1"),
            4465: maildir(relay.tls_port, "--ntlm-v1"),
            2526: maildir(postfix_server.port),
            2527: maildir(postfix_server.cyrus_port),
            465: maildir(postfix_server.tls_port),
            4466: maildir(postfix_server.tls_port),
            2530: maildir(postfix_server.open_port),
            2528: Server(server.port, handler.messages.clear, same, copies=lambda _: 1),
        }


def ours() -> Iterator[Recording]:
    """The recordings of captures/."""
    for each in tomllib.loads((CAPTURES / "INDEX.toml").read_text())["recordings"]:
        path = CAPTURES / each["file"]
        keys = path.with_suffix(".keys")
        sessions = each.get("sessions", [])
        yield Recording(
            path,
            keys if keys.exists() else None,
            tuple(tuple(digest or None for digest in session["messages"]) for session in sessions),
        )


def others() -> Iterator[Recording]:
    """The recordings that were made elsewhere."""
    for path in sorted(reference("recordings").glob("*.expect.json")):
        truth = json.loads(path.read_text())
        keys = path.parent / truth["keylog"] if truth["keylog"] else None
        digests = tuple(tuple(each["sha256"] for each in session["messages"]) for session in truth["sessions"])
        yield Recording(path.parent / truth["capture"], keys, digests)


@pytest.mark.parametrize("recordings", [ours, others])
def test_the_same_verdicts_and_the_same_octets(
    recordings: Callable[[], Iterator[Recording]],
    smtptrace: Command,
    servers: dict[int, Server],
    realm: Realm,
    lab_certificates,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """All but those that are named; the fields that were added are those of RFC 5321, 4.4, and their like."""
    for name, value in realm.env.items():
        monkeypatch.setenv(name, value)
    lab = Lab(smtptrace, servers, ["--ca-file", str(lab_certificates.authority)], monkeypatch, tmp_path)
    asked = list(recordings())
    found = {each.name: lab.problem(each) for each in asked}
    problems = {name: NOT_PLAYED.get(name, problem) for name, problem in found.items() if problem}
    with capsys.disabled():
        print(f"\n{len(found) - len(problems)} of {len(asked)} recordings replay alike and are stored as sent; not")
        for name, problem in problems.items():
            print(f"  {name}: {problem}")
    assert len(found) == len(asked)
    unnamed = {name: problem for name, problem in problems.items() if problem not in (NO_WORD, NO_SERVER, NO_LIBRARY)}
    assert unnamed.keys() == NOT_PLAYED.keys() & found.keys(), unnamed
    assert lab.added <= set(stored.TRACE_FIELDS)


class Lab:
    """Plays recordings; `added` are the fields that the servers put before what they stored."""

    def __init__(self, smtptrace: Command, servers: dict[int, Server], options: list[str], patch, folder: Path) -> None:
        self.added: set[str] = set()
        self._smtptrace = smtptrace
        self._servers = servers
        self._options = options
        self._patch = patch
        self._folder = folder
        self._runs = 0

    def problem(self, recording: Recording) -> str:
        """Why the recording is not the same here, "" where it is."""
        keys = ["--keylog", recording.keys] if recording.keys else []
        sessions = self._smtptrace("list", "--json", recording.path, *keys).objects("session")
        if not sessions:
            return NO_WORD
        digests = list(recording.digests) if len(recording.digests) == len(sessions) else [()] * len(sessions)
        problems = (
            self._session(
                recording, each, digests[at] if mode or recording.name not in MENDED else None, [*keys, *mode]
            )
            for mode in MODES.get(recording.name, (AS_MEANT,))
            for at, each in enumerate(by_time(sessions))
        )
        return next(filter(None, problems), "")

    def _session(
        self, recording: Recording, session: dict[str, Any], digests: Sequence[str | None] | None, more: list[object]
    ) -> str:
        """The problem of one session, played with more options; `digests` are None where the message is mended."""
        server = self._servers.get(int(session["server"].rpartition(":")[2]))
        if server is None:
            return NO_SERVER
        if find_spec("gssapi") is None and any(each["mechanism"] == "GSSAPI" for each in session["auth"]):
            return NO_LIBRARY
        self._credentials(session["auth"])
        server.forget()
        self._runs += 1
        saved = self._folder / f"{self._runs}.pcapng"
        options = [*self._options, *more, "--exact-content", "--save", saved, "--max-messages", 1000]
        options += [] if "ntlmv2" in recording.name else server.options
        target = f"localhost:{server.port}"
        said = self._smtptrace("replay", "-s", session["id"], recording.path, target, "--json", *options)
        return difference(said) or self._contents(saved, digests, server)

    def _credentials(self, logins: Sequence[dict[str, Any]]) -> None:
        """Those that the last login had: right ones where it was accepted."""
        last = logins[-1] if logins else {"outcome": "accepted", "authcid": None}
        right = last["outcome"] != "rejected"
        password = BOB if "bob" in (last["authcid"] or "") else ALICE
        self._patch.setenv("SMTPTRACE_PASSWORD", password if right else "wrong")
        self._patch.setenv("SMTPTRACE_TOKEN", GOOD_TOKEN if right else "wrong")

    def _contents(self, saved: Path, digests: Sequence[str | None] | None, server: Server) -> str:
        """Compare what was sent with the truth, and what was stored with what was sent."""
        (trace,) = read(str(saved), Options(keep_content=True))
        sent = [each for each in trace.session.transactions if each.content]
        hashes = [hashlib.sha256(each.content.data).hexdigest() for each in sent]
        if digests is not None and hashes != [each or mine for each, mine in pairs(digests, hashes)]:
            return f"other octets were sent: {hashes}, not {digests}"
        accepted = [
            each.content.data for each in sent if each.outcome is Outcome.ACCEPTED for _ in range(server.copies(each))
        ]
        try:
            self.added |= server.added(accepted)
        except AssertionError as error:
            return str(error)
        return ""


def pairs(digests: Sequence[str | None], hashes: Sequence[str]) -> Iterator[tuple[str | None, str]]:
    """The digests of the truth beside ours; a missing one of ours is a difference."""
    for at in range(max(len(digests), len(hashes))):
        yield (digests[at] if at < len(digests) else "one too many"), (hashes[at] if at < len(hashes) else "missing")


def by_time(sessions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """In the order of their first packets, as the truth has them."""
    return sorted(sessions, key=lambda each: each["start"] or "")


def difference(said: Said) -> str:
    """Why the verdict is not that it is the same."""
    outcomes = said.objects("replay")
    if not outcomes:
        return said.err.strip() or "nothing was played"
    (outcome,) = outcomes
    if outcome["verdict"] == "same":
        return ""
    step = outcome["steps"][(outcome["first_difference"] or 1) - 1]
    return f"step {step['number']} {step['verb']}: {step['detail']}; {outcome['stopped']}"
