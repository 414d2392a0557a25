"""Messages with pseudonyms in their headers and filler of the same size instead of what they say."""

from __future__ import annotations

import re

from smtptrace.pseudonymize import _kept
from smtptrace.pseudonymize._names import filler
from smtptrace.pseudonymize._text import Sweeper

_KEPT = frozenset(
    "date mime-version content-type content-transfer-encoding content-disposition content-length importance priority"
    " precedence auto-submitted x-priority x-mailer user-agent x-originating-client return-path".split()
)
_NAMED = re.compile(r'((?:file)?name\*?[0-9]*\*?|boundary)=("[^"]*"|[^;\s]*)', re.IGNORECASE)
_FIELD = re.compile(rb"([!-9;-~]{1,76})(:[ \t]*)(.*)", re.DOTALL)
_LINE = re.compile(rb"[^\n]*\n|[^\n]+")


def rewritten(
    content: bytes, sweeper: Sweeper, *, inside_body: bool, keep: bool, unread: list[str] | None = None
) -> tuple[bytes, bool]:
    """The content as sent with other names, and whether it ends inside the body.

    Line ends, dots at the beginning of lines and the lengths of body lines stay; with `keep` the body stays but for
    the names that are found in it. What is encoded there and holds a name is filled too, and what is encoded and is
    no text; `unread` is told of that.
    """
    written: list[bytes] = []
    body: list[bytes] = []
    field = ""
    for found in _LINE.finditer(content):
        line = found.group()
        text = line.rstrip(b"\r\n")
        end = line[len(text) :]
        if inside_body:
            (body if keep else written).append(line if keep else _filled(text) + end)
            continue
        if not text:
            inside_body = True
        header = _FIELD.fullmatch(text)
        if header and not text.startswith((b" ", b"\t")):
            field = header[1].decode("ascii").lower()
            text = header[1] + header[2] + _value(field, header[3], sweeper)
        elif text and text != b".":
            text = _value(field, text, sweeper)
        written.append(text + end)
    if body:
        written += _kept.rewritten(body, sweeper, [] if unread is None else unread)
    return b"".join(written), inside_body


def _value(field: str, value: bytes, sweeper: Sweeper) -> bytes:
    text = value.decode("utf-8", "replace")
    if field not in _KEPT:
        return sweeper.outline(text).encode()
    pieces, at = [], 0
    for found in _NAMED.finditer(text):
        pieces += [sweeper.text(text[at : found.start()]), f"{found[1]}={sweeper.outline(found[2])}"]
        at = found.end()
    return "".join([*pieces, sweeper.text(text[at:])]).encode()


def _filled(text: bytes) -> bytes:
    """A body line; the dot that ends the content, or is stuffed, stays."""
    return b"." + filler(text[1:]) if text.startswith(b".") else filler(text)
