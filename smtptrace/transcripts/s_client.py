"""openssl s_client, with or without -starttls smtp: handshake facts, then what was said inside TLS without marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._folded import unfolded
from smtptrace.transcripts._infer import is_reply, sides
from smtptrace.transcripts._rows import Kind, Row, note
from smtptrace.transcripts._text import Text
from smtptrace.transcripts.telnet import keyed, unwrapped
from smtptrace.wire import Certificate, Connection, Gap, GapReason, Secured, Side

HIDES = frozenset({"line-ends", "greeting", "commands", "replies", "times", "endpoints"})
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


def read(text: Text) -> Iterable[Connection]:
    """The session; with -starttls its beginning (greeting, EHLO, STARTTLS) is not shown."""
    return connections(text, "s_client", keyed(sides(list(_rows(text)))), HIDES)


def _rows(text: Text) -> Iterator[Row]:
    secured, certificate = Secured(opened=True), Certificate("")
    held: list[Row] = []
    began = inside = content = False
    for line in unfolded(unwrapped(text.lines)):
        data = line.data
        inside = not content and (data.startswith(b"-----BEGIN") or (inside and not data.startswith(b"-----END")))
        fact = FACT.match(data)
        if fact and not began:
            _learn(fact, secured, certificate)
        if inside or (not content and not is_reply(data) and (not began or ASIDE.match(data))):
            if fact and fact["told"]:
                held.append(note(line))
            continue
        content = data.startswith(b"354 ") or (content and data != b"." and not is_reply(data))
        said = Row(Kind.SAID, line.number, data)
        if began:
            yield said
        else:
            began = True
            yield from _beginning(said, secured, certificate, held)
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


def _beginning(said: Row, secured: Secured, certificate: Certificate, held: list[Row]) -> Iterator[Row]:
    """The rows up to the first line, which with -starttls may be the last one of what answered its own EHLO."""
    yield said._replace(kind=Kind.START, data=b"")
    yield from held
    secured.implicit, secured.frame = said.data.startswith(b"220"), said.frame
    secured.certificate = certificate if certificate.subject else None
    in_clear = said.data.startswith(b"250 ")
    if not secured.implicit:
        yield from _hidden(said)
    if in_clear:
        yield said._replace(kind=Kind.SERVER)
        yield from _hidden(said)
    yield said._replace(kind=Kind.EVENT, data=b"", event=secured)
    if not in_clear:
        yield said


def _hidden(said: Row) -> Iterator[Row]:
    """What s_client and the server say before TLS is not shown."""
    for side in (Side.SERVER, Side.CLIENT):
        gap = Gap(side, None, GapReason.NOT_LOGGED, None, said.frame)
        yield said._replace(kind=Kind.EVENT, data=b"", event=gap)
