"""What the octets of one response are, told by how they begin."""

from __future__ import annotations

import re

from smtptrace.auth import _text

NTLM = b"NTLMSSP\0"
SPNEGO_OID = b"\x06\x06\x2b\x06\x01\x05\x05\x02"
KERBEROS_OIDS = (b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02", b"\x06\x09\x2a\x86\x48\x82\xf7\x12\x01\x02\x02")

_GS2 = re.compile(rb"(?:[ny]|p=[A-Za-z0-9.-]+),(?:a=[^,]*)?,")
_OAUTH = re.compile(rb"user=[^\x01]*\x01+auth=", re.IGNORECASE)
_DIGEST = re.compile(rb"\b(?:username|nonce|cnonce|digest-uri)=\"?", re.IGNORECASE)
_PLAIN = re.compile(rb"[^\0-\x1f]{0,255}\0[^\0-\x1f]{1,255}\0[^\0-\x1f]{1,255}")
_LOOK = 4096


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
    if head.count(0) == 2 and _PLAIN.fullmatch(head) and _text.is_utf8(head):
        return "plain"
    if b"response=" in head and _DIGEST.search(head):
        return "digest_md5"
    return None
