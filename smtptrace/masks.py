"""Secrets of a connection under masks of the same length, in its octets and in what is said beside them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from smtptrace import edits, redact
from smtptrace.auth import Credential, stray_spans
from smtptrace.edits import Edit
from smtptrace.forms import forms, places, without
from smtptrace.grammar import REPLY_LINE, VERBS, verb_of
from smtptrace.trace import Trace
from smtptrace.wire import Connection, Event, Exactness, Note, Side, Span, Typed

PLACEHOLDER = re.compile(rb"\$\{((?:env:)?[A-Za-z_][A-Za-z0-9_]{0,63})\}")
"""A value to fill in, in the place of a secret too; one of the environment has `env:` before its name."""

_SECRET_LINE = re.compile(rb"[^\r\n]+")
_TYPED_AUTH = re.compile(rb"(?i:AUTH)[ \t]+[A-Za-z0-9-]+(?:[ \t]+([^\r\n\0]+))?((?:\r\0[^\r\n\0]*){1,3})")
_TYPED_LINE = re.compile(rb"\r\0([^\r\n\0]+)")
_SHORTEST = 4
"""Octets; a shorter secret is masked where it was sent, but not searched for: it would be found in every word."""


def masked(connection: Connection, credentials: Sequence[Credential]) -> Connection:
    """The connection without any octet of a secret: where it was sent, and wherever it was repeated in any form."""
    spans = (span for credential in credentials for span in credential.secret_spans)
    hidden = [*_sent(connection, spans), *_typed_logins(connection)]
    return swept(edits.apply(connection, hidden), credentials)


def over(connection: Connection, spans: Iterable[Span]) -> Connection:
    """The connection with masks over these places; line ends and the codes of replies stay."""
    return edits.apply(connection, list(_sent(connection, spans)))


def shown(trace: Trace, *, reveal: bool = False) -> Trace:
    """The trace for an output that writes its connection too: masked in every part, or with secrets that print."""
    if reveal:
        return redact.reveal(trace)
    blind = redact.mask(trace)
    connection = masked(over(trace.session.connection, stray_spans(trace.session)), trace.credentials)
    return replace(blind, session=replace(blind.session, connection=connection))


def swept(
    connection: Connection, credentials: Sequence[Credential], others: frozenset[bytes] = frozenset()
) -> Connection:
    """The connection with masks wherever a secret, or one of the other forms, is repeated, not where it was sent."""
    found = sorted(secret_forms(credentials) | others, key=len, reverse=True)
    if not found:
        return connection
    blind = edits.apply(connection, list(_repetitions(connection, found)))
    return replace(
        blind,
        events=tuple(_event(event, found) for event in blind.events),
        label=blind.label and _text(blind.label, found),
        facts={name: _text(fact, found) for name, fact in blind.facts.items()},
    )


def secret_forms(credentials: Iterable[Credential]) -> set[bytes]:
    """The ways in which the secrets may be written that are long enough to be searched for."""
    values = {each.secret.octets() for each in credentials if each.secret and not _is_name(each)}
    values = {value for value in values if not PLACEHOLDER.fullmatch(value)}
    return {form for value in values if len(value) >= _SHORTEST for form in forms(value) if len(form) >= _SHORTEST}


def _repetitions(connection: Connection, found: Iterable[bytes]) -> Iterator[Edit]:
    for side, runs in zip(Side, edits.runs(connection), strict=True):
        for start, run in runs:
            for form in found:
                if form in run:
                    for first, last in places(run, form):
                        yield _mask(side, start + first, start + last)


def _sent(connection: Connection, spans: Iterable[Span]) -> Iterator[Edit]:
    """Masks over the places where secrets were sent; line ends and the codes of replies stay."""
    runs = edits.runs(connection)
    starts = [[start for start, _ in side] for side in runs]
    for span in spans:
        at = bisect_right(starts[span.side], span.start) - 1
        if at < 0:
            continue
        start, run = runs[span.side][at]
        for line in _SECRET_LINE.finditer(run, span.start - start, span.stop - start):
            kept = 4 if span.side is Side.SERVER and REPLY_LINE.match(line[0]) and _begins(run, line.start()) else 0
            if line.start() + kept < line.end():
                yield _mask(span.side, start + line.start() + kept, start + line.end())


def _typed_logins(connection: Connection) -> Iterator[Edit]:
    """Masks over what was typed after AUTH where lines ended in CR NUL, so that no server saw a login in it."""
    for start, run in edits.runs(connection)[Side.CLIENT]:
        for typed in _TYPED_AUTH.finditer(run):
            if typed[1]:
                yield _mask(Side.CLIENT, start + typed.start(1), start + typed.end(1))
            for piece in _TYPED_LINE.finditer(typed[2]):
                if verb_of(piece[1]) in VERBS:
                    break
                at = start + typed.start(2)
                yield _mask(Side.CLIENT, at + piece.start(1), at + piece.end(1))


def _begins(run: bytes, at: int) -> bool:
    """Whether a line begins there."""
    return at == 0 or run[at - 1 : at] == b"\n"


def _mask(side: Side, start: int, stop: int) -> Edit:
    """A lone `*` would cancel an AUTH exchange (RFC 4954)."""
    octets = b"*" * (stop - start) if stop - start > 1 else b"x"
    return Edit(side, start, stop, octets, Exactness.MASKED)


def _event(event: Event, found: Sequence[bytes]) -> Event:
    if isinstance(event, Note):
        return replace(event, text=_text(event.text, found))
    if isinstance(event, Typed):
        return replace(event, raw=_octets(event.raw, found), meant=_octets(event.meant, found))
    return event


def _text(text: str, found: Sequence[bytes]) -> str:
    octets = text.encode("utf-8", "surrogateescape")
    return _octets(octets, found).decode("utf-8", "surrogateescape")


def _octets(octets: bytes, found: Sequence[bytes]) -> bytes:
    for form in found:
        octets = octets if form not in octets else without(octets, form, lambda size: b"*" * size)
    return octets


def _is_name(credential: Credential) -> bool:
    """Whether the user's name is also the password: masking the name would tell so."""
    name, secret = credential.authcid, credential.secret
    return name is not None and secret is not None and name.encode("utf-8", "surrogateescape") == secret.octets()
