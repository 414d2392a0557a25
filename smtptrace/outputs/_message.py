"""What the header section of a message says, read with bounds and without trust."""

from __future__ import annotations

import re
from typing import Any

from smtptrace.smtp import Content

_FIELD = re.compile(rb"(?im)^(subject|message-id):[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)")
_LONGEST = 8192


def message_facts(content: Content | None) -> dict[str, Any]:
    """Subject and Message-ID of a content, decoded (RFC 5322, RFC 2047); None where there is none.

    `attachments` is None: they are not looked for here.
    """
    fields: dict[str, Any] = {"subject": None, "message_id": None, "attachments": None}
    if content is None or not content.head:
        return fields
    head = _header_section(content.head)
    for name, value in _FIELD.findall(head):
        key = "subject" if name.lower() == b"subject" else "message_id"
        if fields[key] is None:
            unfolded = re.sub(rb"\r?\n(?=[ \t])", b"", value[:_LONGEST]).strip()
            fields[key] = _decoded(unfolded) if key == "subject" else unfolded.decode("utf-8", "replace")
    return fields


def _header_section(head: bytes) -> bytes:
    ends = [at for at in (head.find(b"\r\n\r\n"), head.find(b"\n\n")) if at >= 0]
    return head[: min(ends)] if ends else head


def _decoded(value: bytes) -> str:
    text = value.decode("utf-8", "replace")
    if "=?" not in text:
        return text
    from email.header import decode_header, make_header

    try:
        return str(make_header(decode_header(text)))
    except Exception:  # noqa: BLE001 - `email` raises many kinds on hostile encoded words; the raw text then stands
        return text
