"""AUTH exchanges written as dialogues."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smtptrace import grammar
from smtptrace.auth import Credential, read_credentials
from smtptrace.secret import Secret
from smtptrace.smtp import AuthExchange, Command, Exchange, Reply, Round, Session
from smtptrace.wire import Connection, Endpoint, Origin, Side, Span

from .data import reference

START_NS = 1_770_000_000_000_000_000
"""2026-02-02, the time of every dialogue that names none."""


def b64(value: str | bytes) -> str:
    """The value as it goes over the wire."""
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()


def vectors(name: str) -> Any:
    """A file of reference vectors."""
    return json.loads(Path(reference("vectors", f"{name}.json")).read_text())


@dataclass
class _Builder:
    """Makes records of lines; every line ends with CRLF, so that spans are places in the two streams."""

    time_ns: int | None
    tls: bool
    exchanges: list[Exchange] = field(default_factory=list)
    streams: list[bytes] = field(default_factory=lambda: [b"", b""])
    open: AuthExchange | None = None
    waiting: Exchange | None = None

    def span(self, side: Side, raw: bytes) -> Span:
        start = len(self.streams[side])
        self.streams[side] += raw
        return Span(side, start, start + len(raw), self.time_ns, 1)

    def client(self, line: bytes) -> None:
        raw = line + b"\r\n"
        span = self.span(Side.CLIENT, raw)
        if self.open is not None and self.open.rounds and self.open.rounds[-1].response is None:
            self._respond(line, span)
            return
        verb = grammar.verb_of(line)
        words = line.split(b" ", 2)
        if verb in ("AUTH", "X-EXPS"):
            exchange: Exchange = AuthExchange(
                Command(verb, raw, span),
                None,
                self.tls,
                mechanism=words[1].decode().upper() if len(words) > 1 else "",
                initial=words[2] if len(words) > 2 else None,
            )
        else:
            exchange = Exchange(Command(verb, raw, span), None, self.tls)
        self.exchanges.append(exchange)
        self.waiting = exchange
        self.open = exchange if isinstance(exchange, AuthExchange) else None

    def _respond(self, line: bytes, span: Span) -> None:
        assert self.open is not None
        if line == b"*":
            self.open.cancelled = True
        last = self.open.rounds[-1]
        self.open.rounds = (*self.open.rounds[:-1], Round(last.challenge, line, span))

    def server(self, line: bytes) -> None:
        reply = Reply(int(line[:3]), (line,), self.span(Side.SERVER, line + b"\r\n"))
        if self.open is not None and reply.code == 334:
            self.open.rounds = (*self.open.rounds, Round(reply, None))
            return
        if self.waiting is None:
            self.exchanges.append(Exchange(None, reply, self.tls))
            return
        self.waiting.reply = reply
        self.waiting = self.open = None


def session(*lines: str | bytes, time_ns: int | None = START_NS, tls: bool = False) -> Session:
    """The session of a dialogue in `C: ` and `S: ` lines, from the first AUTH on."""
    builder = _Builder(time_ns, tls)
    for line in lines:
        octets = line.encode() if isinstance(line, str) else line
        (builder.client if octets.startswith(b"C:") else builder.server)(octets[3:])
    made = Session(Connection(Endpoint("10.0.0.5", 50000), Endpoint("10.0.0.1", 25), Origin("test", "dialogue")))
    made.exchanges = builder.exchanges
    made.authentications = [each for each in builder.exchanges if isinstance(each, AuthExchange)]
    made.octets = (len(builder.streams[0]), len(builder.streams[1]))
    return made


def streams(*lines: str | bytes) -> tuple[bytes, bytes]:
    """The octets of client and server in a dialogue."""
    builder = _Builder(None, False)
    for line in lines:
        octets = line.encode() if isinstance(line, str) else line
        (builder.client if octets.startswith(b"C:") else builder.server)(octets[3:])
    return builder.streams[0], builder.streams[1]


def credential(*lines: str | bytes, time_ns: int | None = START_NS, tls: bool = False) -> Credential:
    """The one login attempt of a dialogue."""
    (found,) = read_credentials(session(*lines, time_ns=time_ns, tls=tls))
    return found


def masked(*lines: str | bytes) -> bytes:
    """Both streams of a dialogue with the secret places of its attempts cut out."""
    sides = [bytearray(stream) for stream in streams(*lines)]
    for found in read_credentials(session(*lines)):
        for span in found.secret_spans:
            sides[span.side][span.start : span.stop] = b"\0" * (span.stop - span.start)
    return bytes(sides[0] + sides[1])


def text(value: Secret | None) -> str | None:
    """What a secret holds."""
    return None if value is None else value.octets().decode("utf-8", "backslashreplace")
