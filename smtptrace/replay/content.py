"""Messages to send: those of the trace with fresh fields, and one made for a test."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Sequence

FIELD = "X-Smtptrace-Replay"

_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:")
_RECEIPTS = rb"disposition-notification-to|return-receipt-to|x-confirm-reading-to|errors-to"
"""Whom to tell of the message besides its sender (RFC 8098, 2.1; the others are older)."""
_RENEWED = re.compile(
    rb"(?im)^(?:date|message-id|x-smtptrace-replay|%s)[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*(?:\n|\Z)" % _RECEIPTS
)
_BARE = re.compile(rb"\r\n|\r|\n")


def renewed(content: bytes, fields: bytes) -> bytes:
    """The message with these fields at its top in the place of its own Date and Message-ID, asking for no receipts."""
    if not _HEADER.match(content):
        return fields + b"\r\n" + content
    end = content.find(b"\r\n\r\n")
    stop = len(content) if end < 0 else end + 2
    return fields + _RENEWED.sub(b"", content[:stop]) + content[stop:]


def fresh_fields() -> bytes:
    """Date, Message-ID and the field that tells a replayed message, never the same twice."""
    from email.utils import formatdate

    unique = secrets.token_hex(16)
    lines = (f"{FIELD}: yes", f"Date: {formatdate(time.time())}", f"Message-ID: <{unique}@smtptrace.invalid>")
    return "".join(line + "\r\n" for line in lines).encode()


def short_message(sender: bytes, recipients: Sequence[bytes]) -> bytes:
    """A short message in the place of one that the trace does not hold; the fields of `fresh_fields` come to it."""
    to = b", ".join(recipients) or b"undisclosed-recipients:;"
    lines = (b"From: <" + sender + b">", b"To: " + to, b"Subject: smtptrace replay", b"", b"A test message.")
    return b"".join(line + b"\r\n" for line in lines)


def with_line_ends(content: bytes) -> bytes:
    """The octets of a file with CRLF at the end of each line, the last one too."""
    text = _BARE.sub(b"\r\n", content)
    return text if not text or text.endswith(b"\r\n") else text + b"\r\n"


def stuffed(content: bytes) -> bytes:
    """Content as DATA sends it: dots doubled, the end mark behind it (RFC 5321, 4.5.2)."""
    lead = b"." if content.startswith(b".") else b""
    end = b".\r\n" if not content or content.endswith(b"\r\n") else b"\r\n.\r\n"
    return lead + content.replace(b"\n.", b"\n..") + end


def chunks(content: bytes, sizes: Sequence[int]) -> tuple[bytes, ...]:
    """The content in as many chunks as there are sizes; the last takes what is left."""
    pieces, at = [], 0
    for size in sizes[:-1]:
        pieces.append(content[at : at + size])
        at += size
    return (*pieces, content[at:])
