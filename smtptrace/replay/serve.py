"""Plays the server of a recorded session without I/O: actions come out, what the client says goes in."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from smtptrace.grammar import verb_of
from smtptrace.replay.scram_server import ScramServer
from smtptrace.secret import Secret
from smtptrace.smtp import AuthExchange, DataExchange, Exchange, Reply, Session

MOST_CONTENT = 64 * 1024 * 1024
"""Octets of one chunk that a client may announce."""


@dataclass(frozen=True, slots=True)
class Say:
    """Send these octets."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class HearLine:
    """Wait for a line, with its line end."""


@dataclass(frozen=True, slots=True)
class HearContent:
    """Wait for so many octets, or (None) for content up to its end mark."""

    size: int | None


@dataclass(frozen=True, slots=True)
class BeginTls:
    """Go on in TLS."""


Action = Say | HearLine | HearContent | BeginTls
Serving = Generator[Action, bytes, None]
"""Gives actions; takes the octets heard, None (empty) at the end of the client."""

_PURPOSE = {"HELO": "EHLO", "LHLO": "EHLO", "X-EXPS": "AUTH", "BDAT": "DATA"}
_USUAL = {"RSET": b"250 2.0.0 OK", "NOOP": b"250 2.0.0 OK", "QUIT": b"221 2.0.0 Bye"}
"""What is answered where the recording has nothing; none of it leaves the script."""

_CHUNK = re.compile(rb"(?i)BDAT[ \t]+([0-9]{1,12})[ \t]*(LAST)?[ \t]*$")


@dataclass(frozen=True, slots=True)
class Manner:
    """How to serve: `strict` wants the very lines in their order; `unrecorded` is the reply to what is not recorded.

    `secret` is the password of who logs in; a SCRAM login that was accepted needs it.
    """

    strict: bool = False
    unrecorded: bytes = b"502 5.5.1 not in the recording"
    secret: Secret | None = None


