"""Any mechanism without a file of its own, shown round by round."""

from __future__ import annotations

from smtptrace.auth import _text
from smtptrace.auth._credential import DecodedRound, Exposure
from smtptrace.auth._reading import Reading
from smtptrace.auth._talk import Message, Talk
from smtptrace.secret import Masked, Secret


def decode(talk: Talk) -> Reading:
    """The steps as text; what the client said may be a secret and is hidden."""
    said = any(response.says_something for response in talk.responses)
    return Reading(
        rounds=tuple(DecodedRound(_asked(turn.challenge), _hidden(turn.response)) for turn in talk.turns),
        exposure=Exposure.GUESSABLE if said else Exposure.NONE,
        details={"decoded": False},
        problems=tuple(dict.fromkeys(slug for message in talk.responses for slug in message.problems)),
    )


def _asked(message: Message | None) -> Masked | None:
    return None if message is None else (_text.one_line(message.text if message.octets is None else message.octets),)


def _hidden(message: Message | None) -> Masked | None:
    return None if message is None else (Secret(message.text if message.octets is None else message.octets),)
