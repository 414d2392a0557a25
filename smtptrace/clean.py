"""A connection as it was meant: typing mended, noise gone, secrets left out as named placeholders."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from smtptrace import edits, masks
from smtptrace.auth import Credential, Exposure, read_credentials, stray_spans
from smtptrace.edits import Edit
from smtptrace.masks import PLACEHOLDER
from smtptrace.smtp import AuthExchange, Command, DataExchange, Exchange, Reply, Session, read_session
from smtptrace.smtp.typing import as_meant, is_edited
from smtptrace.wire import Connection, Event, Exactness, Gap, GapReason, Note, Octets, Side, Span, TimeBasis

_LINE_END = re.compile(rb"\r?\n|\r\0")
_TLS = frozenset(("STARTTLS", "X-ANONYMOUSTLS"))
_PROXY_HEADER = "proxy-header"
_SYNTAX = frozenset((500, 501, 502, 503, 504, 555))


@dataclass(slots=True)
class Need:
    """A value that the transcript does not hold: the placeholder for it, what it is, and where it is needed."""

    name: str
    what: str
    frame: int | None = None


@dataclass(slots=True)
class Cleaned:
    """A connection as it was meant, and what is still needed to play it."""

    connection: Connection
    needs: tuple[Need, ...]


def mended(connection: Connection) -> tuple[Connection, dict[int, bytes]]:
    """The connection with every line of the client as it was meant, and the lines as sent by where they begin now.

    Content is mended only where commands were edited too: in a message the same octets may be its own. What follows
    unopened TLS is left alone.
    """
    session = read_session(connection)
    contents = _content_places(session)
    begin, limit = dialogue_begins(session), clear_octets(session)
    found = [
        (edit, line)
        for start, run in edits.runs(connection)[Side.CLIENT]
        for edit, line in _mended_lines(max(start, begin), run[max(begin - start, 0) :])
        if edit.start < limit
    ]
    if all(_inside(edit.start, contents) for edit, _ in found):
        return connection, {}
    sent, moved = {}, 0
    for edit, line in found:
        sent[edit.start + moved] = line
        moved += len(edit.octets) - (edit.stop - edit.start)
    return edits.apply(connection, (edit for edit, _ in found)), sent


def clean(connection: Connection) -> Cleaned:
    """The connection as it was meant, as a dialogue to read or to play again; comments say what was changed.

    Nothing is made up: what is not known stands as a placeholder and is among the needs.
    """
    as_typed, sent = mended(connection)
    session = read_session(as_typed, keep_content=True)
    strays = stray_spans(session)
    if strays:
        session = read_session(masks.over(as_typed, strays), keep_content=True)
    credentials = read_credentials(session)
    writer = _Writer(session, credentials, sent)
    events = tuple(replace(event, time_ns=None) for event in writer.events())
    timeless = replace(connection.origin, time_basis=TimeBasis.NONE)
    cleaned = replace(connection, origin=timeless, time_ns=None, events=events)
    return Cleaned(masks.swept(cleaned, credentials), tuple(writer.needs))


def _content_places(session: Session) -> list[tuple[int, int]]:
    contents = (each.content for each in session.exchanges if isinstance(each, DataExchange))
    return [(each.span.start, each.span.stop) for each in contents if each and each.span]


def _inside(at: int, places: Sequence[tuple[int, int]]) -> bool:
    return any(start <= at < stop for start, stop in places)


def dialogue_begins(session: Session) -> int:
    """Where in the client's stream its first line may begin: behind a header of the PROXY protocol."""
    return max((each.span.stop for each in session.anomalies if each.kind == _PROXY_HEADER and each.span), default=0)


def clear_octets(session: Session) -> int:
    """Where in the client's stream TLS begins that was not opened; behind its end where there is none."""
    if session.tls and session.tls.opened:
        return sys.maxsize
    for exchange in session.exchanges:
        command, reply = exchange.command, exchange.reply
        if command and command.verb in _TLS and reply and reply.code < 300:
            return command.span.stop
    return 0 if session.tls and session.tls.implicit else sys.maxsize


def _mended_lines(start: int, run: bytes) -> Iterator[tuple[Edit, bytes]]:
    """Each line of a run that was edited: how it was meant, and how it was sent."""
    if not is_edited(run):
        return
    at = 0
    for end in [found.end() for found in _LINE_END.finditer(run)] + [len(run)]:
        line, first, at = run[at:end], at, end
        meant = as_meant(line) if is_edited(line) else line
        if meant != line:
            yield Edit(Side.CLIENT, start + first, start + end, meant), line


