"""The server of a recording inside this process, for tests of applications: where it listens, and what it received."""

from __future__ import annotations

import contextlib
import enum
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from smtptrace import net
from smtptrace.auth import Credential
from smtptrace.errors import UsageError
from smtptrace.redact import mask
from smtptrace.replay.serve import Manner, Unrecorded
from smtptrace.replay.serve_many import Service, Terms
from smtptrace.replay.serve_roster import Match
from smtptrace.replay.serve_run import Served
from smtptrace.replay.serve_source import names, needs_tls, recorded
from smtptrace.replay.throwaway import throwaway
from smtptrace.secret import Secret
from smtptrace.smtp import Outcome, Session, read_session
from smtptrace.trace import Options, Trace, read, trace_session

E = TypeVar("E", bound=enum.Enum)

HOST = "127.0.0.1"
_PATIENCE_S, _LOOK_S = 1.0, 0.05


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its octets as the server takes them, its envelope, and whether it was accepted.

    `forward_paths` are the recipients that were accepted.
    """

    octets: bytes
    reverse_path: str
    forward_paths: tuple[str, ...]
    accepted: bool


@dataclass(frozen=True, slots=True)
class Received:
    """What one client said: `session` names the one that was played to it.

    `commands` are its lines in order, secrets masked; `logins` its attempts to log in, decoded; `tls` whether it went
    over to TLS. `deviations` tell where it left the script, `broken` how the connection ended if not well.
    """

    session: str
    commands: tuple[str, ...]
    messages: tuple[Message, ...]
    logins: tuple[Credential, ...]
    tls: bool
    deviations: tuple[str, ...]
    broken: str


class LocalServer:
    """Plays the sessions of a recording on a free port of this machine from `start` to `stop`.

    Args:
        path: a capture or transcript.
        folder: where the certificate of the authority is written.
        sessions: names of those to play, as `list` gives them; all where none is named.
        strict: whether the very commands are wanted in their order.
        match: "order", "helo" or "login".
        unrecorded: "refuse", "close" or "accept".
        password: of who logs in; with it challenges are made anew and responses checked.
        keylog: a file of TLS keys that opens the recording.
        timeout_s: how long a client that is connected is waited for.

    Raises:
        UnreadableError: the recording cannot be read.
        UsageError: it holds nothing to play, or an option cannot be.
    """

    def __init__(
        self,
        path: Path,
        folder: Path,
        *,
        sessions: Sequence[str] = (),
        strict: bool = False,
        match: str = "order",
        unrecorded: str = "refuse",
        password: str | None = None,
        keylog: Path | None = None,
        timeout_s: float = 30.0,
    ) -> None:
        manner = Manner(strict, _chosen(Unrecorded, unrecorded), secret=None if password is None else Secret(password))
        found = recorded(_traces(path, sessions, keylog), str(path))
        self.ca_file: Path | None = None
        context = None
        if needs_tls(found) or manner.unrecorded is Unrecorded.ACCEPT:
            secured = throwaway((HOST, "localhost", *names(found)))
            context, self.ca_file = secured.context, folder / "ca.pem"
            self.ca_file.write_bytes(secured.authority)
        terms = Terms(manner, _chosen(Match, match), context, timeout_s)
        self._ended: list[Served] = []
        self._stack = contextlib.ExitStack()
        listener = self._stack.enter_context(net.Listener(HOST, 0))
        self._service = Service(found, listener, terms, self._ended.append)
        self.host, self.port = HOST, listener.port

    def start(self) -> None:
        """Begin to listen."""
        self._service.start()

    def stop(self) -> None:
        """Hear what has arrived, and end."""
        self._service.stop()
        self._stack.close()

    def _served(self) -> tuple[Served, ...]:
        """All connections in their order, those that go on as far as they are."""
        found = {each.number: each for each in self._service.live()}
        found |= {each.number: each for each in tuple(self._ended)}  # one that ended meanwhile is whole there
        return tuple(found[number] for number in sorted(found))

    @property
    def received(self) -> tuple[Received, ...]:
        """What each client said until now; all that it had a reply to is in it."""
        return tuple(map(_received, self._served()))

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages of all clients."""
        return tuple(message for each in self.received for message in each.messages)

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands of all clients."""
        return tuple(command for each in self.received for command in each.commands)

    @property
    def logins(self) -> tuple[Credential, ...]:
        """The attempts of all clients to log in."""
        return tuple(login for each in self.received for login in each.logins)

    def deviations(self, patience_s: float = _PATIENCE_S) -> tuple[str, ...]:
        """Where clients left the script, one line each; the sessions that nobody was served are among them.

        Who is still connected has so long to say what is missing.
        """
        until = time.monotonic() + patience_s
        while any(each.deviations for each in self._service.live()) and time.monotonic() < until:
            time.sleep(_LOOK_S)
        found = [f"session {each.session}: {text}" for each in self._served() for text in _wrong(each)]
        return (*found, *(f"session {name}: never played" for name in self._service.never_played()))


def _wrong(served: Served) -> tuple[str, ...]:
    return (*served.deviations, *((served.broken,) if served.broken else ()))


def _chosen(kind: type[E], word: str) -> E:
    try:
        return kind(word)
    except ValueError:
        raise UsageError(f"{word!a}: choose from {', '.join(each.value for each in kind)}") from None


def _traces(path: Path, sessions: Sequence[str], keylog: Path | None) -> Iterator[tuple[Trace, str]]:
    for trace in read(str(path), Options(keep_events=True, keylog=str(keylog) if keylog else None)):
        name = str(trace.session.connection.number)
        if not sessions or name in sessions:
            yield trace, name


def _received(served: Served) -> Received:
    session = read_session(served.connection, keep_content=True)
    trace = trace_session(session)
    lines = [each.command.line for each in mask(trace).session.exchanges if each.command]
    return Received(
        served.session,
        tuple(line.decode("utf-8", "backslashreplace") for line in lines),
        tuple(_messages(session)),
        tuple(trace.credentials),
        session.tls is not None,
        served.deviations,
        served.broken,
    )


def _messages(session: Session) -> Iterator[Message]:
    for each in session.transactions:
        if each.content is not None and each.content.complete and each.content.data is not None:
            taken = tuple(_text(path.address) for path in each.recipients if path.accepted)
            yield Message(each.content.data, _text(each.reverse_path), taken, each.outcome is Outcome.ACCEPTED)


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "backslashreplace")
