"""Is it SMTP? A flow is judged by what it says; the port only helps where that says too little."""

from __future__ import annotations

import enum
import re
from typing import NamedTuple

from smtptrace import grammar

SMTP_PORTS = frozenset({24, 25, 465, 475, 587, 717, 2525, 2526})
"""SMTP, submission (RFC 6409), implicit TLS (RFC 8314), LMTP, those of Exchange's inner transport, and a few more."""

_FTP_PORT = 21


class Verdict(enum.Enum):
    """What a flow is; the members that say SMTP name the client."""

    UNDECIDED = 0
    OTHER = 1
    FIRST_IS_CLIENT = 2
    SECOND_IS_CLIENT = 3


class Evidence(enum.IntEnum):
    """How much the first octets of a direction look like one end of SMTP."""

    FOREIGN = 0
    UNKNOWN = 1
    WEAK = 2
    FAIR = 3
    CERTAIN = 4


_CLIENT_CERTAIN = re.compile(
    rb"^(?:(?:EHLO|HELO|LHLO)(?:[ \t][^\r\n]*)?\r?\n|(?:EHLO|HELO|LHLO)[ \t]|MAIL[ \t]{1,8}FROM[ \t]{0,8}:"
    rb"|RCPT[ \t]{1,8}TO[ \t]{0,8}:|BDAT[ \t]+[0-9]|X-ANONYMOUSTLS\r?\n|X-EXPS[ \t]|XCLIENT[ \t]|XFORWARD[ \t]|XPROXY)",
    re.IGNORECASE | re.MULTILINE,
)
_SERVER_CERTAIN = re.compile(
    rb"^(?:(?:220|421|[45][0-9][0-9])[ -][^\r\n]*(?:SMTP|LMTP)"
    rb"|334(?: [A-Za-z0-9+/=]*)?\r?\n|354[ -]"
    rb"|([245])[0-9][0-9][ -]\1\.[0-9]{1,3}\.[0-9]{1,3}[ \r\n]"
    rb"|250[ -](?:PIPELINING|8BITMIME|STARTTLS|CHUNKING|SMTPUTF8|DSN|ENHANCEDSTATUSCODES|SIZE|AUTH)\b)",
    re.IGNORECASE | re.MULTILINE,
)
_TLS_RECORD = re.compile(rb"[\x14-\x17]\x03[\x00-\x04][\x00-\x48]")
_CLIENT_HELLO = re.compile(rb"\x16\x03[\x00-\x04]..\x01|\x80.\x01[\x00\x03][\x00-\x04]", re.DOTALL)
_REPLY_BEGUN = re.compile(rb"[2-5](?:[0-9](?:[0-9](?:[ -]|\r?\n|\r?$)?)?)?$")
_WORD_BEGUN = re.compile(rb"[A-Za-z][A-Za-z0-9-]{0,14}$")
_PREAMBLE = re.compile(
    rb"PROXY (?:TCP4|TCP6|UNKNOWN)|\r\n\r\n\0\r\nQUIT\n|\xff[\xf0-\xfe]|[\r\n \x08\x7f]|[^\r\n]{0,80}[\x08\x7f]"
)
"""What may come before SMTP: the PROXY protocol, telnet's options, a key pressed."""
_PROXY2 = b"\r\n\r\n\0\r\nQUIT\n"
_UNPRINTABLE = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MAIL = re.compile(rb"smtp|lmtp|mail|postfix|exim|exchange|qmail|\bmx[0-9]*\.", re.IGNORECASE)
_OTHER_GREETING = re.compile(rb"ftp|nntp|usenet|\binn\b", re.IGNORECASE)
_GREETING = re.compile(rb"220[ -](?![245]\.[0-9])(?![^\r\n]*(?:TLS|go ahead|begin))", re.IGNORECASE)
"""A greeting, and not the reply to STARTTLS (RFC 5321, 4.2; RFC 3207, 4)."""
_FTP_AUTH = re.compile(rb"AUTH[ \t]+(?:TLS|SSL|GSSAPI)", re.IGNORECASE)
_COMMON_VERBS = frozenset({"QUIT", "NOOP", "HELP"})


def begins_with_greeting(head: bytes) -> bool:
    """Whether a server's octets begin where the session began."""
    return _GREETING.match(head) is not None


def is_text(octets: bytes) -> bool:
    """Whether octets could be lines of a message or of a dialogue."""
    return bool(octets) and _UNPRINTABLE.search(octets[:512]) is None and (len(octets) > 76 or b"\n" in octets)


def _after_proxy(head: bytes) -> bytes:
    """What follows a header of the PROXY protocol, version 2, which ends without a line end."""
    if not head.startswith(_PROXY2):
        return head
    return head[len(_PROXY2) + 4 + int.from_bytes(head[len(_PROXY2) + 2 : len(_PROXY2) + 4]) :]


