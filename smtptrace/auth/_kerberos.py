"""What a Kerberos message shows without any key (RFC 4120; tokens of RFC 1964 and RFC 4121)."""

from __future__ import annotations

from typing import Any

from smtptrace.auth import _der, _text

AP_REQ, AP_REP, KRB_ERROR = 14, 15, 30
_NAMES = {10: "AS-REQ", 11: "AS-REP", 12: "TGS-REQ", 13: "TGS-REP", 14: "AP-REQ", 15: "AP-REP", 30: "KRB-ERROR"}
_ETYPES = {
    1: "des-cbc-crc",
    3: "des-cbc-md5",
    16: "des3-cbc-sha1",
    17: "aes128-cts-hmac-sha1-96",
    18: "aes256-cts-hmac-sha1-96",
    19: "aes128-cts-hmac-sha256-128",
    20: "aes256-cts-hmac-sha384-192",
    23: "rc4-hmac",
    24: "rc4-hmac-exp",
}
_ERRORS = {
    6: "KDC_ERR_C_PRINCIPAL_UNKNOWN",
    7: "KDC_ERR_S_PRINCIPAL_UNKNOWN",
    14: "KDC_ERR_ETYPE_NOSUPP",
    18: "KDC_ERR_CLIENT_REVOKED",
    23: "KDC_ERR_KEY_EXPIRED",
    24: "KDC_ERR_PREAUTH_FAILED",
    25: "KDC_ERR_PREAUTH_REQUIRED",
    31: "KRB_AP_ERR_BAD_INTEGRITY",
    32: "KRB_AP_ERR_TKT_EXPIRED",
    33: "KRB_AP_ERR_TKT_NYV",
    34: "KRB_AP_ERR_REPEAT",
    35: "KRB_AP_ERR_NOT_US",
    36: "KRB_AP_ERR_BADMATCH",
    37: "KRB_AP_ERR_SKEW",
    41: "KRB_AP_ERR_MODIFIED",
    44: "KRB_AP_ERR_BADKEYVER",
    45: "KRB_AP_ERR_NOKEY",
    46: "KRB_AP_ERR_MUT_FAIL",
    52: "KRB_ERR_RESPONSE_TOO_BIG",
    60: "KRB_ERR_GENERIC",
}
_AP_OPTIONS = {0x40000000: "use-session-key", 0x20000000: "mutual-required"}
_SEQUENCE = 0x30


def is_guessable(etype: str | None) -> bool:
    """Whether a ticket under this encryption lets guesses at the service's password be tested fast."""
    return etype is not None and etype.startswith(("rc4", "des"))


def message_facts(octets: bytes) -> dict[str, Any] | None:
    """Facts of a bare Kerberos message by name, `message` first; None where the octets are none."""
    top = next(iter(_der.elements(octets)), None)
    if top is None:
        return None
    fields = _fields(top.content if top.tag == _SEQUENCE else _der.child(top.content, _SEQUENCE))
    kind = next((number for at in (1, 2) if (number := _number(fields, at)) in _NAMES), None)
    if kind is None:
        return None
    facts: dict[str, Any] = {"message": _NAMES[kind]}
    if kind == AP_REQ:
        facts |= _ap_req(fields)
    elif kind == AP_REP:
        facts |= {"etype": _etype(fields.get(2))}
    elif kind == KRB_ERROR:
        facts |= _error(fields)
    return {name: value for name, value in facts.items() if value not in (None, "", [])}


def _fields(sequence: bytes | None) -> dict[int, bytes]:
    """The content of a SEQUENCE's context tags by number."""
    return {each.tag & 0x1F: each.content for each in _der.elements(sequence or b"") if each.tag & 0xE0 == 0xA0}


def _number(fields: dict[int, bytes], at: int) -> int | None:
    return _der.integer(_der.child(fields.get(at, b""), 0x02))


def _string(content: bytes | None) -> str | None:
    """A KerberosString or KerberosTime inside its context tag."""
    inner = next(iter(_der.elements(content or b"")), None)
    return None if inner is None or inner.tag not in (0x1B, 0x18, 0x0C) else _text.one_line(inner.content)


def _principal(content: bytes | None) -> str | None:
    names = _fields(_der.child(content or b"", _SEQUENCE)).get(1, b"")
    parts = [_text.one_line(each.content) for each in _der.elements(_der.child(names, _SEQUENCE) or b"")]
    return "/".join(parts) or None


def _etype(content: bytes | None) -> str | None:
    number = _number(_fields(_der.child(content or b"", _SEQUENCE)), 0)
    return None if number is None else _ETYPES.get(number, f"etype {number}")


def _ap_req(fields: dict[int, bytes]) -> dict[str, Any]:
    ticket = _fields(_der.child(fields.get(3, b""), 0x61, _SEQUENCE))
    sealed = _fields(_der.child(ticket.get(3, b""), _SEQUENCE))
    options = int.from_bytes((_der.child(fields.get(2, b""), 0x03) or b"")[1:5], "big")
    return {
        "realm": _string(ticket.get(1)),
        "service": _principal(ticket.get(2)),
        "ticket_etype": _etype(ticket.get(3)),
        "ticket_kvno": _number(sealed, 1),
        "authenticator_etype": _etype(fields.get(4)),
        "ap_options": [name for bit, name in _AP_OPTIONS.items() if options & bit],
    }


def _error(fields: dict[int, bytes]) -> dict[str, Any]:
    code = _number(fields, 6)
    return {
        "error": None if code is None else _ERRORS.get(code, f"error {code}"),
        "error_code": code,
        "server_time": _string(fields.get(4)),
        "realm": _string(fields.get(9)),
        "service": _principal(fields.get(10)),
        "client": _principal(fields.get(8)),
        "error_text": _string(fields.get(11)),
    }