class Server:
    """Serves one connection; `deviations` tells where the client left the script.

    Args:
        session: as recorded, with its replies.
        manner: how near the client must keep to it.
    """

    def __init__(self, session: Session, manner: Manner) -> None:
        self.deviations: list[str] = []
        self.contents: list[bytes] = []
        self._greeting = _lines(session.greeting) or b"220 smtptrace\r\n"
        self._exchanges: Sequence[Exchange] = [each for each in session.exchanges if each.command and each.reply]
        self._heard = [False] * len(self._exchanges)
        self._manner = manner
        self._at = 0
        self._quit = False

    def serve(self) -> Serving:
        """The actions of the whole session."""
        yield Say(self._greeting)
        if self._greeting[:1] in b"45":
            self._quit = True
        while line := (yield HearLine()):
            yield from self._command(line.rstrip(b"\r\n"))
            if self._quit:
                break
        self._rest()

    def _command(self, line: bytes) -> Serving:
        verb = verb_of(line) or "*"
        at = self._find(verb, line)
        if at is None:
            usual = _USUAL.get(verb)
            if usual is None or self._manner.strict:
                self.deviations.append(f"not recorded: {_shown(line)}")
            self._quit = verb == "QUIT"
            yield Say((usual or self._manner.unrecorded) + b"\r\n")
            return
        self._heard[at], self._at = True, at + 1
        self._quit = verb == "QUIT"
        exchange = self._exchanges[at]
        self._quit = self._quit or (exchange.reply is not None and exchange.reply.code == 421)
        if isinstance(exchange, AuthExchange):
            yield from self._login(exchange, line)
        elif _purpose(verb) == "DATA":
            yield from self._content(exchange, line)
        else:
            yield Say(_lines(exchange.reply))
            if verb == "STARTTLS" and exchange.reply and exchange.reply.code == 220:
                yield BeginTls()

    def _find(self, verb: str, line: bytes) -> int | None:
        """The recorded exchange that answers a command: the next of its kind, else the last one before."""
        if self._manner.strict:
            here = next(iter(self._exchanges[self._at : self._at + 1]), None)
            return self._at if here and self._is_very(here, verb, line) else None
        kinds = [at for at, each in enumerate(self._exchanges) if self._is_kind(each, verb, line)]
        ahead = [at for at in kinds if at >= self._at]
        return ahead[0] if ahead else kinds[-1] if kinds else None

    def _is_very(self, exchange: Exchange, verb: str, line: bytes) -> bool:
        """Whether it is the very line; of a login the mechanism counts, for its secrets are not in the script."""
        if isinstance(exchange, AuthExchange):
            return self._is_kind(exchange, verb, line)
        return exchange.command is not None and exchange.command.line == line

    def _is_kind(self, exchange: Exchange, verb: str, line: bytes) -> bool:
        if exchange.command is None or _purpose(exchange.command.verb or "*") != _purpose(verb) or verb == "*":
            return False
        if not isinstance(exchange, AuthExchange):
            return True
        words = line.upper().split()
        return len(words) > 1 and words[1] == exchange.mechanism.encode()

    def _login(self, exchange: AuthExchange, line: bytes) -> Serving:
        """The recorded challenges, whatever is answered; SCRAM ones are made anew, for they hold the client's nonce."""
        words = line.split()
        initial = words[2] if len(words) > 2 else None
        scram = ScramServer.of(exchange, self._manner.secret)
        challenges = [] if scram else [each.challenge for each in exchange.rounds if each.challenge]
        if scram is not None:
            response = initial if initial is not None else (yield from self._ask(b"334 "))
            yield from self._scram(scram, exchange, response)
            return
        if initial is not None and exchange.initial is None:
            challenges = challenges[1:]
        elif initial is None and exchange.initial is not None and (yield from self._ask(b"334 ")) == b"*":
            challenges = []
        for challenge in challenges:
            if (yield from self._ask(_lines(challenge).rstrip(b"\r\n"))) == b"*":
                yield Say(b"501 5.7.0 cancelled\r\n")
                return
        yield Say(_lines(exchange.reply))

    def _scram(self, scram: ScramServer, exchange: AuthExchange, first: bytes) -> Serving:
        final = yield from self._ask(b"334 " + base64.b64encode(scram.first(_decoded(first))))
        verdict = scram.final(_decoded(final))
        accepted = exchange.reply is not None and exchange.reply.code < 300
        if accepted and verdict is None:
            self.deviations.append("the password that the client has is not the one given here")
            yield Say(b"535 5.7.8 authentication failed\r\n")
            return
        if accepted and verdict:
            yield from self._ask(b"334 " + base64.b64encode(verdict))
        yield Say(_lines(exchange.reply))

    def _ask(self, challenge: bytes) -> Generator[Action, bytes, bytes]:
        yield Say(challenge + b"\r\n")
        return (yield HearLine()).strip()

    def _content(self, exchange: Exchange, line: bytes) -> Serving:
        chunk = _CHUNK.match(line)
        if chunk:
            size = min(int(chunk[1]), MOST_CONTENT)
            self.contents.append((yield HearContent(size)))
            yield Say(_lines(exchange.reply))
            return
        data = isinstance(exchange, DataExchange) and exchange.content is not None
        if not data:
            yield Say(_lines(exchange.reply))
            return
        intermediate = exchange.intermediate if isinstance(exchange, DataExchange) else None
        yield Say(_lines(intermediate) or b"354 go ahead\r\n")
        self.contents.append((yield HearContent(None)))
        yield Say(_lines(exchange.reply))

    def _rest(self) -> None:
        """What was recorded and never heard, but for QUIT."""
        for exchange, heard in zip(self._exchanges, self._heard, strict=True):
            verb = exchange.command.verb if exchange.command else None
            if not heard and verb != "QUIT" and not (verb in _USUAL and not self._manner.strict):
                self.deviations.append(f"never heard: {verb or 'a line without a verb'}")


def _purpose(verb: str) -> str:
    return _PURPOSE.get(verb, verb)


def _lines(reply: Reply | None) -> bytes:
    return b"" if reply is None else b"".join(line + b"\r\n" for line in reply.lines)


def _decoded(word: bytes) -> bytes:
    try:
        return base64.b64decode(word, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _shown(line: bytes) -> str:
    """A command as far as it may be shown: an initial response may be a secret."""
    words = line.decode("utf-8", "backslashreplace").split(" ")
    return " ".join(words[:2]) if words[0].upper() == "AUTH" else " ".join(words)[:200]
