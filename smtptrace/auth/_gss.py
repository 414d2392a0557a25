"""GSS-API tokens as SASL carries them: framing, SPNEGO, and what is inside (RFC 2743, 4178, 4121; [MS-SPNG])."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from smtptrace.auth import _der, _kerberos, _ntlm_message, _ntlm_reading
from smtptrace.secret import Masked, Secret

_GSS, _NEG_RESPONSE, _OID, _SEQUENCE, _OCTETS = 0x60, 0xA1, 0x06, 0x30, 0x04
_SPNEGO = "1.3.6.1.5.5.2"
_MECHANISMS = {
    "1.2.840.113554.1.2.2": "Kerberos",
    "1.2.840.48018.1.2.2": "Kerberos (Microsoft)",
    "1.2.840.113554.1.2.2.3": "Kerberos user-to-user",
    "1.3.6.1.4.1.311.2.2.10": "NTLM",
    "1.3.6.1.4.1.311.2.2.30": "NegoEx",
    _SPNEGO: "SPNEGO",
}
_STATES = {0: "accept-completed", 1: "accept-incomplete", 2: "reject", 3: "request-mic"}
_KERBEROS_TOKENS = {b"\x01\x00": "AP-REQ", b"\x02\x00": "AP-REP", b"\x03\x00": "KRB-ERROR", b"\x02\x01": "wrap"}
_LAYERS = {1: "none", 2: "integrity", 4: "confidentiality"}


@dataclass(slots=True)
class Token:
    """One token: what it is, facts of it by name, and the NTLM message inside where there is one.

    `layers` are the security layers that a wrapped four-octet message of RFC 4752 names, `authzid` the identity in
    the client's one; both only where the wrapping does not hide them.
    """

    kind: str
    facts: dict[str, Any] = field(default_factory=dict)
    ntlm: bytes | None = None
    layers: tuple[str, ...] = ()
    authzid: str | None = None
    problems: tuple[str, ...] = ()


def read(octets: bytes) -> Token | None:
    """The token that the octets hold, None where they are none; never raises."""
    if octets.startswith(_ntlm_message.SIGNATURE):
        return Token("NTLM", ntlm=octets)
    if octets[:2] == b"\x05\x04" and len(octets) >= 16:
        return _wrapped(octets)
    top = next(iter(_der.elements(octets)), None)
    if top is None:
        return None
    problems = () if top.complete else ("truncated-token",)
    if top.tag == _GSS:
        return _framed(top.content, problems)
    if top.tag in (_NEG_RESPONSE, 0xA0):
        return _negotiation(octets[:1] == b"\xa1", _der.child(top.content, _SEQUENCE) or b"", problems)
    facts = _kerberos.message_facts(octets)
    return None if facts is None else Token("Kerberos", facts, problems=problems)


def summary(token: Token, octets: bytes) -> Masked:
    """The token in words on one line; the octets themselves are a secret part of it."""
    if token.ntlm is not None:
        inner = _ntlm_reading.summary(_ntlm_message.parse(token.ntlm))
        return inner if token.kind == "NTLM" else (f"{token.kind} with ", *inner)
    words = [f"{name.replace('_', ' ')} {_joined(value)}" for name, value in token.facts.items() if name != "message"]
    said = " ".join(filter(None, (token.kind, token.facts.get("message"))))
    return (f"{said}: {', '.join(words)} " if words else f"{said} ", Secret(octets))


def _joined(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _framed(content: bytes, problems: tuple[str, ...]) -> Token:
    """An InitialContextToken (RFC 2743, 3.1): a mechanism's OID, then what that mechanism says."""
    name = _der.oid(_der.child(content, _OID) or b"")
    rest = content[2 + len(_der.child(content, _OID) or b"") :]
    if name == _SPNEGO:
        return _negotiation(False, _der.child(rest, 0xA0, _SEQUENCE) or b"", problems)
    if not _MECHANISMS.get(name, "").startswith("Kerberos"):
        inner = rest if rest.startswith(_ntlm_message.SIGNATURE) else None
        return Token("GSS", {"mechanism": _MECHANISMS.get(name, name)}, ntlm=inner, problems=problems)
    facts = _kerberos.message_facts(rest[2:]) or {"message": _KERBEROS_TOKENS.get(rest[:2], "unknown")}
    return Token("Kerberos", facts, problems=problems)


def _negotiation(is_response: bool, sequence: bytes, problems: tuple[str, ...]) -> Token:
    """A NegTokenInit or NegTokenResp (RFC 4178, 4.2), with the token of the mechanism inside read too."""
    fields = {each.tag & 0x1F: each.content for each in _der.elements(sequence) if each.tag & 0xE0 == 0xA0}
    token = Token("SPNEGO", problems=problems)
    if is_response:
        state = _der.integer(_der.child(fields.get(0, b""), 0x0A))
        token.facts = {
            "state": None if state is None else _STATES.get(state, f"state {state}"),
            "chosen": _mechanism(_der.child(fields.get(1, b""), _OID)),
        }
    else:
        offered = _der.elements(_der.child(fields.get(0, b""), _SEQUENCE) or b"")
        token.facts = {"offered": [_mechanism(each.content) for each in offered if each.tag == _OID]}
    token.facts = {name: value for name, value in token.facts.items() if value}
    inner = _der.child(fields.get(2, b""), _OCTETS)
    if inner:
        _join(token, inner)
    return token


def _join(token: Token, inner: bytes) -> None:
    """Put what the mechanism's own token says into the negotiation's."""
    if inner.startswith(_ntlm_message.SIGNATURE):
        token.ntlm = inner
    elif inner[:1] == b"\x60" and _der.oid(_der.child(inner, _GSS, _OID) or b"") != _SPNEGO:
        said = read(inner)
        if said is not None:
            token.facts |= said.facts
            token.kind = f"SPNEGO with {said.kind}"


def _mechanism(content: bytes | None) -> str | None:
    name = _der.oid(content or b"")
    return _MECHANISMS.get(name, name) or None


def _wrapped(octets: bytes) -> Token:
    """A wrap token (RFC 4121, 4.2.6.2); unsealed ones show the choice of a security layer (RFC 4752, 3.3)."""
    sealed, extra = bool(octets[2] & 2), int.from_bytes(octets[4:6], "big")
    facts: dict[str, Any] = {"message": "wrap", "sealed": sealed}
    rotated = int.from_bytes(octets[6:8], "big")
    payload = b"" if sealed else _unrotated(octets[16:], rotated)
    payload = payload[: len(payload) - extra] if extra <= len(payload) else b""
    if len(payload) < 4:
        return Token("GSS", facts)
    layers = tuple(name for bit, name in _LAYERS.items() if payload[0] & bit)
    authzid = payload[4:].decode("utf-8", "replace") or None
    facts |= {"layers": list(layers), "greatest_message": int.from_bytes(payload[1:4], "big")}
    return Token("GSS", facts, layers=layers, authzid=authzid)


def _unrotated(octets: bytes, count: int) -> bytes:
    """The octets before the right rotation that the sender may have done (RFC 4121, 4.2.5)."""
    count = count % len(octets) if octets else 0
    return octets[count:] + octets[:count]
