"""Names and passwords as plain text, said where a mechanism wants something else."""

from __future__ import annotations

import re

from smtptrace.auth import _text
from smtptrace.auth._credential import Exposure
from smtptrace.auth._reading import Reading
from smtptrace.auth._talk import Message, Talk
from smtptrace.secret import Secret

_PAIR = re.compile(r"([^\\:\s]{1,255})[\\:](.{1,255})", re.DOTALL)
_ADDRESS = re.compile(r"[^@\s\\:]+@[^@\s\\:]+")


def read_into(reading: Reading, talk: Talk, slug: str) -> None:
    """Take what the client said as credentials in clear, if it is text; `slug` names the mistake.

    `user\\password` and `user:password` in one line, name and password on two lines, an address alone. A lone word may
    be either and is hidden.
    """
    texts = [text for each in talk.responses if (text := _text_in(each))]
    if not texts:
        return
    pair = _PAIR.fullmatch(texts[0])
    if pair:
        reading.authcid, reading.secret = pair.group(1), Secret(pair.group(2))
    elif len(texts) > 1:
        reading.authcid, reading.secret = texts[0], Secret(texts[1])
    else:
        reading.authcid = texts[0] if _ADDRESS.fullmatch(texts[0]) else None
        reading.secret = None if reading.authcid else Secret(texts[0])
    reading.exposure = Exposure.CLEAR if reading.secret else Exposure.NONE
    reading.problems = (slug, *(each for each in reading.problems if each != slug))


def _text_in(message: Message) -> str:
    """The line as text; one that is no base64 counts only where it has the form of credentials as it stands."""
    if message.octets is not None:
        return message.octets.decode() if _text.is_printable(message.octets) else ""
    typed = message.text.decode() if _text.is_printable(message.text) else ""
    return typed if _PAIR.fullmatch(typed) or _ADDRESS.fullmatch(typed) else ""
