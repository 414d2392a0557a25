"""openssl s_client, with or without -starttls smtp: handshake facts, then what was said inside TLS without marks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._infer import is_reply, sides
from smtptrace.transcripts._rows import Kind, Row, note
from smtptrace.transcripts._text import Text
from smtptrace.wire import Certificate, Connection, Gap, GapReason, Secured, Side

HIDES = frozenset({"line-ends", "greeting", "commands", "times", "endpoints"})
START = re.compile(rb"CONNECTED\([0-9A-Fa-f]+\)|Connecting to \S+$|depth=[0-9] |verify return:")
MARK = re.compile(
    START.pattern
    + rb"|Certificate chain|depth=[0-9]|verify (?:error|return):|    Verify return code: |SSL handshake has read "
)
FACT = re.compile(
    rb"(?:New, (?P<version>(?:TLS|SSL)v[0-9.]+), Cipher is (?P<cipher>\S+)|subject=\s*(?P<subject>.*)"
    rb"|issuer=\s*(?P<issuer>.*)"
    rb"|[ \t]+Protocol *: (?P<protocol>\S+)|[ \t]*+(?P<told>Verif\w+.*|verify error:.*|.*\berror:.*))"
)
ASIDE = re.compile(
    rb"-----BEGIN|-----END|---|[ \t]|depth=|verify |Certificate chain|Server certificate|subject="
    rb"|issuer=|No client|Peer |Server Temp|SSL|Verif|New, "
    rb"|Server public|Secure Ren|Compression|Expansion|No ALPN|ALPN|Early data|This TLS"
    rb"|Post-Handshake|read R BLOCK|DONE|closed|CONNECTED|Reneg|Max Early|Acceptable|Client Cert"
    rb"|Requested Sig|Shared Req|Negotiated|[A-Za-z0-9+/]{64}$"
)


def confidence(text: Text) -> float:
    """Sure where it says that it is connected."""
    return 0.9 if any(START.match(line.data) for line in text.lines) else 0.0


def read(text: Text) -> tuple[Connection, ...]:
    """The session; with -starttls its beginning (greeting, EHLO, STARTTLS) is not shown."""
    return connections(text, "s_client", sides(list(_rows(text))), HIDES)


def _rows(text: Text) -> Iterator[Row]:
    secured, certificate = Secured(opened=True), Certificate("")
    held: list[Row] = []
    began = inside = False
    for line in text.lines:
        data = line.data
        inside = data.startswith(b"-----BEGIN") or (inside and not data.startswith(b"-----END"))
        fact = FACT.match(data)
        if fact and not began:
            _learn(fact, secured, certificate)
        if inside or (not is_reply(data) and ASIDE.match(data)) or (not began and not is_reply(data)):
            if fact and fact["told"]:
                held.append(note(line))
            continue
        if not began:
            began = True
            yield from _beginning(
                Row(Kind.START, line.number), secured, certificate, held, implicit=data.startswith(b"220")
            )
        yield Row(Kind.SAID, line.number, data)
    if not began and held:
        yield Row(Kind.START, text.lines[0].number, b"CONNECTED")
        yield from held


def _learn(fact: re.Match[bytes], secured: Secured, certificate: Certificate) -> None:
    version = fact["version"] or fact["protocol"]
    if version:
        secured.version = version.decode("ascii", "replace")
    if fact["cipher"]:
        secured.cipher = fact["cipher"].decode("ascii", "replace")
    if fact["subject"]:
        certificate.subject = fact["subject"].decode("utf-8", "replace")
    if fact["issuer"]:
        certificate.issuer = fact["issuer"].decode("utf-8", "replace")


def _beginning(
    row: Row, secured: Secured, certificate: Certificate, held: list[Row], *, implicit: bool
) -> Iterator[Row]:
    yield row
    yield from held
    secured.implicit, secured.frame = implicit, row.frame
    secured.certificate = certificate if certificate.subject else None
    event = row._replace(kind=Kind.EVENT)
    if not implicit:
        yield event._replace(event=Gap(Side.SERVER, None, GapReason.NOT_LOGGED, None, row.frame))
        yield event._replace(event=Gap(Side.CLIENT, None, GapReason.NOT_LOGGED, None, row.frame))
    yield event._replace(event=secured)
