"""What the header section of a message says, read with bounds and without trust."""

from __future__ import annotations

import re
from typing import Any

from smtptrace.smtp import Content

_LONGEST = 8192
_FOLD = re.compile(rb"\r?\n(?=[ \t])")


def message_facts(content: Content | None) -> dict[str, Any]:
    """Subject and Message-ID of a content, decoded (RFC 5322, RFC 2047); None where there is none.

    `attachments` is None: they are not looked for here.
    """
    head = b"\n" + _header_section(content.head) if content is not None else b""
    lower = head.lower()
    subject, message_id = _field(head, lower, b"\nsubject:"), _field(head, lower, b"\nmessage-id:")
    return {
        "subject": None if subject is None else _decoded(subject),
        "message_id": None if message_id is None else message_id.decode("utf-8", "replace"),
        "attachments": None,
    }


def _header_section(head: bytes) -> bytes:
    end = head.find(b"\r\n\r\n")
    bare = head.find(b"\n\n", 0, end if end >= 0 else len(head))
    return head[:bare] if bare >= 0 else head[:end] if end >= 0 else head


def _field(head: bytes, lower: bytes, name: bytes) -> bytes | None:
    """The first field of that name, unfolded and bounded; RFC 5322, 2.2.3."""
    start = lower.find(name)
    if start < 0:
        return None
    start += len(name)
    stop = start
    while True:
        stop = head.find(b"\n", stop)
        if stop < 0 or head[stop + 1 : stop + 2] not in (b" ", b"\t"):
            break
        stop += 1
    value = head[start : stop if stop >= 0 else len(head)][:_LONGEST]
    return (_FOLD.sub(b"", value) if b"\n" in value else value).strip()


def _decoded(value: bytes) -> str:
    text = value.decode("utf-8", "replace")
    if "=?" not in text:
        return text
    from email.header import decode_header, make_header

    try:
        return str(make_header(decode_header(text)))
    except Exception:  # noqa: BLE001 - `email` raises many kinds on hostile encoded words; the raw text then stands
        return text
