"""EXCHANGEAUTH: Exchange servers among themselves, Kerberos bound to the TLS channel (after X-EXPS only)."""

from __future__ import annotations

from dataclasses import replace

from smtptrace.auth import _base64, _gss_reading
from smtptrace.auth._reading import Reading
from smtptrace.auth._talk import Message, Talk, Turn


def decode(talk: Talk) -> Reading:
    """The token behind the name of the hash; the server's own comes with the final reply."""
    turns = (_without_hash(talk.turns[0]), *talk.turns[1:]) if talk.has_initial else talk.turns
    reading = _gss_reading.read(replace(talk, turns=turns))
    hashed = talk.turns[0].response.text.partition(b" ")[0] if _names_hash(talk) and talk.turns[0].response else b""
    if hashed:
        reading.details["hash"] = hashed.decode("ascii", "replace").upper()
    reading.details["mutual"] = talk.accepted and _has_token(talk)
    return reading


def _names_hash(talk: Talk) -> bool:
    initial = talk.turns[0].response if talk.has_initial else None
    return initial is not None and b" " in initial.text


def _without_hash(turn: Turn) -> Turn:
    message = turn.response
    if message is None or b" " not in message.text:
        return turn
    decoded = _base64.decode(message.text.partition(b" ")[2])
    return Turn(None, Message(message.text, decoded.octets, decoded.problems, message.span))


def _has_token(talk: Talk) -> bool:
    """Whether the 235 reply carries a token of the server."""
    said = talk.reply.texts[-1].strip() if talk.reply and talk.reply.texts else b""
    return len(said) >= 16 and _base64.decode(said).octets is not None
