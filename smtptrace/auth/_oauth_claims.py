"""What the claims of a bearer token say about whether a mail server will take it; nothing is verified."""

from __future__ import annotations

from typing import Any

from smtptrace.auth import _jwt
from smtptrace.auth._jwt import BearerToken

_OUTLOOK = frozenset(
    (
        "https://outlook.office.com",
        "https://outlook.office365.com",
        "https://ps.outlook.com",
        "00000002-0000-0ff1-ce00-000000000000",
    )
)
_MICROSOFT = ("microsoft.com", "microsoftonline.com", "windows.net", "office.com", "office365.com")
_SCOPE, _ROLE = "SMTP.Send", "SMTP.SendAsApp"
_USERS = ("upn", "preferred_username", "unique_name", "email")
_TOLERANCE_S = 300


def details_of(token: bytes) -> dict[str, Any]:
    """Facts of a token for display: kind, times, audience, scopes, and header and claims of a JWT."""
    read = _jwt.read(token)
    claims = read.claims
    facts: dict[str, Any] = {
        "token_kind": read.kind,
        "token_octets": len(token),
        "expires": _jwt.iso(claims.get("exp")),
        "issued": _jwt.iso(claims.get("iat")),
        "audience": list(_jwt.words(claims.get("aud"))),
        "scopes": [*_jwt.words(claims.get("scp") or claims.get("scope")), *_jwt.words(claims.get("roles"))],
        "header": _jwt.shown(read.header),
        "claims": _jwt.shown(claims),
    }
    return {name: value for name, value in facts.items() if value not in (None, [], {})}


def problems_of(token: bytes, user: bytes | None, time_ns: int | None) -> tuple[str, ...]:
    """Why a server may refuse the token, from its kind and claims and the time it was sent."""
    read = _jwt.read(token)
    if read.kind.endswith("refresh token"):
        return ("refresh-token",)
    claims = read.claims
    if not claims:
        return ()
    found = _time_problems(claims, time_ns)
    if _is_id_token(claims):
        return (*found, "id-token")
    return (*found, *_microsoft_problems(read), *_user_problems(claims, user))


def _time_problems(claims: dict[str, Any], time_ns: int | None) -> tuple[str, ...]:
    if time_ns is None:
        return ()
    now = time_ns // 10**9
    expires, begins = _jwt.seconds(claims.get("exp")), _jwt.seconds(claims.get("nbf"))
    late = ("token-expired",) if expires is not None and expires < now else ()
    return (*late, "token-not-yet-valid") if begins is not None and begins > now + _TOLERANCE_S else late


def _is_id_token(claims: dict[str, Any]) -> bool:
    """Whether it tells a client who signed in, and grants nothing (OpenID Connect Core, 2)."""
    return ("at_hash" in claims or "nonce" in claims) and not {"scp", "scope", "roles"} & claims.keys()


def _microsoft_problems(read: BearerToken) -> tuple[str, ...]:
    """Audience and scope as Exchange Online wants them."""
    claims = read.claims
    audience = {each.rstrip("/") for each in _jwt.words(claims.get("aud"))}
    origin = " ".join((*audience, *_jwt.words(claims.get("iss"))))
    if "tid" not in claims and not any(host in origin for host in _MICROSOFT) and not audience & _OUTLOOK:
        return ()
    if audience and not audience & _OUTLOOK:
        return ("token-for-another-audience",)
    scopes = {each.rpartition("/")[2] for each in _jwt.words(claims.get("scp"))}
    granted = _SCOPE in scopes or _ROLE in _jwt.words(claims.get("roles"))
    return () if granted else ("token-without-smtp-scope",)


def _user_problems(claims: dict[str, Any], user: bytes | None) -> tuple[str, ...]:
    """Whether the mailbox named is not the token's user: in order for shared mailboxes only."""
    named = {claims[name].lower() for name in _USERS if isinstance(claims.get(name), str)}
    said = user.decode("utf-8", "replace").lower() if user else ""
    return ("token-of-another-user",) if said and named and said not in named else ()
