"""As much of SMTP as a relay must understand: where TLS begins, what was accepted, which login failed.

It holds a line of each side and no more, and never changes or delays anything itself.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field

from smtptrace.grammar import REPLY_LINE, verb_of
from smtptrace.wire import Side

MOST_LINE = 16 * 1024
"""Octets of a line that are looked at."""
MOST_PENDING = 10_000
"""Commands that wait for a reply; a client that sends more is not watched any further."""
MOST_HELD = 64 * 1024
"""Octets behind a turning point whose meaning waits for the reply."""
MOST_LINES = 32
"""Lines of a login that are kept."""

_TURNS = frozenset({"DATA", "AUTH", "X-EXPS", "STARTTLS", "X-ANONYMOUSTLS", "XEXCH50", "TURN", "ATRN"})
_CHUNK = re.compile(rb"[Bb][Dd][Aa][Tt][ \t]+([0-9]{1,18})(?:[ \t]+([Ll][Aa][Ss][Tt]))?[ \t]*\r?\n")
_BLOB = re.compile(rb"[A-Za-z0-9]+[ \t]+([0-9]{1,9})")
_AUTH = re.compile(rb"[A-Za-z-]+[ \t=]+([A-Za-z0-9_-]{1,20})(?=[ \t\r\n])")
_PROXY = b"\r\n\r\n\0\r\nQUIT\n"
_END = b"\r\n.\r\n"
_CONTENT = "content"


@dataclass(slots=True)
class Login:
    """One AUTH: its mechanism, and the lines of both sides as on the wire, secrets among them (never shown)."""

    mechanism: str
    lines: list[tuple[Side, bytes]] = field(default_factory=list, repr=False)

    def add(self, side: Side, line: bytes) -> None:
        """Keep a line; of a login that never ends only the first."""
        if len(self.lines) < MOST_LINES:
            self.lines.append((side, line))


@dataclass(slots=True)
class Tally:
    """What passed so far."""

    messages: int = 0
    refused: int = 0
    logins: list[tuple[str, int]] = field(default_factory=list)


@dataclass(slots=True)
class Turn:
    """What the server's octets brought about.

    `accepted`: a message was taken. `tls`: the offset behind the reply with which TLS begins, for the verb `verb`.
    `failed`: a login that was refused.
    """

    accepted: bool = False
    tls: int | None = None
    verb: str = ""
    failed: Login | None = None


class Watch:
    """Follows one connection; `blind` once it cannot, and then everything passes unwatched.

    `sealed` tells that the client began with TLS.

    Args:
        tally: where to count.
    """

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.blind = self.sealed = False
        self._begin(greeted=False)
        self._fresh = True

    def _begin(self, *, greeted: bool) -> None:
        self._greeted = greeted
        self._pending: deque[str] = deque()
        self._line = b""
        self._held = bytearray()
        self._mode = "lines"
        self._count = 0
        self._tail = b""
        self._login: Login | None = None
        self._lmtp = False
        self._recipients = 0
        self._reply = b""
        self._open = False

    def secured(self) -> None:
        """TLS has begun after STARTTLS: both sides start anew, without a greeting (RFC 3207, 4.2)."""
        self._begin(greeted=True)

    @property
    def between_replies(self) -> bool:
        """Whether the server is not in the midst of a reply, so that one of our own can be told from its."""
        return not (self._reply or self._open or self.blind)

    # --- the client ---------------------------------------------------------------------------------------------------

    def client(self, octets: bytes) -> int | None:
        """Take what the client sent; gives the offset behind a STARTTLS, the rest of which must wait for its reply."""
        if self.blind:
            return None
        if self._fresh:
            self._fresh = False
            self.sealed = octets[:2] == b"\x16\x03"
            self.blind = self.sealed or octets[:12] == _PROXY
            if self.blind:
                return None
        if self._mode == "turn":
            self._hold(octets)
            return None
        return self._read(octets)

    def _hold(self, octets: bytes) -> None:
        """The client goes on without waiting: what this means depends on the reply."""
        self._held += octets
        self.blind |= len(self._held) > MOST_HELD

    def _read(self, octets: bytes) -> int | None:
        at = 0
        while at < len(octets) and not self.blind:
            if self._mode == "content":
                at = self._content(octets, at)
            elif self._mode == "count":
                passed = min(self._count, len(octets) - at)
                self._count -= passed
                at += passed
                self._mode = "count" if self._count else "lines"
            elif self._mode == "turn":
                if not self.asks_tls:
                    self._hold(octets[at:])
                break
            else:
                at = self._one_line(octets, at)
        return at if self.asks_tls else None

    @property
    def asks_tls(self) -> bool:
        """Whether the last command is a STARTTLS that is not answered yet."""
        waits = self._mode == "turn" and bool(self._pending)
        return waits and self._pending[-1] == "STARTTLS" and not self.blind

    def _one_line(self, octets: bytes, at: int) -> int:
        end = octets.find(b"\n", at) + 1
        if not end:
            self._line = (self._line + octets[at : at + MOST_LINE])[:MOST_LINE]
            return len(octets)
        line, self._line = self._line + octets[at:end], b""
        if self._mode == "response":
            self._mode = "turn"
            if self._login is not None:
                self._login.add(Side.CLIENT, line)
        else:
            self._command(line)
        return end

    def _command(self, line: bytes) -> None:
        verb = verb_of(line) or ""
        if verb == "PROXY" and not self._pending:
            return  # a header of the PROXY protocol, to which nobody replies
        self._pending.append(verb)
        self.blind |= len(self._pending) > MOST_PENDING
        if verb in _TURNS:
            self._mode = "turn"
            if verb in {"AUTH", "X-EXPS"}:
                found = _AUTH.match(line)
                self._login = Login(found[1].decode().upper() if found else "")
                self._login.add(Side.CLIENT, line)
            elif verb == "XEXCH50":
                found = _BLOB.match(line)
                self._count = int(found[1]) if found else 0
        elif verb == "BDAT":
            found = _CHUNK.fullmatch(line)
            self._count = int(found[1]) if found else 0
            self._mode = "count" if self._count else "lines"
            self._pending[-1] = _CONTENT if found and found[2] else verb
        elif verb in {"EHLO", "HELO", "LHLO", "RSET", "MAIL"}:
            self._lmtp = verb == "LHLO" or (self._lmtp and verb in {"RSET", "MAIL"})
            self._recipients = 0

    def _content(self, octets: bytes, at: int) -> int:
        """Pass over content; where it ends the lines go on (RFC 5321, 4.1.1.4)."""
        ahead = self._tail + octets[at : at + len(_END)]
        end = ahead.find(_END)
        if end >= 0:
            behind = at + end + len(_END) - len(self._tail)
        else:
            found = octets.find(_END, at)
            behind = found + len(_END) if found >= 0 else 0
        if behind:
            self._mode, self._tail = "lines", b""
            return behind
        self._tail = (self._tail + octets[max(at, len(octets) - 4) :])[-4:]
        return len(octets)

    # --- the server ---------------------------------------------------------------------------------------------------

    def server(self, octets: bytes) -> Turn:
        """Take what the server sent, up to the reply with which TLS begins."""
        turn = Turn()
        at = 0
        while at < len(octets) and not self.blind and turn.tls is None:
            end = octets.find(b"\n", at) + 1
            if not end:
                self._reply = (self._reply + octets[at : at + MOST_LINE])[:MOST_LINE]
                break
            line, self._reply = self._reply + octets[at:end], b""
            at = end
            found = REPLY_LINE.match(line)
            self._open = found[2] == b"-" if found else self._open
            if self._login is not None:
                self._login.add(Side.SERVER, line)
            if found and found[2] != b"-":
                self._answered(int(found[1]), turn, at)
        return turn

    def _answered(self, code: int, turn: Turn, at: int) -> None:
        if not self._greeted:
            self._greeted = True
            return
        if not self._pending:
            return
        if code == 220 and self.asks_tls:  # it answers nothing else, should we have lost count
            self._pending = deque(["STARTTLS"])
        verb = self._pending.popleft()
        if verb == _CONTENT:
            self._delivered(code, turn)
        elif verb == "RCPT":
            self._recipients += code // 100 == 2
        elif verb in _TURNS:
            self._turned(verb, code, turn, at)

    def _delivered(self, code: int, turn: Turn) -> None:
        """The content is answered; several times in LMTP (RFC 2033, 4.2) and after a 353 (PRDR)."""
        if code == 353:
            self._pending.extendleft([_CONTENT] * (self._recipients + 1))
            return
        if self._lmtp and self._recipients > 1:
            self._recipients -= 1
            self._pending.appendleft(_CONTENT)
        if self._mode == "content":  # the server saw an end that is none to us, such as LF . LF
            self._mode, self._tail = "lines", b""
        accepted = code // 100 == 2
        turn.accepted |= accepted
        self.tally.messages += accepted
        self.tally.refused += not accepted

    def _turned(self, verb: str, code: int, turn: Turn, at: int) -> None:
        if verb in {"AUTH", "X-EXPS"}:
            self._challenged(verb, code, turn)
        elif verb in {"STARTTLS", "X-ANONYMOUSTLS"} and code == 220:
            turn.tls, turn.verb = at, verb
            return
        elif verb == "DATA" and code // 100 == 3:
            self._pending.appendleft(_CONTENT)
            self._mode, self._tail = "content", b"\r\n"
        elif verb == "XEXCH50" and code // 100 == 3 and self._count:
            self._pending.appendleft(verb + " blob")
            self._mode = "count"
        elif verb in {"TURN", "ATRN"} and code // 100 == 2:
            self.blind = True  # client and server have changed their parts
        else:
            self._mode = "lines"
        self._go_on()

    def _challenged(self, verb: str, code: int, turn: Turn) -> None:
        if code // 100 == 3:
            self._pending.appendleft(verb)
            self._mode = "response"
            return
        self._mode = "lines"
        login, self._login = self._login, None
        if login is not None:
            self.tally.logins.append((login.mechanism, code))
            turn.failed = login if code >= 400 else None

    def _go_on(self) -> None:
        """Read what the client sent before it knew the reply."""
        held, self._held = bytes(self._held), bytearray()
        if held and self._read(held) is not None:
            self.blind = True  # a STARTTLS that has passed already: TLS is left to its two ends
