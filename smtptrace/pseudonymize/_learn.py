"""The names that a session knows: of hosts, logins, mailboxes and domains."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from smtptrace.auth import Credential
from smtptrace.pseudonymize._names import Names, is_ip
from smtptrace.smtp import Reply, Session
from smtptrace.trace import Trace

_TELLING = re.compile(
    r"name|domain|host|realm|workstation|user|principal|forest|tree|spn|target|server|computer|upn", re.I
)
_HOST = re.compile(rb"[0-9]{3}[ -]([A-Za-z0-9](?:[A-Za-z0-9_.-]{0,250}))(?= |$)")
_NO_HOST = re.compile(r"e?smtp|lmtp|service|welcome|hello|ok|mail|[0-9.]+|(?:[A-Z0-9]{2,16})$", re.IGNORECASE)
_ASKED = frozenset(("VRFY", "EXPN"))
_PRINCIPAL = re.compile(r"[^/@\s]+")


def learn(trace: Trace, names: Names) -> None:
    """Learn every name of the session, so that it is replaced wherever it is found."""
    session = trace.session
    for end in (session.connection.client, session.connection.server):
        names.learn(end.host, names.host)
    for credential in trace.credentials:
        _login(credential, names)
    for transaction in session.transactions:
        for path in (transaction.reverse_path, *(each.address for each in transaction.recipients)):
            names.learn_address(_text(path))
    for exchange in session.exchanges:
        if exchange.command and exchange.command.verb in _ASKED:
            names.learn_address(_text(exchange.command.argument).strip("<> "))
    for host in _hosts(session):
        names.learn(host, names.host)


def _login(credential: Credential, names: Names) -> None:
    for name in (credential.authcid, credential.authzid):
        if name:
            names.learn_address(name)
    if credential.domain:
        names.learn(credential.domain, names.host)
    for name in _told(credential.details):
        for part in _PRINCIPAL.findall(name):
            names.learn(part, names.known)


def _told(details: Any, key: str = "") -> Iterator[str]:
    """Details that are names, by what they are called."""
    if isinstance(details, dict):
        for name, value in details.items():
            yield from _told(value, str(name))
    elif isinstance(details, list | tuple):
        for value in details:
            yield from _told(value, key)
    elif isinstance(details, str) and details and len(details) <= 256 and _TELLING.search(key):
        yield details


def _hosts(session: Session) -> Iterator[str]:
    if session.helo:
        yield _text(session.helo).strip("[]")
    yield from _first_words(session.greeting)
    for exchange in session.exchanges:
        command = exchange.command
        if command and command.verb in ("EHLO", "HELO", "LHLO"):
            yield _text(command.argument).strip(" []")
            yield from _first_words(exchange.reply)
    if session.tls:
        yield session.tls.sni or ""
        yield from session.tls.certificate.names if session.tls.certificate else ()


def _first_words(reply: Reply | None) -> Iterator[str]:
    """The host that a greeting begins with."""
    found = _HOST.match(reply.lines[0]) if reply else None
    word = found[1].decode("ascii").rstrip(".") if found else ""
    if word and (is_ip(word) or not _NO_HOST.fullmatch(word) or any(char.isdigit() for char in word)):
        yield word


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")
