"""The AUTH exchanges of a Session, each read by the mechanism its octets show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from types import ModuleType

from smtptrace._registry import Registry
from smtptrace.auth import _generic, _outcome, _sniff, _stray
from smtptrace.auth._advice import advice_for
from smtptrace.auth._credential import Credential
from smtptrace.auth._reading import Reading
from smtptrace.auth._talk import Talk, talk_of
from smtptrace.smtp import AuthExchange, Exchange, Session
from smtptrace.wire import Span, TimeBasis

MECHANISMS = Registry("smtptrace.auth")


def read_credentials(session: Session) -> tuple[Credential, ...]:
    """One Credential for each AUTH exchange of the session, in their order."""
    if not session.authentications:
        return ()
    strays = _stray.strays_after(session)
    clocked = session.connection.origin.time_basis is TimeBasis.UTC
    return tuple(read_exchange(each, strays.get(id(each), ()), clocked=clocked) for each in session.authentications)


def read_exchange(exchange: AuthExchange, strays: Sequence[Exchange] = (), *, clocked: bool = True) -> Credential:
    """The Credential of one AUTH exchange.

    Args:
        exchange: the exchange.
        strays: exchanges after it that belong to it.
        clocked: whether its times are true, so that clocks and expiry can be judged by them.
    """
    talk = talk_of(exchange, strays)
    if not clocked:
        talk.time_ns = None
    shown, called = _sniff.mechanism_of(talk), named(talk.mechanism)
    reading = _module(shown or called).decode(talk)
    outcome, ended = _outcome.outcome_of(talk)
    credential = Credential(
        mechanism=talk.mechanism,
        verb=talk.verb,
        outcome=outcome,
        authcid=reading.authcid,
        authzid=reading.authzid,
        domain=reading.domain,
        secret=reading.secret,
        code=_outcome.final_code(talk),
        exposure=reading.exposure,
        tls=exchange.tls,
        rounds=reading.rounds,
        details=reading.details,
        problems=_unique(*reading.problems, *_sniff.mismatch(shown, called), *ended, *_side_problems(talk)),
        secret_spans=tuple(_secret_spans(exchange, talk, reading, strays)),
        span=exchange.command.span if exchange.command else None,
    )
    credential.advice = advice_for(credential)
    return credential


def module_for(talk: Talk) -> ModuleType:
    """The mechanism that the octets show, else the one that the command names, else the generic reader."""
    return _module(_sniff.mechanism_of(talk) or named(talk.mechanism))


def _module(name: str | None) -> ModuleType:
    return _generic if name is None else MECHANISMS[name]


@lru_cache(maxsize=256)
def named(mechanism: str) -> str | None:
    """The entry that serves a mechanism's name: the longest one that the name begins with and no letter follows."""
    normal = mechanism.lower().replace("-", "_")
    found = [name for name in MECHANISMS.names() if normal.startswith(name) and not normal[len(name) :][:1].isalpha()]
    return max(found, key=len, default=None)


def _unique(*slugs: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(slugs))


def _side_problems(talk: Talk) -> tuple[str, ...]:
    """What stands beside the exchange: lines after it, a second mechanism on its command line."""
    initial = talk.turns[0].response if talk.has_initial else None
    second = initial is not None and initial.text.isupper() and named(initial.text.decode("latin-1")) is not None
    found = [slug for slug in (initial.problems if initial else ()) if slug == "mechanism-missing"]
    return (*found, *(("stray-lines",) if talk.strays else ()), *(("two-mechanisms-named",) if second else ()))


def _secret_spans(exchange: AuthExchange, talk: Talk, reading: Reading, strays: Sequence[Exchange]) -> Iterator[Span]:
    """The places of this attempt that must be masked, those that the server repeats included."""
    secrets = [reading.secret.octets()] if reading.secret else []
    for at, turn in enumerate(talk.turns):
        if at in reading.proof_turns and turn.challenge and turn.challenge.span:
            yield turn.challenge.span
        if turn.response and at not in reading.open_turns and turn.response.text not in (b"", b"="):
            secrets += [turn.response.text, turn.response.octets or b""]
            if turn.response.span:
                yield turn.response.span
    yield from _undecoded_spans(exchange, talk)
    for stray in talk.strays:
        secrets += [stray.text, stray.octets or b""]
        if stray.span:
            yield stray.span
    yield from _stray.echoes([exchange.reply, *(each.reply for each in strays)], secrets)


def _undecoded_spans(exchange: AuthExchange, talk: Talk) -> Iterator[Span]:
    """Responses beyond the most that are decoded."""
    seen = len(talk.turns) - talk.has_initial
    for each in exchange.rounds[seen:]:
        if each.response_span and each.response != b"*":
            yield each.response_span
