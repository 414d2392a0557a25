"""What a command line, a reply line and an enhanced status code look like (RFC 5321, RFC 3463)."""

from __future__ import annotations

import re
from functools import lru_cache

VERBS = frozenset(
    "HELO EHLO LHLO MAIL RCPT DATA BDAT RSET VRFY EXPN HELP NOOP QUIT AUTH STARTTLS TURN ETRN ATRN SEND SOML SAML"
    " BURL XCLIENT XFORWARD X-EXPS X-ANONYMOUSTLS XEXCH50 X-LINK2STATE XSHADOW XSHADOWREQUEST XRDST XADR XVRFY"
    " XPROXY XPROXYFROM XPROXYTO XSESSIONPARAMS XUSR XAUTH XSTA XTRN ONEX VERB".split()
)
"""Verbs of the standards and of Exchange, Postfix and Sendmail."""
AS_WRITTEN = {form.encode(): verb for verb in VERBS for form in (verb, verb.lower(), verb.capitalize())}
"""Known verbs in upper case, by the ways in which they are mostly written."""
_AFTER = frozenset((b" ", b"\r", b"\n"))

VERB = re.compile(rb"[A-Za-z][A-Za-z0-9-]*(?=[ \t\r\n]|$)|[Aa][Uu][Tt][Hh](?==)")
"""The verb at the beginning of a command line (RFC 5321, 4.1.1, with the hyphen of Exchange's verbs).

Some old clients write AUTH=LOGIN, as old servers offer it.
"""

PLAIN = re.compile(rb"([A-Za-z]{4})(?: [\t -~]{0,2000})?\r\n")
"""A command line as nearly all are: four letters, printable octets, CRLF, and no longer than any server takes."""

_COMMAND = re.compile(
    rb"(?i:MAIL[ \t]+FROM[ \t]*:|RCPT[ \t]+TO[ \t]*:|(?:DATA|QUIT|RSET|NOOP|STARTTLS|X-ANONYMOUSTLS|TURN)[ \t]*\r?\n"
    rb"|(?:EHLO|HELO|LHLO|VRFY|EXPN|ETRN)[ \t]+[^ \t\r\n]+[ \t]*\r?\n|NOOP[ \t]|HELP[ \t]*\r?\n"
    rb"|(?:AUTH|X-EXPS)[ \t=]+[A-Z0-9_-]{3,20}[ \t\r\n]|BDAT[ \t]+[0-9]{1,18}[ \t\r\n]|XCLIENT[ \t]+[A-Z]+=)"
)

REPLY_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])|(?=\r?\n|$))")
"""Code and separator at the beginning of a reply line (RFC 5321, 4.2)."""

ENHANCED = re.compile(rb"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?=[ \t\r\n]|$)")
"""An enhanced status code (RFC 3463)."""

_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?[ \t]*\r?\n?$")

_LIKE_A_VERB = re.compile(r"(?:[A-Z-]{1,32}|[a-z-]{1,32}|[A-Z][a-z-]{1,31}|[Xx][A-Za-z0-9-]{1,31}|[A-Za-z0-9]{1,7})$")


def without_line_end(line: bytes) -> bytes:
    """The line without the CRLF, LF or CR NUL that ends it; a lone CR inside stays."""
    if line.endswith((b"\r\n", b"\r\0")):
        return line[:-2]
    return line[:-1] if line.endswith(b"\n") else line


def verb_of(line: bytes) -> str | None:
    """The verb of a command line in upper case, None where it does not begin with one.

    An unknown word passes as a verb unless it is written as no verb is: long, in mixed case or with digits, as a
    response in base64 that came too late.
    """
    known = AS_WRITTEN.get(line[:4]) if line[4:5] in _AFTER else None  # as nearly always
    if known is not None:
        return known
    found = VERB.match(line)
    if found is None:
        return None
    known = AS_WRITTEN.get(found[0])
    if known is not None:
        return known
    word = found[0].decode("ascii")
    verb = word.upper()
    return verb if verb in VERBS or _LIKE_A_VERB.match(word) else None


def is_command(octets: bytes, start: int = 0) -> bool:
    """Whether the line that begins at `start` is a command beyond reasonable doubt, also where content might stand."""
    return _COMMAND.match(octets, start) is not None


def is_base64(line: bytes) -> bool:
    """Whether the line is base64 and nothing else (RFC 4648, 4)."""
    return _BASE64.match(line) is not None


@lru_cache(maxsize=1024)
def enhanced_code(lines: tuple[bytes, ...]) -> str | None:
    """The enhanced status code of the first reply line that has one."""
    for line in lines:
        found = ENHANCED.match(line, 4)
        if found:
            return found.group().decode("ascii")
    return None
