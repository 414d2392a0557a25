"""Challenge and keyed digest, in one way for every hash (RFC 2195)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator

from smtptrace.auth import _text, _texts, _variants
from smtptrace.auth._credential import DecodedRound, Exposure
from smtptrace.auth._description import Description, row
from smtptrace.auth._proof import Identity, Proof, equal
from smtptrace.auth._reading import Reading
from smtptrace.auth._respond import Login, Responder
from smtptrace.auth._talk import Message, Talk, Turn
from smtptrace.secret import Masked, Secret

_HASHES = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
_RESPONSE = re.compile(rb"(.*) ([0-9A-Fa-f]+)(\s*)", re.DOTALL)


def read(talk: Talk, hash_name: str | None) -> Reading:
    """User and digest of the response, split at its last space, since names may have some.

    Args:
        talk: the exchange.
        hash_name: the hash that the mechanism's name stands for, as hashlib calls it; None where it does not say.
    """
    reading = Reading(rounds=tuple(DecodedRound(_asked(turn.challenge), _shown(turn)) for turn in talk.turns))
    said = last_response(talk)
    if said is None:
        return reading
    reading.problems = said.problems
    if said.is_hidden:
        return reading
    reading.exposure = Exposure.GUESSABLE
    parts = _RESPONSE.fullmatch(said.octets or b"")
    if parts is None:
        reading.secret = Secret(said.text if said.octets is None else said.octets)
        _texts.read_into(reading, talk, "not-a-cram-response")
        return reading
    reading.authcid, reading.secret = _text.text_of(parts.group(1)), Secret(parts.group(2))
    reading.details = {"hash": _HASHES.get(len(parts.group(2)), "unknown"), **_challenge_facts(talk)}
    reading.problems = (*reading.problems, *_digest_problems(parts.group(2), parts.group(3), hash_name))
    return reading


def last_response(talk: Talk) -> Message | None:
    """The client's answer to the last challenge, None where it gave none."""
    return next((each for each in reversed(talk.responses) if each.octets != b""), None)


def digest_of(talk: Talk) -> tuple[bytes, bytes] | None:
    """The challenge and the digest that answers it, None where either is not here."""
    said = last_response(talk)
    parts = _RESPONSE.fullmatch(said.octets or b"") if said else None
    asked = next((turn.challenge for turn in talk.turns if turn.response is said and turn.challenge), None)
    return None if parts is None or asked is None or asked.octets is None else (asked.octets, parts.group(2))


def ways(password: bytes, challenge: bytes, name: str) -> Iterator[tuple[str, str]]:
    """(how, hex digest): first as the standard has it, then as clients get it wrong."""

    def keyed(key: bytes, message: bytes) -> str:
        return hmac.new(key, message, name).hexdigest()

    yield "", keyed(password, challenge)
    yield "digest-over-base64", keyed(password, base64.b64encode(challenge))
    yield "challenge-without-brackets", keyed(password, challenge.strip(b"<>"))
    yield "swapped-key-and-message", keyed(challenge, password)
    yield "plain-hash", hashlib.new(name, challenge + password, usedforsecurity=False).hexdigest()


def hash_of(digest: bytes) -> str | None:
    """The hash whose hex digest has this length."""
    return _HASHES.get(len(digest))


def identities(talk: Talk) -> tuple[Identity, ...]:
    """The user as sent; the digest does not cover it."""
    parts = _RESPONSE.fullmatch(((said := last_response(talk)) and said.octets) or b"")
    return (Identity(_text.text_of(parts.group(1)) if parts else ""),)


def prove(talk: Talk, password: str, hash_name: str | None) -> tuple[Proof, ...]:
    """Whether the digest comes from this password; empty where challenge or digest are not here."""
    found = digest_of(talk)
    name = found and (hash_name or hash_of(found[1]))
    if found is None or name is None:
        return ()
    challenge, digest = found
    for encoded, octets in _variants.encodings(password):
        for how, expected in ways(octets, challenge, name):
            if equal(expected.encode(), digest.lower()):
                return (Proof("digest", True, ", ".join(filter(None, (encoded, how)))),)
    return (Proof("digest", False),)


def respond(login: Login, hash_name: str) -> Responder:
    """User and digest of the challenge, which the server sends first."""
    challenge = yield None
    yield f"{login.user} {hmac.new(login.secret.octets(), challenge, hash_name).hexdigest()}".encode()


def _challenge_facts(talk: Talk) -> dict[str, str]:
    asked = next((_text.one_line(each.octets) for each in talk.challenges if each.octets), None)
    return {} if asked is None else {"challenge": asked}


def _digest_problems(digest: bytes, tail: bytes, hash_name: str | None) -> Iterator[str]:
    if tail:
        yield "trailing-newline" if b"\n" in tail else "surrounding-space"
    if hash_of(digest) != hash_name and hash_name is not None:
        yield "digest-of-wrong-length"
    if digest != digest.lower():
        yield "uppercase-digest"


def _asked(message: Message | None) -> Masked | None:
    return None if message is None else (_text.one_line(message.octets or message.text),)


def _shown(turn: Turn) -> Masked | None:
    if turn.response is None:
        return None
    octets = turn.response.text if turn.response.octets is None else turn.response.octets
    parts = _RESPONSE.fullmatch(octets)
    return (Secret(octets),) if parts is None else (f"{_text.one_line(parts.group(1))} ", Secret(parts.group(2)))


def describe(octets: bytes) -> Description | None:
    """A challenge in angle brackets, or a user with a digest."""
    if re.fullmatch(rb"<[^<>\s]+@[^<>\s]+>", octets):
        return Description("CRAM challenge", (row("challenge", octets),))
    parts = _RESPONSE.fullmatch(octets)
    if parts is None or len(parts.group(2)) not in _HASHES:
        return None
    fields = (row("user", parts.group(1)), row("hash", hash_of(parts.group(2))), row("digest", Secret(parts.group(2))))
    return Description("CRAM response", fields, tuple(_digest_problems(parts.group(2), parts.group(3), None)))
