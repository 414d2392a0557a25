"""What a command line, a reply line and an enhanced status code look like (RFC 5321, RFC 3463)."""

from __future__ import annotations

import re
from collections.abc import Iterable

VERBS = frozenset(
    "HELO EHLO LHLO MAIL RCPT DATA BDAT RSET VRFY EXPN HELP NOOP QUIT AUTH STARTTLS TURN ETRN ATRN SEND SOML SAML"
    " BURL XCLIENT XFORWARD X-EXPS X-ANONYMOUSTLS XEXCH50 X-LINK2STATE XSHADOW XSHADOWREQUEST XRDST XADR XVRFY"
    " XPROXY XPROXYFROM XPROXYTO XSESSIONPARAMS XUSR XAUTH XSTA XTRN ONEX VERB".split()
)
"""Verbs of the standards and of Exchange, Postfix and Sendmail."""

VERB = re.compile(rb"[A-Za-z][A-Za-z0-9-]*(?=[ \t\r\n]|$)")
"""The verb at the beginning of a command line (RFC 5321, 4.1.1, with the hyphen of Exchange's verbs)."""

REPLY_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])|(?=\r?\n|$))")
"""Code and separator at the beginning of a reply line (RFC 5321, 4.2)."""

ENHANCED = re.compile(rb"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?=[ \t\r\n]|$)")
"""An enhanced status code (RFC 3463)."""


def without_line_end(line: bytes) -> bytes:
    """The line without the CRLF, LF or CR NUL that ends it; a lone CR inside stays."""
    if line.endswith((b"\r\n", b"\r\0")):
        return line[:-2]
    return line[:-1] if line.endswith(b"\n") else line


def verb_of(line: bytes) -> str | None:
    """The verb of a command line in upper case, None where it does not begin with one."""
    found = VERB.match(line)
    return found.group().decode("ascii").upper() if found else None


def enhanced_code(lines: Iterable[bytes]) -> str | None:
    """The enhanced status code of the first reply line that has one."""
    for line in lines:
        found = ENHANCED.match(line, 4)
        if found:
            return found.group().decode("ascii")
    return None
