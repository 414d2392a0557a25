"""Mechanisms without a secret: what they say may be shown, unless it has the form of one."""

from __future__ import annotations

from smtptrace.auth import _text
from smtptrace.auth._credential import DecodedRound
from smtptrace.auth._reading import Reading
from smtptrace.auth._talk import Message, Talk
from smtptrace.secret import Masked, Secret


def read(talk: Talk) -> Reading:
    """The steps as text; a response that is no text on one line is hidden, since it does not belong here."""
    shown = [turn.response is not None and _is_harmless(turn.response) for turn in talk.turns]
    return Reading(
        rounds=tuple(
            DecodedRound(_asked(turn.challenge), _shown(turn.response, harmless))
            for turn, harmless in zip(talk.turns, shown, strict=True)
        ),
        open_turns=frozenset(at for at, harmless in enumerate(shown) if harmless),
        problems=tuple(slug for each in talk.responses for slug in each.problems),
    )


def said(talk: Talk) -> str | None:
    """The last response as text, None where there is none that may be shown."""
    return next((_text.text_of(each.octets or b"") for each in reversed(talk.responses) if _is_harmless(each)), None)


def _is_harmless(message: Message) -> bool:
    return message.octets is not None and (not message.octets or _text.is_printable(message.octets))


def _asked(message: Message | None) -> Masked | None:
    return None if message is None else (_text.one_line(message.octets or message.text),)


def _shown(message: Message | None, harmless: bool) -> Masked | None:
    if message is None:
        return None
    octets = message.text if message.octets is None else message.octets
    return (_text.one_line(octets),) if harmless else (Secret(octets),)
