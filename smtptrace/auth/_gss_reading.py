"""What an exchange of GSS-API tokens says, NTLM inside it included."""

from __future__ import annotations

from typing import Any

from smtptrace.auth import _gss, _kerberos, _ntlm_message, _ntlm_reading, _ntlm_rows, _text, _texts
from smtptrace.auth._credential import DecodedRound, Exposure
from smtptrace.auth._description import Description, Row, row, rows
from smtptrace.auth._reading import Reading
from smtptrace.auth._talk import Message, Talk
from smtptrace.secret import Masked, Secret

_PROOFS = frozenset((_ntlm_message.AUTHENTICATE, None))


def read(talk: Talk, instead: str = "text-instead-of-gss-token") -> Reading:
    """The Reading of a talk whose messages are NTLM, SPNEGO, Kerberos or wrap tokens.

    Args:
        talk: the exchange.
        instead: the problem's name where the client said text and no token.
    """
    messages = ntlm_messages(talk)
    if messages:
        reading = _ntlm_reading.read(_ntlm_reading.talk_of(messages), accepted=talk.accepted, time_ns=talk.time_ns)
    else:
        reading = Reading()
    tokens = [(message, token) for message in _messages(talk) if (token := _token(message))]
    reading.details = {**_facts([token for _, token in tokens]), **reading.details}
    reading.problems = tuple(
        dict.fromkeys((*reading.problems, *(slug for _, each in tokens for slug in each.problems)))
    )
    if not messages:
        _judge_kerberos(reading, talk)
    if not any(_token(each) for each in talk.responses):
        _texts.read_into(reading, talk, instead)
    _add_layer(reading, talk)
    reading.rounds = tuple(DecodedRound(_shown(turn.challenge), _shown(turn.response)) for turn in talk.turns)
    reading.open_turns = frozenset(
        at for at, turn in enumerate(talk.turns) if turn.response and _is_open(turn.response)
    )
    return reading


def ntlm_messages(talk: Talk) -> list[_ntlm_message.NtlmMessage]:
    """The NTLM messages of both sides in their order, out of whatever carries them."""
    tokens = [token for message in _messages(talk) if (token := _token(message))]
    return [_ntlm_message.parse(token.ntlm) for token in tokens if token.ntlm is not None]


def _messages(talk: Talk) -> list[Message]:
    return [message for turn in talk.turns for message in (turn.challenge, turn.response) if message is not None]


def _token(message: Message) -> _gss.Token | None:
    return _gss.read(message.octets) if message.octets else None


def _facts(tokens: list[_gss.Token]) -> dict[str, Any]:
    """Facts of all tokens; of one name the first says what was asked for, a state and an error the last."""
    facts: dict[str, Any] = {}
    for token in tokens:
        for name, value in token.facts.items():
            if name in ("state", "error", "error_code", "error_text", "server_time"):
                facts[name] = value
            elif name not in ("message", "sealed", "layers", "greatest_message", "etype"):
                facts.setdefault(name, value)
    carried = next((token.kind for token in tokens if token.kind != "GSS"), None)
    if carried:
        facts["carries"] = "SPNEGO with NTLM" if carried == "SPNEGO" and any(each.ntlm for each in tokens) else carried
    return facts


def _judge_kerberos(reading: Reading, talk: Talk) -> None:
    """A ticket holds nothing of the user's; its own key may be guessed where it comes from a password by RC4."""
    tickets = [
        each for each in talk.responses if each.octets and (token := _token(each)) and "ticket_etype" in token.facts
    ]
    if not tickets:
        return
    reading.secret = Secret(tickets[0].octets or b"")
    guessable = _kerberos.is_guessable(reading.details.get("ticket_etype"))
    reading.exposure = Exposure.SERVICE_GUESSABLE if guessable else Exposure.SAFE


def _add_layer(reading: Reading, talk: Talk) -> None:
    """The security layer the client chose, and the identity it names beside it (RFC 4752, 3.1)."""
    chosen = [token for each in talk.responses if (token := _token(each)) and token.layers]
    if not chosen:
        sealed = any(token.facts.get("sealed") for each in talk.responses if (token := _token(each)))
        if sealed and talk.accepted:
            reading.details["security-layer"] = "unknown: its choice is sealed"
        return
    reading.authzid = chosen[-1].authzid or reading.authzid
    layer = chosen[-1].layers[0]
    if layer != "none":
        reading.details["security-layer"] = layer


def _is_open(message: Message) -> bool:
    """Whether the raw line shows no secret: a NEGOTIATE, a bare negotiation, an empty line."""
    if not message.octets:
        return message.octets is not None
    token = _token(message)
    if token is None:
        return False
    if token.ntlm is not None:
        return _ntlm_message.parse(token.ntlm).type not in _PROOFS
    return token.kind == "SPNEGO"


def _shown(message: Message | None) -> Masked | None:
    if message is None:
        return None
    token = _token(message)
    if token is not None:
        return _gss.summary(token, message.octets or b"")
    if message.octets == b"":
        return ("",)
    if message.octets is None and message.span and message.span.side == 1:
        return (_text.one_line(message.text),)
    return (Secret(message.text if message.octets is None else message.octets),)


def describe(token: _gss.Token, octets: bytes) -> Description:
    """The facts of a token, and the NTLM message inside with offsets within that message."""
    inner = _ntlm_rows.describe(token.ntlm) if token.ntlm is not None else None
    where: tuple[Row, ...] = ()
    if inner is not None and token.ntlm is not None:
        where = (row("NTLM message", inner.kind, octets.find(token.ntlm), len(token.ntlm)),)
    kind = " ".join(filter(None, (token.kind, token.facts.get("message"))))
    facts = {name: value for name, value in token.facts.items() if name != "message"}
    found = (*rows(facts), *where, *(inner.rows if inner else ()))
    return Description(kind, found, (*token.problems, *(inner.problems if inner else ())))
