"""What a bearer token tells of itself; nothing is verified (RFC 7519, RFC 7516)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from smtptrace.auth import _base64, _json, _ntlm_names

LONGEST = 32 * 1024
_PARTS = re.compile(rb"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){2,4}")
_KINDS = (
    (re.compile(rb"ya29\."), "Google access token"),
    (re.compile(rb"1//"), "Google refresh token"),
    (re.compile(rb"(?:EwA|EwB)"), "Microsoft account token"),
    (re.compile(rb"(?:0\.A|1\.A|M\.[CR])"), "Microsoft refresh token"),
)
_MOST_CLAIMS = 40
_LONGEST_VALUE = 300
_LATEST = 7_258_118_400


@dataclass(slots=True)
class BearerToken:
    """A token's kind, and header and claims where it is a JWT (without the signature)."""

    kind: str
    header: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)


def read(token: bytes) -> BearerToken:
    """The token as far as it can be read without a key; never raises."""
    if len(token) <= LONGEST and _PARTS.fullmatch(token):
        parts = token.split(b".")
        header = _part(parts[0])
        if header is not None and len(parts) == 5:
            return BearerToken("JWE", header)
        claims = _part(parts[1])
        if header is not None and claims is not None and len(parts) == 3:
            return BearerToken("JWT", header, claims)
    return BearerToken(next((kind for form, kind in _KINDS if form.match(token)), "opaque"))


def shown(values: dict[str, Any]) -> dict[str, Any]:
    """Header or claims for display: so many, each of a bounded size and without structure."""
    return {_writable(name)[:80]: _plain(value) for name, value in list(values.items())[:_MOST_CLAIMS]}


def seconds(value: Any) -> int | None:
    """A NumericDate between 1970 and 2200 in seconds, None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 < value < _LATEST else None


def iso(value: Any) -> str | None:
    """A NumericDate as text in UTC."""
    at = seconds(value)
    return None if at is None else _ntlm_names.iso(at * 10**9)


def words(value: Any) -> tuple[str, ...]:
    """A claim that is a list, or a text with spaces, as single words; so many, each of a bounded length."""
    found = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(_writable(each)[:_LONGEST_VALUE] for each in found[:_MOST_CLAIMS] if isinstance(each, str))


def _part(text: bytes) -> dict[str, Any] | None:
    octets = _base64.decode(text).octets
    return None if octets is None else _json.read_object(octets)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    text = value if isinstance(value, str) else repr(value)
    return _writable(text)[:_LONGEST_VALUE]


def _writable(text: str) -> str:
    """The text without lone surrogates, which JSON can name and UTF-8 cannot write."""
    return text.encode("utf-8", "replace").decode()
