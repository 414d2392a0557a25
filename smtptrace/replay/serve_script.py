"""A recorded session as the script of a server: which of its exchanges answers a command, and what was never heard."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from smtptrace.grammar import VERBS, verb_of
from smtptrace.smtp import Exchange, Reply, Session
from smtptrace.wire import Closing, Side

CHUNK = re.compile(rb"(?i)BDAT[ \t]+([0-9]{1,18})[ \t]*(LAST)?[ \t]*$")
"""BDAT with its size, and whether it is the last one (RFC 3030)."""

HARMLESS = frozenset(("RSET", "NOOP", "QUIT"))
"""What may be said at any time and left out without leaving the script."""

TLS = frozenset(("STARTTLS", "X-ANONYMOUSTLS"))
"""Behind these, accepted, TLS begins (RFC 3207; Exchange says the second among its own)."""

_PURPOSE = {"HELO": "EHLO", "LHLO": "EHLO", "X-EXPS": "AUTH", "BDAT": "DATA"}
_MECHANISM = re.compile(rb"[A-Za-z-]+[ \t=]+([A-Za-z0-9_-]{1,40})")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One session to play: `name` as `list` gives it, `logins` are (mechanism, user in lower case) in their order."""

    name: str
    session: Session
    logins: tuple[tuple[str, str], ...] = ()

    @property
    def helo(self) -> bytes:
        """The name that its client gave in EHLO or HELO, in lower case."""
        return (self.session.helo or b"").lower()

    @property
    def implicit(self) -> bool:
        """Whether TLS began before the greeting."""
        return self.session.tls is not None and self.session.tls.implicit


def kind_of(line: bytes) -> str | None:
    """What a command is for: one word for all that do the same; of a login the mechanism too, None without a verb."""
    verb = verb_of(line)
    purpose = _PURPOSE.get(verb or "", verb)
    if purpose == "AUTH":
        found = _MECHANISM.match(line)
        return f"AUTH {found[1].decode().upper()}" if found else "AUTH"
    if verb != "BDAT":
        return purpose
    chunk = CHUNK.match(line)
    return verb if chunk is None else purpose if chunk[2] else "CHUNK"


def octets_of(*replies: Reply | None) -> bytes:
    """Replies as they go over the wire; one that was not recorded whole ends where the recording does."""
    return b"".join(line + b"\r\n" for reply in replies if reply is not None for line in _whole(reply))


def _whole(reply: Reply) -> tuple[bytes, ...]:
    """The lines, the last of them with the space that says so (RFC 5321, 4.2.1)."""
    lines = reply.lines[:-1] if reply.cut and len(reply.lines) > 1 else reply.lines
    return (*lines[:-1], lines[-1][:3] + b" " + lines[-1][4:]) if lines and lines[-1][3:4] == b"-" else lines


