"""From a capture or transcript to the sessions that `serve` plays."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from smtptrace.clean import mended
from smtptrace.errors import UsageError
from smtptrace.replay.serve_script import Recorded
from smtptrace.smtp import AuthExchange, Exchange, Reply, Session, read_session
from smtptrace.trace import Trace

MOST_SESSIONS = 10_000

_NAME = re.compile(rb"220[ -]([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})[ \r\n]")


def recorded(traces: Iterable[tuple[Trace, str]], source: str) -> tuple[Recorded, ...]:
    """The sessions with typing mended, in the order in which they began; those without a greeting are left out.

    Args:
        traces: each with its name; their events must have been kept.
        source: what they were read from, as an error names it.

    Raises:
        UsageError: nothing is left that a server said, or too much.
    """
    found: list[Recorded] = []
    for trace, name in traces:
        if trace.session.greeting is not None:
            found.append(_recorded(trace, name))
        if len(found) > MOST_SESSIONS:
            raise UsageError(f"{source}: more than {MOST_SESSIONS} sessions; choose with -s")
    if not found:
        raise UsageError(f"{source}: no session with a greeting, and so nothing that a server said")
    return tuple(sorted(found, key=lambda each: each.session.start_ns or 0))


def _recorded(trace: Trace, name: str) -> Recorded:
    """The session without its octets, which may be many, and without the refusals of what was mistyped."""
    session = trace.session
    connection, typed = mended(session.connection)
    meant = read_session(connection)
    kept = tuple(each for each in meant.exchanges if not _was_mistyped(each, typed))
    light = replace(session.connection, events=())
    meant = replace(meant, connection=light, exchanges=kept, tls=session.tls, start_ns=session.start_ns)
    logins = tuple((each.mechanism.upper(), (each.authcid or "").lower()) for each in trace.credentials)
    return Recorded(name, meant, logins)


def _was_mistyped(exchange: Exchange, typed: Collection[int]) -> bool:
    """Whether a command was refused for the keys with which it was edited (RFC 5321 knows no backspace)."""
    refused = exchange.reply is not None and exchange.reply.code >= 400
    return refused and exchange.command is not None and exchange.command.span.start in typed


def needs_tls(sessions: Sequence[Recorded]) -> bool:
    """Whether a client may want TLS: it was there from the first octet, or offered."""
    return any(each.implicit or _speaks_of_tls(each.session) for each in sessions)


def _speaks_of_tls(session: Session) -> bool:
    verbs = {each.command.verb for each in session.exchanges if each.command}
    return "STARTTLS" in verbs or "STARTTLS" in (session.extensions or ())


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
        session = each.session
        if session.tls is not None and not session.tls.opened:
            yield f"session {each.name}: what was said in TLS cannot be read; --keylog opens it"
        if any(reply.cut for reply in _replies(session)):
            yield f"session {each.name}: not every reply is whole in it; what is there is said"
        for login in session.authentications:
            why = _needs(login, password=password)
            if why:
                yield f"session {each.name}: AUTH {login.mechanism}: {why}"


def _replies(session: Session) -> Iterator[Reply]:
    yield from (reply for reply in (session.greeting, *(each.reply for each in session.exchanges)) if reply is not None)


def _needs(login: AuthExchange, *, password: bool) -> str:
    accepted = login.reply is not None and login.reply.code < 300
    name = login.mechanism.upper()
    if accepted and name.startswith(("GSSAPI", "GSS-SPNEGO", "KERBEROS")):
        return "a ticket is answered as recorded, which clients that check the server refuse"
    if accepted and not password and name.startswith(("SCRAM-", "DIGEST-MD5")):
        return "clients check that the server knows the password: SMTPTRACE_PASSWORD or --password-fd gives it"
    return ""
