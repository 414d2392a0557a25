"""One connection written down as other tools would: for tests that a judgement does not depend on the dialect."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from smtptrace.wire import Connection, Gap, Note, Octets, Secured, Side

Line = tuple[Side | None, str, bool]
"""(who said it, None for a remark; the line; whether inside TLS)."""


def lines_of(connection: Connection) -> list[Line]:
    """The lines of both sides and the remarks, in the order of the source."""
    found: list[Line] = []
    rest = {Side.CLIENT: "", Side.SERVER: ""}
    tls = False
    for event in connection.events:
        if isinstance(event, Octets):
            text = rest[event.side] + event.data.decode("utf-8", "surrogateescape")
            *whole, rest[event.side] = text.split("\n")
            found += [(event.side, line.removesuffix("\r"), tls) for line in whole]
        elif isinstance(event, Note):
            found.append((None, event.text, tls))
        elif isinstance(event, Secured) and event.opened:
            tls = True
            found.append((None, "", True))
    found += [(side, line, tls) for side, line in rest.items() if line]
    return found


def with_other_names(text: str) -> str:
    """The text with other hosts, addresses, identifiers and dates of the same form."""
    for pattern, replacement in _RENAMED:
        text = pattern.sub(replacement, text)
    return text


_RENAMED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\bexample\.(com|org|net)\b"), r"sample-\1.test"),
    (re.compile(r"\bcontoso\.example\b"), "fabrikam.example"),
    (re.compile(r"\b192\.0\.2\.(\d+)"), r"198.51.100.\1"),
    (re.compile(r"\b203\.0\.113\.(\d+)"), r"192.0.2.\1"),
    (re.compile(r"\b20(1\d|2[0-3])-(\d\d)-(\d\d)\b"), r"2024-\2-\3"),
    (re.compile(r"\bx[0x]{8,}\.?\w*"), "d9e6f1c2a0b77-7"),
)


def mailkit(lines: Sequence[Line], host: str) -> Iterator[str]:
    """`C:` and `S:` with the line that names the server, as MailKit's ProtocolLogger writes."""
    if host:
        yield f"Connected to smtp://{host}:587/?starttls=when-available"
    for side, line, _ in lines:
        if side is not None:
            yield f"{'C' if side is Side.CLIENT else 'S'}: {line}"
        elif line:
            yield line


def swaks(lines: Sequence[Line], host: str) -> Iterator[str]:
    """Arrows that tell clear from TLS, as swaks prints."""
    if host:
        yield f"=== Trying {host}:587..."
        yield f"=== Connected to {host}."
    secured = False
    for side, line, tls in lines:
        if side is None:
            if tls and not secured and not line:
                secured = True
                yield "=== TLS started with cipher TLSv1.3:TLS_AES_256_GCM_SHA384:256"
            elif line:
                yield f"*** {line}"
        elif side is Side.CLIENT:
            yield f" {'~' if tls else '-'}> {line}"
        else:
            mark = ("<~* " if tls else "<** ") if line[:1] in "45" else "<~  " if tls else "<-  "
            yield mark + line


def nodemailer(lines: Sequence[Line], host: str) -> Iterator[str]:
    """Stamped lines with a session id, as nodemailer's logger prints."""
    stamp = "[2024-05-06 07:08:09]"
    if host:
        yield f"{stamp} DEBUG [kX3bQ7pLmNo] Resolved {host} as 198.51.100.7 [cache miss]"
        yield f"{stamp} INFO  [kX3bQ7pLmNo] Connection established to 198.51.100.7:587"
    for side, line, tls in lines:
        if side is not None:
            yield f"{stamp} DEBUG [kX3bQ7pLmNo] {'C' if side is Side.CLIENT else 'S'}: {line}"
        elif line:
            yield f"{stamp} ERROR [kX3bQ7pLmNo] {line}"
        elif tls:
            yield f"{stamp} INFO  [kX3bQ7pLmNo] Connection upgraded with STARTTLS"


def msmtp(lines: Sequence[Line], host: str) -> Iterator[str]:
    """Arrows of two hyphens, as msmtp --debug prints."""
    if host:
        yield f"host = {host}"
    for side, line, _ in lines:
        if side is not None:
            yield f"{'-->' if side is Side.CLIENT else '<--'} {line}"
        elif line:
            yield f"msmtp: {line}"


RENDERINGS: dict[str, Callable[[Sequence[Line], str], Iterator[str]]] = {
    "mailkit": mailkit,
    "swaks": swaks,
    "nodemailer": nodemailer,
    "msmtp": msmtp,
}


def rendered(connection: Connection, dialect: str) -> str:
    """The connection in a dialect, with other names; without its beginning where that was missing."""
    first = connection.events[0] if connection.events else None
    named = connection.server.host if re.search("[a-z]", connection.server.host) else "mail.server.test"
    lines = RENDERINGS[dialect](lines_of(connection), "" if isinstance(first, Gap) else named)
    return with_other_names("\n".join(lines)) + "\n"
