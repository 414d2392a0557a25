"""What a target offers in its reply to EHLO, and commands fitted to it (RFC 5321, 4.1.1.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from smtptrace.replay.script import Said

_NEEDS = {
    b"SIZE": "SIZE",
    b"BODY": "8BITMIME",
    b"SMTPUTF8": "SMTPUTF8",
    b"AUTH": "AUTH",
    b"RET": "DSN",
    b"ENVID": "DSN",
    b"NOTIFY": "DSN",
    b"ORCPT": "DSN",
}
"""Parameters of MAIL and RCPT by the extension that allows them; others are left out."""
UTF8 = re.compile(rb"(?i)[ \t]SMTPUTF8(?=[ \t]|$)")
"""The parameter of MAIL that announces addresses in UTF-8."""
_PARAMETER = re.compile(rb"[ \t]+([A-Za-z0-9-]+)(?:=([^ \t]*))?")


def offered_lines(reply: Said) -> list[str]:
    """The lines of a reply to EHLO after its first."""
    return [line[4:].decode("utf-8", "backslashreplace") for line in reply.lines[1:]]


def offer(reply: Said) -> dict[str, str]:
    """Extensions with their parameters, upper case; `AUTH=LOGIN` of old servers is told apart from AUTH."""
    found: dict[str, str] = {}
    for line in offered_lines(reply):
        keyword, _, parameters = line.upper().partition(" ")
        found[keyword] = parameters
    return found


def fitted(line: bytes, offered: Mapping[str, str], size: int) -> tuple[bytes, tuple[str, ...]]:
    """MAIL or RCPT with the parameters that are offered and the true SIZE, and what was left out."""
    start = line.find(b">") + 1
    if not start:
        return line, ()
    kept, left = [line[:start]], []
    for found in _PARAMETER.finditer(line, start):
        name, need = found[1].upper(), _NEEDS.get(found[1].upper())
        if need is None or need not in offered:
            left.append(f"{name.decode()} left out")
        else:
            kept.append(b" SIZE=%d" % size if name == b"SIZE" else b" " + found[0].lstrip())
    return b"".join(kept), tuple(left)