class _Writer:
    """Writes a session as a dialogue in which each command is followed by its reply."""

    def __init__(self, session: Session, credentials: Sequence[Credential], sent: dict[int, bytes]) -> None:
        self.needs: list[Need] = []
        self._session = session
        self._sent = sent
        self._succeeded = _successes(session)
        self._last = {_same(each.command): at for at, each in enumerate(session.exchanges) if each.command}
        self._logins = {each.span.start: each for each in credentials if each.span}
        self._names: dict[tuple[str, str | None], str] = {}
        self._secrets = [(span, each) for each in credentials for span in each.secret_spans if span.side is Side.CLIENT]
        self._masked = _masked_places(session.connection)
        self._hidden = any(
            isinstance(event, Gap) and event.side is Side.CLIENT and event.reason is GapReason.NOT_LOGGED
            for event in session.connection.events
        )

    def events(self) -> Iterator[Event]:
        """The dialogue, comments first where there are any."""
        yield from self._reply(self._session.greeting)
        inside = False
        for at, exchange in enumerate(self._session.exchanges):
            if exchange.tls and not inside:
                inside = True
                yield from self._secured()
            reason = self._dropped(at, exchange)
            if reason:
                yield Note(reason)
            else:
                yield from self._exchange(exchange)
        if self._session.tls and not inside:
            yield from self._secured()

    def _secured(self) -> Iterator[Event]:
        if self._session.tls:
            yield replace(self._session.tls, frame=None)
            if not self._session.tls.opened:
                yield Note("what follows is encrypted and not known")

    def _dropped(self, at: int, exchange: Exchange) -> str | None:
        """Why an exchange is left out, None where it is kept."""
        command, reply = exchange.command, exchange.reply
        if command is None:
            return (
                None
                if self._hidden or reply is None
                else f"dropped: a reply that nobody asked for: {_shown(reply.lines[0])}"
            )
        if reply is None or reply.code < 400:
            return None
        said = f"{self._open_part(command)} was refused ({_shown(reply.lines[0])})"
        if self._succeeded.get(_attempt(exchange), -1) > at:
            return f"dropped: {said} and tried again"
        if command.span.start in self._sent and self._last[_same(command)] > at:
            return f"dropped: {said} as it was typed, and typed again"
        return f"dropped: no command: {said}" if command.verb is None else None

    def _open_part(self, command: Command) -> str:
        """The command as far as it holds no secret."""
        secret, _ = self._secret(command.raw, command.span)
        return _shown(command.raw if secret is None else command.raw[: secret[0]] + b"...")

    def _exchange(self, exchange: Exchange) -> Iterator[Event]:
        login = self._logins.get(exchange.command.span.start) if exchange.command else None
        if exchange.command is None:
            self._need("COMMAND", "the command that the next reply answers; the source does not show it", None)
            yield Octets(Side.CLIENT, b"${COMMAND}\r\n", exactness=Exactness.MASKED)
        else:
            yield from self._said(exchange.command.raw, exchange.command.span, _token_at(exchange), login)
        for each in exchange.rounds if isinstance(exchange, AuthExchange) else ():
            yield from self._reply(each.challenge)
            if each.response is not None:
                yield from self._said(each.response + b"\r\n", each.response_span, 0, login)
        if isinstance(exchange, DataExchange):
            yield from self._reply(exchange.intermediate)
            yield from self._content(exchange)
        for reply in exchange.replies or (exchange.reply,):
            yield from self._reply(reply)

    def _reply(self, reply: Reply | None) -> Iterator[Event]:
        if reply is not None:
            octets = b"".join(line + b"\r\n" for line in reply.lines)
            yield Octets(Side.SERVER, octets, reply.span.time_ns, reply.span.frame)

    def _said(
        self, raw: bytes, span: Span | None, token_at: int | None = None, login: Credential | None = None
    ) -> Iterator[Event]:
        """A line of the client, with its secret as a placeholder and a comment where it was mended.

        Octets that the source masks are a secret from `token_at` on.
        """
        span = span or Span(Side.CLIENT, -1, -1)
        exactness = Exactness.MASKED if _inside(span.start, self._masked) else Exactness.SEEN
        secret, known = self._secret(raw, span)
        if secret is None and exactness is Exactness.MASKED and token_at is not None:
            secret = (token_at, len(raw.rstrip(b"\r\n")))
        login = known or login
        if span.start in self._sent:
            typed = "not shown, for the secret in it" if secret else _shown(self._sent[span.start])
            yield Note(f"mended; typed: {typed}")
        if secret is not None and b"${env:" not in raw:
            name = self._name(login)
            self._need(name, _what(login), span.frame)
            raw = raw[: secret[0]] + b"${%s}" % name.encode() + raw[secret[1] :]
            exactness = Exactness.MASKED
        elif exactness is Exactness.MASKED or PLACEHOLDER.search(raw):
            exactness = Exactness.MASKED
            yield from self._unknown(raw, span)
        yield Octets(Side.CLIENT, raw, span.time_ns, span.frame, exactness)

    def _unknown(self, raw: bytes, span: Span) -> Iterator[Event]:
        """Ask for what the source left out of a line."""
        names = [name.decode() for name in PLACEHOLDER.findall(raw)]
        for name in names:
            self._need(name, f"a value in: {_shown(raw)}", span.frame)
        if not names:
            self._need("-", f"what the source hides in: {_shown(raw)}", span.frame)
            yield Note("the source hides a value in the next line; put in the true one")

    def _secret(self, raw: bytes, span: Span) -> tuple[tuple[int, int] | None, Credential | None]:
        """Where in a line a secret stands, and whose."""
        here = [(each, login) for each, login in self._secrets if each.start < span.stop and span.start < each.stop]
        if not here:
            return None, None
        size = len(raw.rstrip(b"\r\n"))
        first, last = min(each.start for each, _ in here), max(each.stop for each, _ in here)
        return (max(first - span.start, 0), min(last - span.start, size)), here[0][1]

    def _name(self, login: Credential | None) -> str:
        """The placeholder of a secret; the same for the same user."""
        kind = "TOKEN" if login and login.exposure is Exposure.BEARER else "PASSWORD"
        whose = (kind, login.authcid if login else None)
        if whose not in self._names:
            number = sum(known == kind for known, _ in self._names) + 1
            self._names[whose] = kind if number == 1 else f"{kind}_{number}"
        return self._names[whose]

    def _content(self, exchange: DataExchange) -> Iterator[Event]:
        content = exchange.content
        if content is None:
            return
        frame, time_ns = (content.span.frame, content.span.time_ns) if content.span else (None, None)
        if content.data is None or not content.complete:
            missing = f"{content.missing} octets of it are" if content.missing else "it is"
            self._need("MESSAGE", f"the message; {missing} not in the source", frame)
            yield Octets(Side.CLIENT, b"${MESSAGE}\r\n", time_ns, frame, Exactness.MASKED)
            yield Octets(Side.CLIENT, b".\r\n", time_ns, frame)
        else:
            counted = exchange.command is not None and exchange.command.verb == "BDAT"
            yield Octets(Side.CLIENT, content.data if counted else _as_sent(content.data), time_ns, frame)

    def _need(self, name: str, what: str, frame: int | None) -> None:
        if name == "-" or all(need.name != name for need in self.needs):
            self.needs.append(Need(name, what, frame))


