"""Names of the numbers in TLS handshakes: versions, cipher suites and alerts, as IANA has them."""

from __future__ import annotations

import functools

ALERTS = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    21: "decryption_failed",
    22: "record_overflow",
    30: "decompression_failure",
    40: "handshake_failure",
    41: "no_certificate",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    60: "export_restriction",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    100: "no_renegotiation",
    109: "missing_extension",
    110: "unsupported_extension",
    111: "certificate_unobtainable",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    114: "bad_certificate_hash_value",
    115: "unknown_psk_identity",
    116: "certificate_required",
    120: "no_application_protocol",
}
"""Descriptions of alerts (RFC 8446, 6)."""

_VERSIONS = {
    0x0002: "SSLv2",
    0x0300: "SSLv3",
    0x0301: "TLSv1.0",
    0x0302: "TLSv1.1",
    0x0303: "TLSv1.2",
    0x0304: "TLSv1.3",
}


def is_grease(number: int) -> bool:
    """Whether a number is one that clients make up so that servers learn to ignore it (RFC 8701)."""
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF


def version_name(number: int) -> str:
    """The name of a protocol version, in hex where it has none."""
    return _VERSIONS.get(number) or f"0x{number:04X}"


def alert_name(number: int) -> str:
    """The description of an alert, its number where it has none."""
    return ALERTS.get(number) or f"alert {number}"


def cipher_name(number: int) -> str:
    """The name of a cipher suite, in hex where it has none."""
    return _ciphers().get(number) or f"0x{number:04X}"


@functools.cache
def _ciphers() -> dict[int, str]:
    from importlib.resources import files

    rows = files("smtptrace.tls").joinpath("ciphers.txt").read_text("ascii").splitlines()
    return {int(row[:4], 16): row[5:] for row in rows}
