"""Recordings that may be kept and shown: every name replaced by a pseudonym, secrets gone, bodies filled.

Pseudonyms are the same throughout a run, and over runs with a map; hosts keep their place in their domain. Verbs,
codes, the words of replies and the shape of every token stay, so the recording still shows why it failed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from smtptrace import edits, masks
from smtptrace.auth import Credential
from smtptrace.edits import Edit
from smtptrace.forms import places
from smtptrace.pseudonymize._learn import learn
from smtptrace.pseudonymize._names import AHEAD, Names, filler
from smtptrace.pseudonymize._rewrite import Rewriter
from smtptrace.pseudonymize._text import Sweeper
from smtptrace.redact import mask
from smtptrace.smtp import read_session
from smtptrace.trace import Trace, trace_session
from smtptrace.wire import (
    Certificate,
    Connection,
    Event,
    Irregularity,
    Note,
    Secured,
    Side,
    Typed,
)

__all__ = ["LEVELS", "Names", "Pseudonymized", "learn_ahead", "pseudonymized", "redacted"]

LEVELS = ("secrets", "people", "content")
"""What `redacted` hides; each level hides what those before it do."""

_VALUE = re.compile(r"(?<==)[^,/+]*")


@dataclass(slots=True)
class Pseudonymized:
    """A connection without names, and what was removed since nobody could look into it."""

    connection: Connection
    removed: tuple[str, ...]


def learn_ahead(traces: Iterable[Trace], names: Names) -> None:
    """Learn the names and secrets of sessions that are rewritten later: one may say what another one sent.

    Of thousands of them the last 500 names and the first 500 secrets count.
    """
    secrets: dict[bytes, Credential] = {}
    for trace in traces:
        learn(trace, names)
        names.forget(AHEAD)
        for credential in trace.credentials if len(secrets) < AHEAD else ():
            if credential.secret:
                secrets.setdefault(credential.secret.octets(), credential)
    names.settle(masks.secret_forms(secrets.values()))


def pseudonymized(trace: Trace, names: Names, *, keep_content: bool = False) -> Pseudonymized:
    """The connection of a trace with pseudonyms.

    Args:
        trace: a session whose connection holds its events.
        names: the pseudonyms given so far; those of this session are added.
        keep_content: leave bodies as they are but for the names that are found in them.
    """
    names.forget()
    learn(trace, names)
    rewriter = Rewriter(trace, names, keep_content)
    asked = list(rewriter.edits())
    sweeper = Sweeper(names)
    events = [_renamed(event, names, sweeper) for event in trace.session.connection.events]
    old = trace.session.connection
    connection = replace(
        edits.apply(replace(old, events=tuple(events)), asked),
        client=old.client._replace(host=names.host(old.client.host)),
        server=old.server._replace(host=names.host(old.server.host)),
        label=old.label and sweeper.text(old.label),
        facts={name: sweeper.text(fact) for name, fact in old.facts.items()},
    )
    connection = masks.swept(connection, trace.credentials, names.secret_forms)
    left = list(_left(connection, names))
    removed = [*rewriter.removed, *(f"{len(edit.octets)} octets that hold a name" for edit in left)]
    return Pseudonymized(edits.apply(connection, left), tuple(removed))


def redacted(trace: Trace, level: str, names: Names) -> tuple[Trace, tuple[str, ...]]:
    """The trace as far as `level` of `LEVELS` lets it be seen, and what was removed since nobody could look into it.

    From "people" on it is derived again from what is left of its connection, whose events it must hold.
    """
    if level == "secrets":
        return masks.shown(trace), ()
    found = pseudonymized(trace, names, keep_content=level == "people")
    origin = found.connection.origin
    origin = replace(origin, path="-", sha256=None, parts=("-",) * len(origin.parts))
    session = read_session(replace(found.connection, origin=origin), keep_content=True)
    return mask(trace_session(session)), found.removed


def _renamed(event: Event, names: Names, sweeper: Sweeper) -> Event:
    """What stands beside the octets, with pseudonyms."""
    if isinstance(event, Note):
        return replace(event, text=sweeper.text(event.text))
    if isinstance(event, Irregularity):
        return replace(event, detail=sweeper.text(event.detail))
    if isinstance(event, Typed):
        return replace(event, raw=sweeper.octets(event.meant), meant=sweeper.octets(event.meant))
    if isinstance(event, Secured):
        certificate = event.certificate and _certificate(event.certificate, names, sweeper)
        return replace(event, sni=event.sni and names.host(event.sni), certificate=certificate)
    return event


def _certificate(certificate: Certificate, names: Names, sweeper: Sweeper) -> Certificate:
    """Who issued it to whom, without its digest: whoever has the certificate could find it by that."""

    def outlined(text: str) -> str:
        return _VALUE.sub(lambda found: sweeper.outline(found.group()), text)

    subject, issuer = outlined(certificate.subject), outlined(certificate.issuer)
    hosts = tuple(names.host(each) for each in certificate.names)
    return replace(certificate, subject=subject, issuer=issuer, names=hosts, sha256="")


def _left(connection: Connection, names: Names) -> Iterator[Edit]:
    """Names that are still there in one form or another."""
    found = {form for lexicon in (names.lasting, names.recent) for each in lexicon.forms.values() for form in each}
    for side, runs in zip(Side, edits.runs(connection), strict=True):
        for start, run in runs:
            for form in found:
                if form in run:
                    for first, last in places(run, form):
                        yield Edit(side, start + first, start + last, filler(run[first:last]))
