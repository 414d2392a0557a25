"""What octets are, whatever the command calls them."""

from __future__ import annotations

import re

from smtptrace.auth._talk import Talk

NTLM = b"NTLMSSP\0"
SPNEGO_OID = b"\x06\x06\x2b\x06\x01\x05\x05\x02"
KERBEROS_OIDS = (b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02", b"\x06\x09\x2a\x86\x48\x82\xf7\x12\x01\x02\x02")

_GS2 = re.compile(rb"(?:[ny]|p=[A-Za-z0-9.-]+),(?:a=[^,]*)?,")
_OAUTH = re.compile(rb"user=[^\x01]*\x01+auth=", re.IGNORECASE)
_DIGEST = re.compile(rb"[^\0]*?\b(?:username|nonce|cnonce|digest-uri)=\"?", re.IGNORECASE)
_CRAM = re.compile(rb".+ [0-9A-Fa-f]{32,128}\s*", re.DOTALL)
_LOOK = 4096

_CARRIERS = {
    "gssapi": {"gss_spnego", "ntlm", "gssapi"},
    "gss_spnego": {"gss_spnego", "ntlm", "gssapi"},
    "ntlm": {"ntlm", "gss_spnego"},
    "exchangeauth": {"gss_spnego", "gssapi", "exchangeauth", "ntlm"},
}
"""Mechanism names under which another one's octets are in order: Windows negotiates inside GSSAPI."""


def kind_of(octets: bytes) -> str | None:
    """The entry that decodes these octets, None where their form does not tell."""
    head = octets[:_LOOK]
    if head.startswith(NTLM):
        return "ntlm"
    if head[:1] == b"\xa1" or (head[:1] == b"\x60" and SPNEGO_OID in head[:16]):
        return "gss_spnego"
    if head[:1] == b"\x60" and any(oid in head[:20] for oid in KERBEROS_OIDS):
        return "gssapi"
    return _text_kind(head)


def _text_kind(head: bytes) -> str | None:
    if _OAUTH.match(head):
        return "xoauth2"
    header = _GS2.match(head)
    if header:
        rest = head[header.end() :]
        return "scram" if rest.startswith((b"n=", b"m=")) else "oauthbearer" if b"auth=" in rest else None
    if _DIGEST.match(head) and b"," in head and b"response=" in head:
        return "digest_md5"
    return None


def mechanism_of(talk: Talk) -> str | None:
    """The entry that the client's first response shows, None where it does not tell."""
    first = next((response.octets for response in talk.responses if response.octets), None)
    return None if first is None else kind_of(first)


def mismatch(talk: Talk) -> tuple[str, ...]:
    """The problem of octets that belong to another mechanism than the one the command names."""
    from smtptrace.auth._read import named

    shown, called = mechanism_of(talk), named(talk.mechanism)
    if shown is None or called is None or shown in _CARRIERS.get(called, {called}):
        return ()
    return (f"{shown.replace('_', '-')}-response-in-{called.replace('_', '-')}",)
