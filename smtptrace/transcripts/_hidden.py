"""What logs put in place of a secret, and credentials that they show decoded."""

from __future__ import annotations

import base64
import binascii
import re

from smtptrace import grammar

MASK = re.compile(
    rb"\*{3,}|x{4,}|X{4,}|\.{3}|-{4,}|_{4,}|\xe2\x80[\xa2\xa6]+|"
    rb"[\[(<{]{1,2}[ *]*(?:[\w ,]{0,30}(?:credential|redact|remov|hidden|hide|secret|password|snip"
    rb"|mask|suppress|omit|filter|cut|"
    rb"authentication (?:response|information)|binary data|user ?name"
    rb"|token|base64|censor)[\w ,]{0,40}|\.{2,3}|\xe2\x80\xa6)[ *]*[\])>}]{1,2}|"
    rb"(?i:redacted|removed|hidden|masked|censored|snip|PROVIDED_BUT_REMOVED|sanitized)|/\* ?secret ?\*/",
    re.I,
)
"""A whole value that stands for a secret, as tools and people write it."""

INNER = re.compile(rb"PROVIDED_BUT_REMOVED|/\* secret \*/|\*{6,}")
"""What tools put in place of the secret before they encode the rest."""

PROMPT = re.compile(rb"(?:user ?name|user|login|password|pass|benutzername|kennwort|passwort) ?:?\0?", re.I)
CRAM = re.compile(rb"<[^<>@ ]{1,200}@[^<>@ ]{1,200}>")

WEB_ADDRESS = re.compile(rb"\[email(?:\xc2\xa0| )protected\]|\[protected email\]", re.I)
"""What web pages show instead of an address."""


def is_masked(value: bytes) -> bool:
    """Whether a response, challenge or argument of AUTH is only a mark for what was there."""
    if not value:
        return False
    if len(value) < 120 and MASK.fullmatch(value.strip()):
        return True
    inner = decoded(value)
    return INNER.search(value if inner is None else inner) is not None


def decoded(value: bytes) -> bytes | None:
    """The octets of a base64 value, None where it is no base64."""
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


def reads_as_base64(value: bytes) -> bool:
    """Whether a response is more likely base64 than what it decodes to: it is, and its octets make sense."""
    inner = decoded(value)
    if inner is None:
        return False
    if not inner or inner.startswith((b"NTLMSSP\0", b"\x60", b"n,", b"\x01", b"y,", b"p=")):
        return True
    try:
        return all(mark.isprintable() or mark in "\0\x01\r\n" for mark in inner.decode("utf-8"))
    except UnicodeDecodeError:
        return len(value) > 64


def is_shown_decoded(challenge: bytes) -> bool:
    """Whether the text of a 334 reply is what a challenge decodes to, such as `Username:`."""
    return PROMPT.fullmatch(challenge) is not None or CRAM.fullmatch(challenge) is not None


def encoded(value: bytes) -> bytes:
    """What was on the wire for a value that the log shows decoded."""
    return base64.b64encode(value.replace(b"\\0", b"\0").replace(b"\\1", b"\x01"))


def auth_arguments(line: bytes) -> tuple[bytes, bytes | None]:
    """Mechanism and initial response of an AUTH command line; None where there is no initial response."""
    parts = line.split(None, 2)
    mechanism = parts[1] if len(parts) > 1 else b""
    return mechanism, parts[2] if len(parts) > 2 else None


def is_auth(verb: str | None) -> bool:
    """Whether the command begins an AUTH exchange (RFC 4954, and Exchange's own)."""
    return verb in ("AUTH", "X-EXPS")


def reply_code(line: bytes) -> tuple[int, bool] | None:
    """Code of a reply line, and whether it is the last of its reply."""
    found = grammar.REPLY_LINE.match(line)
    return (int(found[1]), found[2] != b"-") if found else None
