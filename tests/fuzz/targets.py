"""What the fuzzers and the property tests call: decoders that must bear any octets.

A target raises only where something is wrong: no exception is caught, none is expected.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

from smtptrace.auth import (
    MECHANISMS,
    _gss,
    _json,
    _jwt,
    _ntlm_message,
    _ntlm_proof,
    _ntlm_reading,
    _ntlm_response,
    _ntlm_rows,
    _oauth,
    decode_token,
    read_credentials,
    verify,
)
from smtptrace.smtp import AuthExchange, Command, Reply, Round, Session
from smtptrace.wire import Connection, Endpoint, Origin, Side, Span

NAMES = (
    "LOGIN", "PLAIN", "NTLM", "GSSAPI", "GSS-SPNEGO", "EXCHANGEAUTH", "CRAM-MD5", "CRAM-SHA256", "DIGEST-MD5",
    "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS", "XOAUTH2", "OAUTHBEARER", "EXTERNAL", "ANONYMOUS", "X-ODD",
)  # fmt: skip
MOST_FIELDS = 64
"""NTLM fields, DER elements and directives that are read of one message; more would be growth without bound."""


def ntlm(octets: bytes) -> None:
    """One NTLM message: parsed, taken apart, and put to the test of a password."""
    message = _ntlm_message.parse(octets)
    assert len(message.fields) <= MOST_FIELDS
    assert all(len(field.octets) <= len(octets) for field in message.fields)
    assert len(_ntlm_response.response_of(message).pairs) <= _ntlm_message.MOST_PAIRS
    _ntlm_rows.describe(octets)
    talk = _ntlm_reading.talk_of([_CHALLENGE, message])
    _ntlm_reading.read(talk, accepted=False, time_ns=1_770_000_000_000_000_000)
    for identity in _ntlm_proof.identities(talk)[:2]:
        _ntlm_proof.prove(talk, "geheim", identity)


def der(octets: bytes) -> None:
    """One GSS-API token."""
    token = _gss.read(octets)
    if token is not None:
        _writable(token.facts)
        _gss.summary(token, octets)


def sasl(octets: bytes) -> None:
    """A whole exchange: the first octet names the mechanism, the second how lines are encoded, the rest are lines.

    Some are verified too (not SCRAM, which takes as long as the octets say), some read as a lone token.
    """
    if len(octets) < 2:
        return
    exchange = exchange_of(NAMES[octets[0] % len(NAMES)], octets[1], octets[2:])
    made = Session(Connection(Endpoint("10.0.0.5", 50000), Endpoint("10.0.0.1", 25), Origin("fuzz", "fuzz")))
    made.exchanges = made.authentications = [exchange]
    (found,) = read_credentials(made)
    _writable([found.authcid, found.authzid, found.domain, found.details])
    said = ["".join(map(str, part or ())) for step in found.rounds for part in (step.challenge, step.response)]
    assert "\n" not in "".join(said)
    _writable(said)
    if len(octets) % 16 == 0 and "SCRAM" not in exchange.mechanism:
        verify(exchange, "geheim")
    if len(octets) % 8 == 1:
        decode_token(octets[2:])


def json_and_jwt(octets: bytes) -> None:
    """Error reports, tokens and their framing."""
    found = _json.read_object(octets)
    if found is not None:
        _writable(_jwt.shown(found))
    part = base64.urlsafe_b64encode(octets).rstrip(b"=")
    for token in (octets, part + b"." + part + b".c2ln"):
        _jwt.read(token)
        framed = _oauth.unframed(b"user=a@example.com\x01auth=Bearer " + token + b"\x01\x01")
        if framed.token:
            _oauth._oauth_claims.problems_of(framed.token, framed.user, 1_770_000_000_000_000_000)
            _writable(_oauth._oauth_claims.details_of(framed.token))
    _oauth.describe(octets)


def _writable(facts: object) -> None:
    """What outputs do with facts: JSON in UTF-8, which has no lone surrogates."""
    json.dumps(facts, ensure_ascii=False, default=str).encode()


def exchange_of(mechanism: str, encoding: int, octets: bytes) -> AuthExchange:
    """An exchange of the lines in the octets, in turns, raw or in base64 as the bits of `encoding` say."""
    lines = [_line(line, bool(encoding & 1 << at % 8)) for at, line in enumerate(octets.split(b"\n")[:8])]
    made = AuthExchange(Command("AUTH", b"AUTH " + mechanism.encode() + b" " + lines[0] + b"\r\n", _SPAN), None)
    made.mechanism, made.initial = mechanism, lines[0] or None
    made.rounds = tuple(
        Round(Reply(334, (b"334 " + asked,), _SPAN), said, _SPAN)
        for asked, said in zip(lines[1::2], lines[2::2], strict=False)
    )
    made.reply = Reply(535, (b"535 " + lines[-1],), _SPAN) if encoding & 128 else None
    return made


def _line(line: bytes, encoded: bool) -> bytes:
    return base64.b64encode(line) if encoded else line


_SPAN = Span(Side.CLIENT, 0, 10)
_CHALLENGE = _ntlm_message.parse(
    base64.b64decode(
        "TlRMTVNTUAACAAAADAAMADgAAAAzgoriASNFZ4mrze8AAAAAAAAAACQAJABEAAAABgBwFwAAAA9TAGUAcgB2AGUAcgACAAwARABvAG0A"
        "YQBpAG4AAQAMAFMAZQByAHYAZQByAAAAAAA="
    )
)

TARGETS: dict[str, Callable[[bytes], None]] = {"ntlm": ntlm, "der": der, "sasl": sasl, "json": json_and_jwt}
"""The groups of decoders, each fuzzed on its own."""

assert all(MECHANISMS[name].decode for name in MECHANISMS), "every mechanism decodes"
