"""LOGIN: user name and password, one after the other ([MS-XLOGIN]; draft-murchison-sasl-login)."""

from __future__ import annotations

import re

from smtptrace.auth import _base64, _plain_text, _text
from smtptrace.auth._credential import DecodedRound
from smtptrace.auth._description import Description, row
from smtptrace.auth._reading import Reading
from smtptrace.auth._respond import Login, Responder
from smtptrace.auth._talk import Message, Talk, Turn
from smtptrace.secret import Secret

_PASSWORD = re.compile(rb"pass|pwd|kennwort", re.IGNORECASE)
_USER = re.compile(rb"user|login|name|account", re.IGNORECASE)


def decode(talk: Talk) -> Reading:
    """Name and password; a prompt that asks for a password is believed, else the order decides."""
    slots = _slots(talk)
    said = {slot: turn.response for slot, turn in zip(slots, talk.turns, strict=True) if turn.response}
    together = _words(said.get("user"))
    if together is not None:
        said |= together
    reading = _plain_text.read_login(said.get("user"), said.get("password"), accepted=talk.accepted)
    name = reading.authcid if "user" in said else None
    is_open = [
        slot == "user" and name is not None and _is_name(turn, name)
        for slot, turn in zip(slots, talk.turns, strict=True)
    ]
    reading.rounds = tuple(_round(turn, shown) for turn, shown in zip(talk.turns, is_open, strict=True))
    reading.open_turns = frozenset(at for at, shown in enumerate(is_open) if shown)
    if together is not None:
        reading.problems = ("credentials-on-one-line",)
    if _is_asked_again(talk):
        reading.problems = ("initial-response-ignored", *reading.problems)
    return reading


def _slots(talk: Talk) -> list[str]:
    """For each turn what its response is; once a name was given, anything else is a password."""
    slots: list[str] = []
    name: bytes | None = None
    for turn in talk.turns:
        said = turn.response.text if turn.response else None
        is_password = bool(_PASSWORD.search(_asked(turn))) or name not in (None, said)
        slots.append("password" if is_password else "user")
        name = said if name is None and not is_password else name
    return slots


def _words(message: Message | None) -> dict[str, Message] | None:
    """Name and password where both stand on one line: each in base64, or both as they are."""
    if message is None or message.octets is not None or message.is_hidden:
        return None
    words = message.text.split()
    if len(words) != 2:
        return None
    decoded = [_base64.decode(word) for word in words]
    if not all(each.octets and not each.problems and _text.is_printable(each.octets) for each in decoded):
        decoded = [_base64.Decoded(word) for word in words]
    user, password = (Message(word, each.octets) for word, each in zip(words, decoded, strict=True))
    return {"user": user, "password": password}


def _asked(turn: Turn) -> bytes:
    """The prompt, which some servers do not encode."""
    message = turn.challenge
    return b"" if message is None else message.octets or message.text


def _is_asked_again(talk: Talk) -> bool:
    """Whether the server asks for the name although the initial response held it."""
    return talk.has_initial and len(talk.turns) > 1 and bool(_USER.search(_asked(talk.turns[1])))


def _is_name(turn: Turn, name: str) -> bool:
    """Whether the line shows the name and nothing else, so that it need not be masked."""
    message = turn.response
    return message is not None and _text.text_of(message.text if message.octets is None else message.octets) == name


def _round(turn: Turn, is_open: bool) -> DecodedRound:
    challenge = None if turn.challenge is None else (_text.one_line(_asked(turn)),)
    if turn.response is None:
        return DecodedRound(challenge)
    octets = turn.response.text if turn.response.octets is None else turn.response.octets
    return DecodedRound(challenge, (_text.one_line(octets),) if is_open or not octets else (Secret(octets),))


def respond(login: Login, _mechanism: str) -> Responder:
    """The name, then the password, whatever the prompts say."""
    yield login.user.encode()
    yield login.secret.octets()


def describe(octets: bytes) -> Description | None:
    """A prompt; an answer is any text and cannot be told."""
    prompt = octets.strip(b"\0: ")
    asks = re.fullmatch(rb"(?:enter )?(?:your )?(user ?name|password|login)", prompt, re.IGNORECASE)
    return Description("LOGIN prompt", (row("prompt", octets),)) if asks else None
