"""What other tools and people write where a secret stood; never a credential."""

from __future__ import annotations

import re

_WORDS = (
    rb"hidden|redacted|removed|masked|suppressed|snip(?:ped)?|omitted|censored|obfuscated|sanitized|sanitised|cut"
    rb"|password|passwd|credentials?|secret|token|base64|blob"
)
_MARK = re.compile(
    rb"\*{3,}|[xX]{4,}|\.{3}|#{4,}|-{4,}|(?:\xe2\x80\xa2){3,}|(?:\xe2\x97\x8f){3,}|\xe2\x80\xa6"
    rb"|PROVIDED_BUT_REMOVED"  # swaks
    rb"|/\* secret \*/"  # nodemailer
    rb"|.{0,20}command trace suppressed"  # JavaMail
    rb"|[\[<(](?:\.{3}|[^@{}\"]*[A-Za-z][^@{}\"]*)[\])>]"  # Exchange, PHPMailer, people: base64 has no brackets
    rb"|\$\{env:[A-Za-z_][A-Za-z0-9_]{0,63}\}"  # a script for a replay
    rb"|\{{1,2} ?(?:" + _WORDS + rb") ?\}{1,2}"
    rb"|\*{0,3}(?:REDACTED|redacted|HIDDEN|MASKED|REMOVED|SUPPRESSED|CENSORED|OMITTED|SNIP)\*{0,3}",
)
_VALUE = re.compile(
    rb"PROVIDED_BUT_REMOVED|/\* secret \*/|\*{4,}|[xX]{4,}|REDACTED|(?:\xe2\x80\xa2){3,}"
    rb"|[\[<({](?:hidden|redacted|removed|masked|suppressed|password|secret|token|\.{3})[\]>)}]",
)
_ENCODED = frozenset((b"Lyogc2VjcmV0ICov", b"UFJPVklERURfQlVUX1JFTU9WRUQ=", b"KioqKioqKio=", b"KioqKg=="))
_LONGEST = 80


def is_mark(text: bytes) -> bool:
    """Whether the whole text stands for something hidden: `********`, `[credentials hidden]`, `REDACTED`."""
    text = text.strip()
    return 0 < len(text) <= _LONGEST and (text in _ENCODED or _MARK.fullmatch(text) is not None)


def is_hidden_value(value: bytes) -> bool:
    """Whether a decoded value stands for one that was hidden: swaks and nodemailer encode their marks."""
    return _VALUE.fullmatch(value) is not None
