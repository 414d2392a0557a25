"""What an exchange of GSS-API tokens says, NTLM inside it included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smtptrace.auth import _gss, _kerberos, _ntlm_message, _ntlm_reading, _ntlm_rows, _text, _texts
from smtptrace.auth._credential import DecodedRound, Exposure
from smtptrace.auth._description import Description, Row, row, rows
from smtptrace.auth._reading import Reading
from smtptrace.auth._talk import Message, Talk
from smtptrace.secret import Masked, Secret

_PROOFS = frozenset((_ntlm_message.AUTHENTICATE, None))


@dataclass(slots=True)
class _Said:
    """A message with the token in it, None where it holds none, and the NTLM message inside that."""

    message: Message
    from_client: bool
    token: _gss.Token | None
    ntlm: _ntlm_message.NtlmMessage | None


def read(talk: Talk, instead: str = "text-instead-of-gss-token") -> Reading:
    """The Reading of a talk whose messages are NTLM, SPNEGO, Kerberos or wrap tokens.

    Args:
        talk: the exchange.
        instead: the problem's name where the client said text and no token.
    """
    turns = [(_said(turn.challenge, False), _said(turn.response, True)) for turn in talk.turns]
    said = [each for pair in turns for each in pair if each is not None]
    messages = [each.ntlm for each in said if each.ntlm is not None]
    reading = Reading()
    if messages:
        reading = _ntlm_reading.read(_ntlm_reading.talk_of(messages), accepted=talk.accepted, time_ns=talk.time_ns)
    else:
        _judge_kerberos(reading, said)
    tokens = [each.token for each in said if each.token is not None]
    reading.details = {**_facts(tokens), **reading.details}
    wrong = [slug for each in tokens for slug in (*_refusals(each), *each.problems)]
    wrong += [slug for each in talk.responses for slug in each.problems]
    reading.problems = tuple(dict.fromkeys((*reading.problems, *wrong)))
    client = [each.token for each in said if each.from_client and each.token is not None]
    if not client:
        _texts.read_into(reading, talk, instead)
    _add_layer(reading, client, accepted=talk.accepted)
    reading.rounds = tuple(DecodedRound(_shown(challenge), _shown(response)) for challenge, response in turns)
    reading.open_turns = frozenset(at for at, (_, response) in enumerate(turns) if response and _is_open(response))
    return reading


def ntlm_messages(talk: Talk) -> list[_ntlm_message.NtlmMessage]:
    """The NTLM messages of both sides in their order, out of whatever carries them."""
    said = (_said(message, True) for turn in talk.turns for message in (turn.challenge, turn.response))
    return [each.ntlm for each in said if each is not None and each.ntlm is not None]


def _said(message: Message | None, from_client: bool) -> _Said | None:
    if message is None:
        return None
    token = _gss.read(message.octets) if message.octets else None
    ntlm = None if token is None or token.ntlm is None else _ntlm_message.parse(token.ntlm)
    return _Said(message, from_client, token, ntlm)


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


def _refusals(token: _gss.Token) -> tuple[str, ...]:
    """What the server says no by, before its reply."""
    if "error_code" in token.facts:
        return ("kerberos-error",)
    return ("negotiation-rejected",) if token.facts.get("state") == "reject" else ()


def _judge_kerberos(reading: Reading, said: list[_Said]) -> None:
    """A ticket holds nothing of the user's; its own key may be guessed where it comes from a password by RC4."""
    tickets = [each for each in said if each.from_client and each.token and "ticket_etype" in each.token.facts]
    if not tickets or tickets[0].token is None:
        return
    reading.secret = Secret(tickets[0].message.octets or b"")
    guessable = _kerberos.is_guessable(tickets[0].token.facts["ticket_etype"])
    reading.exposure = Exposure.SERVICE_GUESSABLE if guessable else Exposure.SAFE


def _add_layer(reading: Reading, client: list[_gss.Token], *, accepted: bool) -> None:
    """The security layer the client chose, and the identity it names beside it (RFC 4752, 3.1)."""
    chosen = [token for token in client if token.layers]
    if chosen:
        reading.authzid = chosen[-1].authzid or reading.authzid
        if chosen[-1].layers[0] != "none":
            reading.details["security-layer"] = chosen[-1].layers[0]
    elif accepted and any(token.facts.get("sealed") for token in client):
        reading.details["security-layer"] = "unknown: its choice is sealed"


def _is_open(said: _Said) -> bool:
    """Whether the raw line shows no secret: a NEGOTIATE, a bare negotiation, an empty line."""
    if said.ntlm is not None:
        return said.ntlm.type not in _PROOFS
    if said.token is not None:
        return said.token.kind == "SPNEGO"
    return said.message.octets == b""


def _shown(said: _Said | None) -> Masked | None:
    if said is None:
        return None
    octets = said.message.text if said.message.octets is None else said.message.octets
    if said.token is not None:
        return _gss.summary(said.token, octets)
    return (Secret(octets),) if said.from_client and octets else (_text.one_line(octets),)


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
