"""What is wrong with a user name or password, seen from its octets alone."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Callable

from smtptrace.auth import _kinds, _text

_PLACEHOLDER = re.compile(
    rb"undefined|null|none|nil|nan|\[object Object\]|%s|\$\{[^}]*\}|\$\([^)]*\)|\{\{[^}]*\}\}|%[A-Z_]+%|<nil>"
    rb"|(?:process\.env|os\.environ|result|config|settings|self|this)\.[A-Za-z_.]+|\$[A-Z_]{3,}",
    re.IGNORECASE,
)
_ESCAPE = re.compile(rb"\\0(?:00)?|\\x0[01]|\\u000[01]|%0[01]|\^[@A]|\\1|\\001")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
_INVISIBLE = re.compile("[\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2060\ufeff\u2018\u2019\u201c\u201d]")
_PLAIN_ADDRESS = re.compile(rb"[A-Za-z0-9._-]{1,64}@[A-Za-z0-9.-]{1,255}")
"""A user's name as most are, in which nothing can be wrong that shows."""
_ADDRESS = re.compile(
    rb"[A-Za-z0-9._%+=-]+@(?:[A-Za-z0-9-]+\.)+"
    rb"(?:com|net|org|edu|gov|mil|int|info|biz|eu|local|lan|corp|test|example|invalid|internal|home|[a-z]{2})"
)
_DOWN_LEVEL = re.compile(rb"[A-Z][A-Z0-9-]{1,14}\\[A-Za-z][A-Za-z0-9._-]{1,63}")
_ODD, _CAPITAL, _DIGIT = re.compile(rb"[!#$%^&*?+=~(){}<>,;]"), re.compile(rb"[A-Z]"), re.compile(rb"[0-9]")
_APP_PASSWORD = re.compile(rb"[a-z]{4}(?:(?: |\xc2\xa0)[a-z]{4}){3}")


def decoded_twice(value: bytes) -> bytes | None:
    """What base64 text inside `value` says, None unless that reads better than the text itself.

    A password can look like base64 by chance, so the second decoding has to be text or a known message.
    """
    if len(value) < 8 or len(value) % 4 or not _BASE64.fullmatch(value):
        return None
    inner = base64.b64decode(value, validate=True)
    known = _kinds.kind_of(inner) is not None
    return inner if known or (len(value) >= 12 and _text.is_printable(inner)) else None


def utf16_text(value: bytes) -> bytes | None:
    """The value in UTF-8 where it is ASCII or Latin text in UTF-16 little endian, None otherwise."""
    if value.startswith(b"\xff\xfe"):
        value = value[2:]
    if len(value) < 4 or len(value) % 2 or value[1::2].count(0) < 0.8 * (len(value) // 2):
        return None
    return value.decode("utf-16-le", "replace").encode("utf-8", "replace")


def unescaped(value: bytes, control: bytes) -> bytes | None:
    """The value with written-out escapes (`\\0`, `%00`, `^A`) replaced by `control`, None where it has none."""
    replaced = _ESCAPE.sub(control, value)
    return replaced if replaced != value else None


def looks_like_user(value: bytes) -> bool:
    """Whether the value has the form of an address or of `DOMAIN\\user`."""
    return bool(_ADDRESS.fullmatch(value) or _DOWN_LEVEL.fullmatch(value))


def are_swapped(user: bytes, password: bytes) -> bool:
    """Whether the password has the form of a user's name and the user's name has not."""
    return looks_like_user(password) and not looks_like_user(user) and b"@" not in user


def looks_like_password(value: bytes) -> bool:
    """Whether the value has what passwords have and names seldom: odd characters, or capitals and digits together."""
    return bool(_ODD.search(value)) or bool(_CAPITAL.search(value) and _DIGIT.search(value))


def _ends_with_newline(value: bytes) -> bool:
    return value.endswith((b"\n", b"\r"))


def _has_spaces_around(value: bytes) -> bool:
    return value != value.strip(b" \t")


def _has_invisible(value: bytes) -> bool:
    return bool(_INVISIBLE.search(_text.text_of(value)))


def _is_decomposed(value: bytes) -> bool:
    text = _text.text_of(value)
    return unicodedata.normalize("NFC", text) != text


_CHECKS: tuple[tuple[str, Callable[[bytes], object]], ...] = (
    ("placeholder-value", _PLACEHOLDER.fullmatch),
    ("double-base64", decoded_twice),
    ("utf-16", utf16_text),
    ("byte-order-mark", lambda value: value.startswith(b"\xef\xbb\xbf")),
    ("trailing-newline", _ends_with_newline),
    ("not-utf-8", lambda value: not _text.is_utf8(value)),
    ("app-password-with-spaces", _APP_PASSWORD.fullmatch),
    ("surrounding-space", _has_spaces_around),
    ("invisible-character", _has_invisible),
    ("literal-escape", _ESCAPE.search),
    ("not-normalised", _is_decomposed),
)


def of_value(value: bytes) -> tuple[str, ...]:
    """The most specific mistake in one value, empty where it looks right."""
    if value.isalnum() and (len(value) < 8 or len(value) % 4) and not _PLACEHOLDER.fullmatch(value):
        return ()
    if _PLAIN_ADDRESS.fullmatch(value):
        return ()
    return next(((slug,) for slug, found in _CHECKS if found(value)), ())


def of_login(user: bytes, password: bytes | None) -> tuple[str, ...]:
    """The mistakes in a name and a password (None where it was not sent)."""
    if password is None:
        return of_value(user) or (("empty-user",) if not user else ())
    empty = tuple(slug for slug, value in (("empty-user", user), ("empty-password", password)) if not value)
    return tuple(dict.fromkeys((*empty, *of_value(user), *of_value(password))))
