"""From a capture or transcript to the sessions that `serve` plays."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from smtptrace.clean import mended
from smtptrace.errors import UsageError
from smtptrace.replay.serve_script import TLS, Recorded
from smtptrace.smtp import AuthExchange, Exchange, Reply, Session, read_session
from smtptrace.trace import Trace
from smtptrace.wire import Exactness

MOST_SESSIONS = 10_000

_NAME = re.compile(rb"220[ -]([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})[ \r\n]")


def recorded(traces: Iterable[tuple[Trace, str]], source: str) -> tuple[Recorded, ...]:
    """The sessions with typing mended, in the order in which they began; where no server spoke is nothing to play.

    Args:
        traces: each with its name; their events must have been kept.
        source: what they were read from, as an error names it.

    Raises:
        UsageError: nothing is left that a server said, or too much.
    """
    found: list[Recorded] = []
    for trace, name in traces:
        if next(_replies(trace.session), None) is not None:
            found.append(_recorded(trace, name))
        if len(found) > MOST_SESSIONS:
            raise UsageError(f"{source}: more than {MOST_SESSIONS} sessions; choose with -s")
    if not found:
        raise UsageError(f"{source}: no session in which a server says a word")
    return tuple(sorted(found, key=lambda each: each.session.start_ns or 0))


def _recorded(trace: Trace, name: str) -> Recorded:
    """The session without its octets, which may be many, and without the refusals of what was mistyped."""
    session = trace.session
    connection, typed = mended(session.connection)
    meant = read_session(connection)
    accepted = {line for each in meant.exchanges if (line := _line(each)) and not _refused(each)}
    kept = tuple(each for each in meant.exchanges if not _was_mistyped(each, typed, accepted))
    light = replace(session.connection, events=())
    meant = replace(meant, connection=light, exchanges=kept, tls=session.tls, start_ns=session.start_ns)
    logins = tuple((each.mechanism.upper(), (each.authcid or "").lower()) for each in trace.credentials)
    return Recorded(name, meant, logins)


def _was_mistyped(exchange: Exchange, typed: Collection[int], accepted: Collection[bytes]) -> bool:
    """Whether a command was refused for the keys with which it was edited (RFC 5321 knows no backspace).

    Where the source does not show them, the very same line was accepted after an error of syntax.
    """
    if not _refused(exchange) or exchange.command is None or exchange.reply is None:
        return False
    return exchange.command.span.start in typed or (exchange.reply.code in (500, 501) and _line(exchange) in accepted)


def _refused(exchange: Exchange) -> bool:
    return exchange.reply is not None and exchange.reply.code >= 400


def _line(exchange: Exchange) -> bytes:
    return exchange.command.line if exchange.command else b""


def needs_tls(sessions: Sequence[Recorded]) -> bool:
    """Whether a client may want TLS: it was there from the first octet, or offered."""
    return any(each.implicit or _speaks_of_tls(each.session) for each in sessions)


def _speaks_of_tls(session: Session) -> bool:
    verbs = {each.command.verb for each in session.exchanges if each.command}
    return not TLS.isdisjoint((*verbs, *(session.extensions or ())))


def names(sessions: Iterable[Recorded]) -> Iterator[str]:
    """The names that clients of the recording may expect in the certificate."""
    for each in sessions:
        greeting = each.session.greeting
        found = _NAME.match(greeting.lines[0] + b"\r\n") if greeting else None
        if found:
            yield found[1].decode()


def shortcomings(sessions: Sequence[Recorded], *, password: bool) -> Iterator[str]:
    """What cannot be played as it was, a line each."""
    for each in sessions:
        for text in (*_gaps(each.session), *_logins(each.session, password=password)):
            yield f"session {each.name}: {text}"


def _gaps(session: Session) -> Iterator[str]:
    if session.greeting is None:
        yield "its greeting is not in the recording; a plain one is said"
    if session.tls is not None and not session.tls.opened:
        yield "what was said in TLS cannot be read; --keylog opens it"
    if any(reply.cut for reply in _replies(session)):
        yield "not every reply is whole in it; what is there is said"


def _logins(session: Session, *, password: bool) -> Iterator[str]:
    for login in session.authentications:
        why = _needs(login, password=password)
        if why:
            yield f"AUTH {login.mechanism}: {why}"


def _replies(session: Session) -> Iterator[Reply]:
    yield from (reply for reply in (session.greeting, *(each.reply for each in session.exchanges)) if reply is not None)


def _needs(login: AuthExchange, *, password: bool) -> str:
    accepted = login.reply is not None and login.reply.code < 300
    name = login.mechanism.upper()
    if any(each.challenge and each.challenge.exactness is Exactness.MASKED for each in login.rounds):
        return "the recording hides its challenges"
    if accepted and name.startswith(("GSSAPI", "GSS-SPNEGO", "KERBEROS")):
        return "a ticket is answered as recorded, which clients that check the server refuse"
    if accepted and not password and name.startswith(("SCRAM-", "DIGEST-MD5")):
        return "clients check that the server knows the password: SMTPTRACE_PASSWORD or --password-fd gives it"
    return ""
