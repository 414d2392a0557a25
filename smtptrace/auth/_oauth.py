"""Bearer tokens in the two framings that mail uses (RFC 7628; Google's XOAUTH2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from smtptrace.auth import _json, _jwt, _marks, _mistakes, _oauth_claims, _outcome, _text
from smtptrace.auth._credential import DecodedRound, Exposure
from smtptrace.auth._description import Description, row, rows
from smtptrace.auth._reading import Reading
from smtptrace.auth._talk import Message, Talk, Turn
from smtptrace.secret import Masked, Secret

_GS2 = re.compile(rb"(?:[nyf]|p=[A-Za-z0-9.-]+),(?:a=([^,]*))?,")
_PAIR = re.compile(rb"([A-Za-z_]{1,20})=([^\x01]*)")
_BARE = re.compile(rb"(?:eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]*|ya29\.[A-Za-z0-9._-]+)\s*")
_BEARER = re.compile(rb"bearer +", re.IGNORECASE)
_ACKNOWLEDGED = (b"", b"\x01")
_REPORTED = ("status", "scope", "schemes", "openid-configuration")


@dataclass(slots=True)
class Framed:
    """An initial response taken apart; `token` is None where it holds none."""

    user: bytes | None = None
    token: bytes | None = None
    fields: tuple[tuple[bytes, bytes], ...] = ()
    problems: tuple[str, ...] = ()


def read(talk: Talk) -> Reading:
    """User, host and port, what the token tells, and the server's error report."""
    framed = Framed()
    said = next((each for each in talk.responses if each.octets not in _ACKNOWLEDGED), None)
    if said is not None:
        framed = unframed(said.octets) if said.octets is not None else Framed(problems=said.problems)
    reading = Reading(authcid=_text.text_of(framed.user) if framed.user else None)
    reading.details = _details(framed, talk)
    reading.problems = (*(said.problems if said and said.octets else ()), *framed.problems)
    if framed.token and _marks.is_hidden_value(framed.token):
        reading.problems = (*reading.problems, "masked-by-source")
    elif framed.token:
        reading.secret, reading.exposure = Secret(framed.token), Exposure.BEARER
        reading.problems += _oauth_claims.problems_of(framed.token, framed.user, talk.time_ns)
    elif said is not None and said.octets is None and not said.is_hidden:
        reading.exposure = Exposure.BEARER
    reading.problems += _report_problems(talk)
    reading.rounds = tuple(DecodedRound(_asked(turn.challenge), _shown(turn)) for turn in talk.turns)
    reading.open_turns = frozenset(at for at, turn in enumerate(talk.turns) if _is_acknowledgement(turn))
    return reading


def unframed(octets: bytes) -> Framed:
    """The parts of an initial response, and what is wrong with its framing."""
    if _BARE.fullmatch(octets):
        return Framed(token=octets.strip(), problems=("token-without-framing",))
    escaped = _mistakes.unescaped(octets, b"\x01") if b"\x01" not in octets else None
    problems: tuple[str, ...] = () if escaped is None else ("literal-escape",)
    octets = octets if escaped is None else escaped
    header = _GS2.match(octets)
    fields = _fields(octets[header.end() :] if header else octets)
    values = {name.lower(): value for name, value in reversed(fields)}
    user = values.get(b"user") if header is None or header.group(1) is None else header.group(1)
    if b"auth" not in values:
        return Framed(user, None, tuple(fields), (*problems, "token-missing"))
    token, wrong = _token(values[b"auth"])
    if not octets.endswith(b"\x01\x01"):
        wrong = ("missing-second-control-a", *wrong)
    if header is None and not user:
        wrong = ("empty-user", *wrong)
    return Framed(user, token, tuple(fields), (*problems, *wrong))


def _fields(octets: bytes) -> list[tuple[bytes, bytes]]:
    parts = [_PAIR.fullmatch(part) for part in octets.split(b"\x01", 32)[:32]]
    return [(part.group(1), part.group(2)) for part in parts if part]


def _token(value: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The token of an `auth` field and what is wrong with it."""
    scheme = _BEARER.match(value)
    token = value[scheme.end() :] if scheme else value
    problems: tuple[str, ...] = () if scheme else ("bearer-scheme-missing",)
    if token != token.strip() or b"\n" in token:
        problems += ("newline-in-token",) if b"\n" in token or b"\r" in token else ("surrounding-space",)
    if token[:1] in b"\"'" and token:
        problems += ("quoted-token",)
    token = token.strip().strip(b"\"'")
    inner = _mistakes.decoded_twice(token)
    if inner is not None and _BARE.fullmatch(inner):
        return inner, (*problems, "token-double-encoded")
    return token, problems + (_mistakes.of_value(token) if len(token) < 40 else ()) + (
        () if token else ("empty-token",)
    )


def _details(framed: Framed, talk: Talk) -> dict[str, Any]:
    named = {name: value for name, value in framed.fields if name.lower() in (b"host", b"port")}
    details: dict[str, Any] = {name.decode().lower(): _text.one_line(value) for name, value in named.items()}
    if framed.token:
        details |= _oauth_claims.details_of(framed.token)
    for challenge in talk.challenges:
        report = _json.read_object(challenge.octets) if challenge.octets else None
        if report is not None and "status" in report:
            details["error"] = _jwt.shown({name: report[name] for name in _REPORTED if name in report})
    return details


def _report_problems(talk: Talk) -> tuple[str, ...]:
    """What the client made of an error report: it has to answer before the final reply comes."""
    for turn in talk.turns:
        if turn.challenge and _outcome.is_error_report(turn.challenge.octets):
            unexpected = turn.response is not None and turn.response.octets not in _ACKNOWLEDGED
            return ("error-report", "error-report-not-answered") if unexpected else ("error-report",)
    return ()


def _is_acknowledgement(turn: Turn) -> bool:
    return turn.response is not None and turn.response.octets in _ACKNOWLEDGED


def _asked(message: Message | None) -> Masked | None:
    return None if message is None else (_text.one_line(message.octets or message.text),)


def _shown(turn: Turn) -> Masked | None:
    """The fields on one line, the token hidden."""
    message = turn.response
    if message is None:
        return None
    if _is_acknowledgement(turn):
        return (_text.one_line(message.octets or b""),)
    framed = unframed(message.octets or b"")
    if framed.token is None or "literal-escape" in framed.problems:
        return (Secret(message.text if message.octets is None else message.octets),)
    user = f"user={_text.one_line(framed.user)} " if framed.user else ""
    return (f"{user}auth=Bearer ", Secret(framed.token))


def describe(octets: bytes) -> Description | None:
    """A response with user and token, a token as such, or the server's error report."""
    report = _json.read_object(octets)
    if report is not None and "status" in report:
        return Description("OAuth error report", rows(_jwt.shown(report)))
    if not _BARE.fullmatch(octets) and not re.search(rb"(?:\x01|\^A|\\1|\\x01|%01)auth=", octets):
        return None
    framed = unframed(octets)
    kind = (
        "bearer token"
        if _BARE.fullmatch(octets)
        else "OAUTHBEARER response"
        if _GS2.match(octets)
        else "XOAUTH2 response"
    )
    fields = [row("user", framed.user)] if framed.user else []
    fields += [row(name.decode(), value) for name, value in framed.fields if name.lower() in (b"host", b"port")]
    problems = framed.problems if kind != "bearer token" else ()
    if framed.token:
        fields += [row("token", Secret(framed.token)), *rows(_oauth_claims.details_of(framed.token))]
        problems += _oauth_claims.problems_of(framed.token, framed.user, None)
    return Description(kind, tuple(fields), problems)