def client_evidence(head: bytes) -> Evidence:
    """How much octets look like the client of SMTP."""
    head = _after_proxy(head)
    line, end, _ = head.partition(b"\n")
    verb = grammar.verb_of(line)
    has_preamble = _PREAMBLE.match(head) is not None
    if _CLIENT_CERTAIN.match(head) or ((has_preamble or verb in grammar.VERBS) and _CLIENT_CERTAIN.search(head)):
        return Evidence.CERTAIN
    if has_preamble or not head or (not end and _WORD_BEGUN.match(head)):
        return Evidence.UNKNOWN
    if verb not in grammar.VERBS or _FTP_AUTH.match(head):
        return Evidence.FOREIGN
    if not end:
        return Evidence.UNKNOWN
    return Evidence.WEAK if verb in _COMMON_VERBS else Evidence.FAIR


def server_evidence(head: bytes) -> Evidence:
    """How much octets look like the server of SMTP."""
    if not head:
        return Evidence.UNKNOWN
    if grammar.REPLY_LINE.match(head) is None:
        return Evidence.UNKNOWN if _REPLY_BEGUN.match(head) or _PREAMBLE.match(head) else Evidence.FOREIGN
    if _SERVER_CERTAIN.search(head):
        return Evidence.CERTAIN
    line = head.split(b"\n", 1)[0]
    if _OTHER_GREETING.search(line):
        return Evidence.FOREIGN
    if not is_text(head + b"\n"):  # a greeting may ring a bell
        return Evidence.UNKNOWN if line[:3] == b"220" else Evidence.FOREIGN
    return Evidence.FAIR if line[:3] == b"220" and _MAIL.search(line) else Evidence.WEAK


def judge(
    heads: tuple[bytes, bytes],
    ports: tuple[int, int],
    client: int | None,
    *,
    midway: bool,
    final: bool,
    sealed: bool = False,
) -> Verdict:
    """Judge a flow by the first octets of its two directions.

    Args:
        heads: the octets.
        ports: the ports that sent them.
        client: which direction is the client's, None where no SYN was seen.
        midway: whether the capture began in mid-connection.
        final: whether no more octets will come.
        sealed: whether a client that begins with TLS counts as SMTP on any port.
    """
    if sealed:
        for at, head in enumerate(heads):
            if client in (at, None) and _CLIENT_HELLO.match(head):
                return _as(at, True)
    if client is not None:
        return _as(client, _is_smtp(heads[client], heads[1 - client], ports[1 - client], midway=midway, final=final))
    likely = _likely_client(ports)
    ways = sorted((likely, 1 - likely), key=lambda at: -max(client_evidence(heads[at]), server_evidence(heads[1 - at])))
    verdicts = [_as(at, _is_smtp(heads[at], heads[1 - at], ports[1 - at], midway=midway, final=final)) for at in ways]
    found = next((verdict for verdict in verdicts if verdict not in (Verdict.UNDECIDED, Verdict.OTHER)), None)
    return found or (Verdict.UNDECIDED if Verdict.UNDECIDED in verdicts else Verdict.OTHER)


def _as(client: int, smtp: bool | None) -> Verdict:
    if smtp is None:
        return Verdict.UNDECIDED
    if not smtp:
        return Verdict.OTHER
    return Verdict.SECOND_IS_CLIENT if client else Verdict.FIRST_IS_CLIENT


def _likely_client(ports: tuple[int, int]) -> int:
    """The direction whose other end has the port of a server; the lower port where that does not tell."""
    one, two = (port in SMTP_PORTS for port in ports)
    if one != two:
        return 0 if two else 1
    return 0 if ports[0] >= ports[1] else 1


class _Said(NamedTuple):
    """What was said, if one end is the client and the other the server."""

    client: bytes
    asks: Evidence
    answers: Evidence
    server_spoke_tls: bool
    port: int
    midway: bool
    final: bool


def _is_smtp(client: bytes, server: bytes, port: int, *, midway: bool, final: bool) -> bool | None:
    """Whether it is SMTP if these are the client's and the server's octets; None where that is not clear yet."""
    asks, answers = client_evidence(client), server_evidence(server)
    if Evidence.CERTAIN in (asks, answers):
        return True
    said = _Said(client, asks, answers, _TLS_RECORD.match(server) is not None, port, midway, final)
    return _on_smtp_port(said) if port in SMTP_PORTS else _on_other_port(said)


def _on_smtp_port(said: _Said) -> bool | None:
    if said.answers >= Evidence.WEAK or said.asks >= Evidence.WEAK or _CLIENT_HELLO.match(said.client):
        return True
    if said.midway and (said.server_spoke_tls or _TLS_RECORD.match(said.client) or is_text(said.client)):
        return True
    if said.answers is Evidence.FOREIGN or said.final:
        return False
    return None


def _on_other_port(said: _Said) -> bool | None:
    if said.answers is Evidence.FOREIGN:
        return False
    if said.answers >= Evidence.WEAK and said.asks is Evidence.FAIR:
        return True
    is_content = said.midway and is_text(said.client)
    if said.asks is Evidence.FOREIGN and not is_content and said.answers is not Evidence.FAIR:
        return False
    if said.final:
        return said.answers is Evidence.FAIR and said.port != _FTP_PORT
    return None
