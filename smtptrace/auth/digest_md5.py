"""DIGEST-MD5: nested MD5 digests over password, realm and nonces (RFC 2831)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from smtptrace.auth import _directives, _text, _texts, _variants
from smtptrace.auth._credential import DecodedRound, Exposure
from smtptrace.auth._description import Description, row
from smtptrace.auth._proof import AS_SENT, Identity, Proof, equal
from smtptrace.auth._reading import Reading
from smtptrace.auth._respond import AuthError, Login, Responder, Unproven
from smtptrace.auth._talk import Message, Talk
from smtptrace.secret import Masked, Secret

_LAYERS = {b"auth-int": "integrity", b"auth-conf": "confidentiality"}
_SHOWN = ("realm", "digest-uri", "qop", "charset", "cipher", "nc")
_HIDDEN = ("response", "rspauth", "cnonce")
_KINDS = (("rspauth", "server proof"), ("username", "response"), ("nonce", "challenge"))


def decode(talk: Talk) -> Reading:
    """Every directive of both sides, and whether the server proved that it knows the password too."""
    reading = Reading(rounds=tuple(DecodedRound(_shown(turn.challenge), _shown(turn.response)) for turn in talk.turns))
    proving = [
        at for at, turn in enumerate(talk.turns) if turn.challenge and b"rspauth=" in (turn.challenge.octets or b"")
    ]
    reading.proof_turns = frozenset(proving)
    asked, said = asked_and_said(talk)
    if not said:
        reading.problems = tuple(slug for each in talk.responses for slug in each.problems)
        if any(each.says_something for each in talk.responses):
            reading.exposure = Exposure.GUESSABLE
            _texts.read_into(reading, talk, "not-a-digest-response")
        return reading
    reading.authcid = _value(said, "username")
    reading.authzid = _value(said, "authzid") or None
    reading.secret = Secret(said["response"]) if "response" in said else None
    reading.exposure = Exposure.GUESSABLE
    reading.details = {name.replace("-", "_"): _value(said, name) for name in _SHOWN if name in said}
    reading.details["offered_qop"] = _value(asked, "qop") if "qop" in asked else "auth"
    reading.details["server_proof"] = bool(proving)
    layer = _LAYERS.get(said.get("qop", b""))
    if layer and talk.accepted:
        reading.details["security-layer"] = layer
    reading.problems = tuple(_problems(talk, asked, said, proved=bool(proving)))
    return reading


def asked_and_said(talk: Talk) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The directives of the challenge and of the response; empty where one is not here."""
    asked = (_directives.quoted_list(each.octets) for each in talk.challenges if each.octets)
    said = (_directives.quoted_list(each.octets) for each in talk.responses if each.octets)
    return (
        next((each for each in asked if "nonce" in each), {}),
        next((each for each in said if "response" in each or "username" in each), {}),
    )


def _value(directives: dict[str, bytes], name: str) -> str | None:
    return _text.text_of(directives[name]) if name in directives else None


def _problems(talk: Talk, asked: dict[str, bytes], said: dict[str, bytes], *, proved: bool) -> list[str]:
    found = [slug for each in talk.responses for slug in each.problems]
    if "nonce" in asked and asked["nonce"] != said.get("nonce"):
        found.append("nonce-mismatch")
    if "response" not in said:
        found.append("proof-missing")
    if "realm" in asked and said.get("realm") != asked["realm"]:
        found.append("realm-not-offered")
    service = said.get("digest-uri", b"").partition(b"/")[0].lower()
    if service != b"smtp":
        found.append("digest-uri-of-another-service")
    if proved and talk.cancelled:
        found.append("cancelled-after-proof")
    return found


def _shown(message: Message | None) -> Masked | None:
    """The directives on one line, the proofs hidden."""
    if message is None:
        return None
    directives = _directives.quoted_list(message.octets or b"")
    if not directives:
        hidden = message.text if message.octets is None else message.octets
        return (Secret(hidden),) if hidden and message.span and message.span.side == 0 else (_text.one_line(hidden),)
    parts: list[str | Secret] = []
    for name, value in directives.items():
        parts.append(f"{', ' if parts else ''}{name}=")
        parts.append(Secret(value) if name in _HIDDEN else _text.one_line(value))
    return tuple(parts)


def identities(talk: Talk) -> tuple[Identity, ...]:
    """User and realm as sent, then those that a client may have hashed instead."""
    asked, said = asked_and_said(talk)
    user, realm = _value(said, "username") or "", _value(said, "realm") or ""
    found: dict[tuple[str, str], Identity] = {}
    for how, name, domain in (
        (AS_SENT, user, realm),
        ("with the realm offered", user, _value(asked, "realm") or ""),
        ("without a realm", user, ""),
        ("with the user before the @", user.partition("@")[0], realm),
        ("with the realm in lower case", user, realm.lower()),
    ):
        found.setdefault((name, domain), Identity(name, domain, how))
    return tuple(found.values())