def _successes(session: Session) -> dict[tuple[object, ...], int]:
    """The last exchange that did what an attempt was for."""
    last: dict[tuple[object, ...], int] = {}
    for at, exchange in enumerate(session.exchanges):
        if exchange.command and exchange.reply and exchange.reply.code < 400:
            verb = _purpose(exchange.command)
            last[verb,] = last[verb, exchange.command.argument.lower()] = at
    return last


def _attempt(exchange: Exchange) -> tuple[object, ...]:
    """What must succeed later for a refused exchange to have been tried again.

    Any command of the kind after an error of syntax, order or mechanism; after another refusal the very same one.
    """
    command, reply = exchange.command, exchange.reply
    if command is None or reply is None:
        return ()
    verb = _purpose(command)
    return (verb,) if verb == "AUTH" or reply.code in _SYNTAX else (verb, command.argument.lower())


def _same(command: Command) -> tuple[str | None, bytes]:
    """What is the same of two commands that mean the same."""
    return _purpose(command), command.argument.lower()


def _purpose(command: Command) -> str | None:
    """The verb, one for all that do the same."""
    return {"HELO": "EHLO", "LHLO": "EHLO", "X-EXPS": "AUTH"}.get(command.verb or "", command.verb)


def _token_at(exchange: Exchange) -> int | None:
    """Where in the command an initial response begins, None where the command is no AUTH or has none."""
    if not isinstance(exchange, AuthExchange) or exchange.initial is None or exchange.command is None:
        return None
    return exchange.command.raw.rfind(exchange.initial)


def _what(login: Credential | None) -> str:
    kind = "access token" if login and login.exposure is Exposure.BEARER else "password"
    whose = f" of {login.authcid}" if login and login.authcid else ""
    return f"the {kind}{whose}" + (f" ({login.mechanism})" if login and login.mechanism else "")


def _masked_places(connection: Connection) -> list[tuple[int, int]]:
    """Where the client's octets are not those of the wire but a mask."""
    places, at = [], 0
    for event in connection.events:
        if isinstance(event, Octets) and event.side is Side.CLIENT:
            if event.exactness is Exactness.MASKED:
                places.append((at, at + len(event.data)))
            at += len(event.data)
        elif isinstance(event, Gap) and event.side is Side.CLIENT:
            at += event.size or 0
    return places


def _as_sent(data: bytes) -> bytes:
    """Content with dots stuffed and its end mark (RFC 5321, 4.5.2)."""
    stuffed = (b"." if data.startswith(b".") else b"") + data.replace(b"\n.", b"\n..")
    return stuffed + (b"" if not data or data.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _shown(line: bytes) -> str:
    return line.rstrip(b"\r\n\0").decode("utf-8", "surrogateescape")
