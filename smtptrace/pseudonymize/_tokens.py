"""Decoded responses and challenges of AUTH with pseudonyms and without secrets, whatever mechanism they belong to."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from smtptrace.auth._marks import is_mark
from smtptrace.pseudonymize import _der, _ntlm
from smtptrace.pseudonymize._names import Names, filler
from smtptrace.pseudonymize._text import Sweeper

_PROOFS = frozenset(("p", "v", "response", "rspauth", "cnonce"))
_LOGINS = frozenset(("n", "a", "username", "authzid", "user"))
_HOSTS = frozenset(("realm", "host"))
_PAIR = re.compile(rb'(?:^|(?<=,))\s*([a-zA-Z-]{1,16})=("(?:[^"\\]|\\.)*"|[^,]*)')
_DER = (b"\x60", b"\xa1", b"\xa0", b"\x6e", b"\x30")
_KNOWN = (_ntlm.SIGNATURE, b"\x05\x04")
_UNPRINTABLE = re.compile(rb"[\x02-\x08\x0e-\x1f]")
_CUT = re.compile(rb"[A-Za-z0-9+/]{16,}")
"""Base64 of which the end may be missing."""

_PROOF_LINE = re.compile(rb"(.*) ([0-9a-f]{32,128})", re.DOTALL)
_CLAIMS = frozenset(("aud", "scp", "roles", "ver", "typ", "alg", "token_type", "idtyp"))


class Tokens:
    """Rewrites tokens; `unread` says of the last one whether it could not be read and is filler now."""

    def __init__(self, names: Names, sweeper: Sweeper) -> None:
        self._names = names
        self._sweeper = sweeper
        self.unread = False

    def encoded(self, line: bytes, secret: bool) -> bytes:
        """A line of base64 with what it says rewritten; filler of the same length where it is no base64."""
        self.unread = False
        if line in (b"", b"=", b"*"):
            return line
        if is_mark(line):
            return self._sweeper.octets(line)
        whole = len(line) // 4 * 4 if _CUT.fullmatch(line) else len(line)
        try:
            token = base64.b64decode(line[:whole], validate=True)
        except (binascii.Error, ValueError):
            self.unread = True
            return re.sub(rb"[A-Za-z]", b"x", re.sub(rb"[0-9]", b"0", line)) if line.isascii() else filler(line)
        return base64.b64encode(self.token(token, secret)) + b"A" * (len(line) - whole)

    def token(self, token: bytes, secret: bool) -> bytes:
        """A token rewritten; `secret` tells that it holds one."""
        self.unread = False
        binary = self._binary(token)
        if binary is not None:
            return binary
        if token.startswith((b"user=", b"n,a=", b"n,,\x01", b"n,\x01")) and b"\x01" in token:
            return self._bearer(token)
        if token.count(b"\0") == 2:
            return self._plain(token)
        proof = _PROOF_LINE.fullmatch(token)
        if proof:
            return self._login(proof[1]) + b" " + b"0" * len(proof[2])
        if secret and not _PAIR.match(token.removeprefix(b"n,,").removeprefix(b"y,,")):
            return self._names.secret(token)
        return self._text(token)

    def _binary(self, token: bytes) -> bytes | None:
        """NTLM, Kerberos, SPNEGO, or octets that say nothing to us; None for text."""
        if token.startswith(_ntlm.SIGNATURE):
            new = _ntlm.rewritten(token, self._names)
        else:
            new = _der.rewritten(token, self._names) if token[:1] in _DER else None
            if new is None and not _UNPRINTABLE.search(token):
                return None
        if new is None:
            self.unread = True
            new = token[:8] + b"\x11" * (len(token) - 8) if token.startswith(_KNOWN) else b"\x11" * len(token)
        return new

    def _plain(self, token: bytes) -> bytes:
        authzid, authcid, password = token.split(b"\0")
        return b"\0".join((self._login(authzid), self._login(authcid), self._names.secret(password)))

    def _login(self, octets: bytes) -> bytes:
        """A login name; one that is no text becomes filler."""
        try:
            return self._names.address(octets.decode("utf-8")).encode()
        except UnicodeDecodeError:
            return filler(octets)

    def _bearer(self, token: bytes) -> bytes:
        """XOAUTH2 and OAUTHBEARER (RFC 7628): fields between 0x01 octets."""
        return b"\x01".join(self._field(field) for field in token.split(b"\x01"))

    def _field(self, field: bytes) -> bytes:
        name, equals, value = field.partition(b"=")
        if name == b"auth":
            kind, space, secret = value.partition(b" ")
            return name + equals + (kind + space + self._access(secret) if space else self._names.secret(kind))
        if name == b"user":
            return name + equals + self._login(value)
        if name == b"n,a":
            return name + equals + self._login(value.rstrip(b",")) + b"," * value.endswith(b",")
        return name + equals + (value if name == b"port" else self._sweeper.octets(value))

    def _access(self, secret: bytes) -> bytes:
        """An access token; of a JWT what it is for and how long stays, not who it is for, nor its signature."""
        parts = secret.split(b".")
        if len(parts) != 3:
            return self._names.secret(secret)
        try:
            claims = [json.loads(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))) for part in parts[:2]]
        except (ValueError, RecursionError):
            return self._names.secret(secret)
        told = [json.dumps(self._claims(claim), separators=(",", ":")).encode() for claim in claims]
        return b".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=") for part in told), b"A" * len(parts[2])])

    def _claims(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: self._claims(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self._claims(item, name) for item in value]
        if isinstance(value, str):
            return value if name in _CLAIMS else self._sweeper.outline(value)
        return value

    def _text(self, token: bytes) -> bytes:
        """Directives of DIGEST-MD5 and SCRAM, a challenge, an error report, or just a name."""
        gs2 = re.match(rb"(?:[ny]|p=[a-z-]{1,32}),(?:a=[^,]*)?,", token)
        header, rest = (token[: gs2.end()], token[gs2.end() :]) if gs2 else (b"", token)
        if _PAIR.match(rest):
            return self._sweeper.octets(header) + _PAIR.sub(self._pair, rest)
        if not re.search(rb"[\s<>{:]", token):
            return self._login(token)
        return self._sweeper.octets(token)

    def _pair(self, found: re.Match[bytes]) -> bytes:
        name, value = found[1].decode().lower(), found[2]
        inner = value.strip(b'"')
        if name in _PROOFS:
            new = re.sub(rb"[A-Za-z0-9+/]", b"0", inner)
        elif name in _LOGINS:
            new = self._login(inner)
        elif name in _HOSTS:
            new = self._names.host(inner.decode("utf-8", "replace")).encode()
        elif name == "digest-uri":
            service, slash, host = inner.decode("utf-8", "replace").partition("/")
            new = (service + slash + "/".join(self._names.host(each) for each in host.split("/"))).encode()
        else:
            new = inner if name in ("r", "s", "i", "c", "nonce") else self._sweeper.octets(inner)
        return found[0][: found.start(2) - found.start()] + value.replace(inner, new, 1) if inner else found[0]