def prove(talk: Talk, password: str, identity: Identity) -> tuple[Proof, ...]:
    """Whether response and, where the server gave it, rspauth come from this password."""
    _, said = asked_and_said(talk)
    if "response" not in said:
        return ()
    rspauth = _server_proof(talk)
    proofs: tuple[Proof, ...] = ()
    for how, octets in _variants.encodings(password):
        for key in _keys(identity, octets):
            proofs = (Proof("response", equal(digest(key, said, b"AUTHENTICATE"), said["response"].lower()), how),)
            if rspauth is not None:
                proofs = (*proofs, Proof("rspauth", equal(digest(key, said, b""), rspauth.lower())))
            if proofs[0].holds:
                return proofs
    return tuple(Proof(each.name, each.holds) for each in proofs)


def _server_proof(talk: Talk) -> bytes | None:
    found = (_directives.quoted_list(each.octets or b"") for each in talk.challenges)
    return next((each["rspauth"] for each in found if "rspauth" in each), None)


def digest(key: bytes, said: dict[str, bytes], method: bytes) -> bytes:
    """The value of `response`, or of `rspauth` with an empty method (RFC 2831, 2.1.2.1), in hex.

    Args:
        key: MD5 over user, realm and password.
        said: the directives of the response.
        method: b"AUTHENTICATE" for the client's proof, b"" for the server's.
    """
    qop = said.get("qop", b"auth")
    a1 = b":".join((key, said.get("nonce", b""), said.get("cnonce", b"")))
    a1 += b":" + said["authzid"] if said.get("authzid") else b""
    a2 = method + b":" + said.get("digest-uri", b"") + (b":" + b"0" * 32 if qop in _LAYERS else b"")
    parts = (_hex(a1), said.get("nonce", b""), said.get("nc", b""), said.get("cnonce", b""), qop, _hex(a2))
    return _hex(b":".join(parts))


def key_of(user: bytes, realm: bytes, password: bytes) -> bytes:
    """MD5 over user, realm and password: what a server may keep in the place of the password."""
    return hashlib.md5(b":".join((user, realm, password)), usedforsecurity=False).digest()


def rspauth(response: bytes, secret: Secret) -> bytes:
    """The server's proof that it knows the password, for this response of a client (RFC 2831, 2.1.3)."""
    said = _directives.quoted_list(response)
    key = key_of(said.get("username", b""), said.get("realm", b""), secret.octets())
    return b"rspauth=" + digest(key, said, b"")


def _keys(identity: Identity, password: bytes) -> Iterator[bytes]:
    """The key with the names in UTF-8, then in Latin-1 where they fit: implementations disagree."""
    yield key_of(identity.user.encode("utf-8", "replace"), identity.domain.encode("utf-8", "replace"), password)
    for how, user in _variants.encodings(identity.user):
        realm = dict(_variants.encodings(identity.domain)).get(how)
        if how == "in Latin-1" and realm is not None:
            yield key_of(user, realm, password)


def _hex(octets: bytes) -> bytes:
    return hashlib.md5(octets, usedforsecurity=False).hexdigest().encode()


def respond(login: Login, _mechanism: str) -> Responder:
    """The digest without a security layer, then silence to the server's proof once it is found right."""
    asked = _directives.quoted_list((yield None))
    said = {
        "username": login.user.encode(),
        "realm": asked.get("realm", login.domain.encode()),
        "nonce": asked.get("nonce", b""),
        "nc": b"00000001",
        "cnonce": login.fresh_nonce().encode(),
        "digest-uri": f"smtp/{login.host}".encode(),
        "qop": b"auth",
    }
    if login.authzid:
        said["authzid"] = login.authzid.encode()
    key = key_of(said["username"], said["realm"], login.secret.octets())
    said["response"] = digest(key, said, b"AUTHENTICATE")
    proved = _directives.quoted_list((yield Unproven(_written(said, charset="charset" in asked))))
    if "rspauth" not in proved:
        yield Unproven()
    elif not equal(proved["rspauth"], digest(key, said, b"")):
        raise AuthError("DIGEST-MD5: the server did not prove that it knows the password")
    yield b""


def _written(said: dict[str, bytes], *, charset: bool) -> bytes:
    """The directives as they go over the wire, strings quoted."""
    bare = ("nc", "qop", "response")
    quoted = {name: value.replace(b"\\", rb"\\").replace(b'"', rb"\"") for name, value in said.items()}
    parts = [b"%s=%s" % (n.encode(), said[n]) if n in bare else b'%s="%s"' % (n.encode(), quoted[n]) for n in said]
    return b",".join(([b"charset=utf-8"] if charset else []) + parts)


def describe(octets: bytes) -> Description | None:
    """A challenge, a response or the server's proof, directive by directive."""
    directives = _directives.quoted_list(octets)
    kind = next((kind for name, kind in _KINDS if name in directives), None)
    if kind is None:
        return None
    fields = (row(name, Secret(value) if name in _HIDDEN else value) for name, value in directives.items())
    return Description(f"DIGEST-MD5 {kind}", tuple(fields))
