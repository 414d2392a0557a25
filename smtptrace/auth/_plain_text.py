"""Names and passwords that stand in clear: what LOGIN and PLAIN have in common."""

from __future__ import annotations

import re
from typing import Any

from smtptrace.auth import _marks, _mistakes, _text
from smtptrace.auth._credential import Exposure
from smtptrace.auth._reading import Reading
from smtptrace.auth._talk import Message
from smtptrace.secret import Secret

_WORD = re.compile(rb"[A-Z]?[a-z]{2,}[0-9]*")
_ONE_FIELD = re.compile(rb"([^\s:\0]{1,255}):(.{1,255})", re.DOTALL)


def read_login(user: Message | None, password: Message | None, *, accepted: bool) -> Reading:
    """A name and a password that were sent as lines of their own, either of them missing where it was not sent."""
    name, name_problems = _value(user)
    secret, secret_problems = _value(password)
    if password is not None and secret is None and "masked-by-source" not in secret_problems:
        secret = password.text
    reading = from_fields(b"", name, secret, accepted=accepted)
    found = (*name_problems, *secret_problems, *reading.problems)
    reading.problems = tuple(dict.fromkeys(found))
    return reading


def from_fields(authzid: bytes, user: bytes | None, password: bytes | None, *, accepted: bool) -> Reading:
    """A Reading of values in clear, each as it was meant, with the mistakes in them.

    Args:
        authzid: the identity to act for, empty where none was named.
        user: the name, None where it was not sent or could not be read.
        password: the same for the password.
        accepted: whether the server took it: then name and password stood where they belong.

    Where both may be swapped and neither is clearly the password, no name is given: it might be one.
    """
    problems: tuple[str, ...] = ()
    if user is not None and user.count(0) == 2:
        authzid, user, password = user.split(b"\0")
        problems = ("plain-response-in-login",)
    elif user is not None and not accepted and (joined := _ONE_FIELD.fullmatch(user)):
        user, password = joined.group(1), joined.group(2) if password is None else password
        problems = ("user-and-password-in-one-field",)
    if user is not None and password is not None and not accepted and _mistakes.are_swapped(user, password):
        user, password = (password, user) if _mistakes.looks_like_password(user) else (None, password)
        problems = (*problems, "user-and-password-swapped")
    if password is not None and _marks.is_hidden_value(password):
        password, problems = None, (*problems, "masked-by-source")
    if user is not None:
        problems = (*problems, *_mistakes.of_login(user, password))
    elif password is not None:
        problems = (*problems, *_mistakes.of_value(password))
    return _reading(authzid, user, password, problems)


def meant(value: bytes) -> bytes:
    """The value as it was meant: decoded once more, out of UTF-16, without mark and line end."""
    inner = _mistakes.decoded_twice(value) or _mistakes.utf16_text(value) or value
    return inner.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n")


def name_fields(names: dict[str, bytes | None]) -> dict[str, Any]:
    """`<field>_b64` for each name that is no UTF-8, since its text is lossy."""
    import base64

    return {
        f"{field}_b64": base64.b64encode(value).decode("ascii")
        for field, value in names.items()
        if value and not _text.is_utf8(value)
    }


def _reading(authzid: bytes, user: bytes | None, password: bytes | None, problems: tuple[str, ...]) -> Reading:
    name, actor = (None if user is None else meant(user)), meant(authzid) or None
    return Reading(
        authcid=_text.text_of(name) if name else None,
        authzid=_text.text_of(actor) if actor else None,
        secret=None if password is None else Secret(password),
        exposure=Exposure.NONE if not password else Exposure.CLEAR,
        details=name_fields({"authcid": name, "authzid": actor}),
        problems=problems,
    )


def _value(message: Message | None) -> tuple[bytes | None, tuple[str, ...]]:
    """What a line says; words that were typed as they are, without base64, are taken as they are."""
    if message is None:
        return None, ()
    if message.is_hidden:
        return None, message.problems
    if _is_typed(message):
        return message.text, ("plain-text-instead-of-base64",)
    return message.octets, message.problems


def _is_typed(message: Message) -> bool:
    """Whether the line is plain text: a name, or a word that decodes to nothing readable."""
    if message.octets is None:
        return _mistakes.looks_like_user(message.text)
    return bool(_WORD.fullmatch(message.text)) and not _text.is_printable(message.octets)