class Script:
    """The exchanges of a session, each found by the command that it answers; knows which were heard.

    Args:
        session: as recorded.
        strict: whether only the very next command line is found (of a login its mechanism).
    """

    def __init__(self, session: Session, *, strict: bool) -> None:
        self.exchanges = [each for each in session.exchanges if each.command]
        self._lines = [each.command.line if each.command else b"" for each in self.exchanges]
        self._kinds = [kind_of(line) for line in self._lines]
        self._heard = [False] * len(self.exchanges)
        self._strict = strict
        self._at = 0
        self._index: dict[tuple[str, bool], list[int]] = defaultdict(list)
        self._exact: dict[bytes, list[int]] = defaultdict(list)
        for at, (exchange, kind) in enumerate(zip(self.exchanges, self._kinds, strict=True)):
            if kind is not None:
                self._index[kind, exchange.tls].append(at)
            if kind == "RCPT":
                self._exact[_normal(self._lines[at])].append(at)
        self._mails = [at for at, kind in enumerate(self._kinds) if kind == "MAIL"]
        self._hangs_up = _server_hangs_up(session)

    def find(self, line: bytes, *, tls: bool) -> Exchange | None:
        """The exchange that answers a command line, which is heard with it; None where nothing recorded does."""
        at = self._next(line) if self._strict else self._loose(line, tls)
        if at is None:
            return None
        self._heard[at], self._at = True, at + 1
        return self.exchanges[at]

    def ends(self) -> bool:
        """Whether the recorded server ended the connection after the exchange that was found last."""
        return self._hangs_up and self._at == len(self.exchanges)

    def _next(self, line: bytes) -> int | None:
        if self._at >= len(self.exchanges):
            return None
        kind = self._kinds[self._at]
        if kind is not None and kind.startswith("AUTH"):  # its secrets are not in the script
            return self._at if kind_of(line) == kind else None
        return self._at if self._lines[self._at] == line else None

    def _loose(self, line: bytes, tls: bool) -> int | None:
        """The next exchange of its kind, else the last one before; rather one that stood in TLS as this command does.

        A recipient who is named in the present transaction of the recording gets his own reply.
        """
        kind = kind_of(line)
        if kind is None:
            return None
        own = self._recipient(line) if kind == "RCPT" else None
        if own is not None:
            return own
        here, elsewhere = self._index.get((kind, tls), []), self._index.get((kind, not tls), [])
        for positions in (here, elsewhere):
            ahead = bisect_left(positions, self._at)
            if ahead < len(positions):
                return positions[ahead]
            if positions:
                return positions[-1]
        return None

    def _recipient(self, line: bytes) -> int | None:
        after = bisect_left(self._mails, self._at)
        start = self._mails[after - 1] if after else 0
        stop = self._mails[after] if after < len(self._mails) else len(self.exchanges)
        positions = self._exact.get(_normal(line), [])
        ahead = bisect_left(positions, max(start, self._at))
        for at in (*positions[ahead : ahead + 1], *positions[max(ahead - 1, 0) : ahead]):
            if start <= at < stop:
                return at
        return None

    def never_heard(self) -> Iterator[str]:
        """The commands that were recorded and not heard, as far as leaving them out leaves the script."""
        heard = {(kind, each.tls) for kind, each, was in self._rows() if was}
        for at, (kind, exchange, was) in enumerate(self._rows()):
            if not was and kind != "QUIT" and (self._strict or not _optional(kind, exchange, heard)):
                yield self._name(at)

    def _rows(self) -> Iterator[tuple[str | None, Exchange, bool]]:
        return zip(self._kinds, self.exchanges, self._heard, strict=True)

    def _name(self, at: int) -> str:
        kind, command = self._kinds[at], self.exchanges[at].command
        if kind is not None and kind.startswith("AUTH"):
            return kind
        return (command.verb if command else None) or "a line without a verb"


def _optional(kind: str | None, exchange: Exchange, heard: set[tuple[str | None, bool]]) -> bool:
    """Whether a client may leave a command out: it does nothing, was mistyped, or was tried in vain or once more."""
    if kind is None or kind in HARMLESS or kind == "CHUNK":
        return True
    if kind == "EHLO":
        return (kind, exchange.tls) in heard
    refused = exchange.reply is not None and exchange.reply.code >= 400
    word = kind.partition(" ")[0]
    if refused and word not in VERBS:
        return True
    return refused and any(each is not None and each.partition(" ")[0] == word for each, _ in heard)


def _server_hangs_up(session: Session) -> bool:
    """Whether the server closed first, without being asked to."""
    last = next((each.command.verb for each in reversed(session.exchanges) if each.command), None)
    first = next(iter(session.closes), None)
    return (
        last != "QUIT" and first is not None and first.side is Side.SERVER and first.how is not Closing.END_OF_CAPTURE
    )


def _normal(line: bytes) -> bytes:
    """RCPT with its path, as far as it tells recipients apart."""
    return line.partition(b">")[0].replace(b" ", b"").lower()
