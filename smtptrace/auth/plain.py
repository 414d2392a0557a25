"""PLAIN: authorization identity, user name and password in one response (RFC 4616)."""

from __future__ import annotations

from smtptrace.auth import _marks, _mistakes, _plain_text, _text
from smtptrace.auth._credential import DecodedRound
from smtptrace.auth._description import Description, row
from smtptrace.auth._reading import Reading
from smtptrace.auth._respond import Login, Responder
from smtptrace.auth._talk import Message, Talk, Turn
from smtptrace.secret import Masked, Secret


def decode(talk: Talk) -> Reading:
    """The three fields of the last response that holds any, and what is wrong with their form."""
    said = [turn.response for turn in talk.turns if turn.response and turn.response.text not in (b"", b"=")]
    reading = Reading()
    if said:
        reading = _as_login(said, talk) or _fields(said[-1], talk)
    reading.rounds = tuple(DecodedRound(_asked(turn), _shown(turn, talk)) for turn in talk.turns)
    if talk.has_initial and len(said) > 1 and said[0].text == said[1].text:
        reading.problems = ("initial-response-ignored", *reading.problems)
    return reading


def split(octets: bytes) -> tuple[tuple[bytes, bytes, bytes] | None, tuple[str, ...]]:
    """Authzid, authcid and password as they were meant, and the mistakes of form; None where there are no fields.

    Tried in order: marks and encodings around the whole, escapes that were not turned into NUL, then the count of
    NULs: none is `user:password`, one has no authzid, more than two are in the password.
    """
    octets, problems = _unpacked(octets)
    nuls = octets.count(0)
    if nuls == 2:
        authzid, authcid, password = octets.split(b"\0")
        return (authzid, authcid, password), problems
    if nuls == 1:
        authcid, password = octets.split(b"\0")
        return (b"", authcid, password), (*problems, "missing-authzid-nul")
    if nuls > 2:
        authzid, authcid, password = octets.split(b"\0", 2)
        return (authzid, authcid, password), (*problems, "too-many-nuls")
    authcid, colon, password = octets.partition(b":")
    return ((b"", authcid, password), (*problems, "basic-style-credentials")) if colon else (None, problems)


def _unpacked(octets: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The octets out of what was wrapped around them by mistake."""
    if octets.startswith(b"\xef\xbb\xbf"):
        return octets[3:], ("byte-order-mark",)
    wide = _mistakes.utf16_text(octets)
    if wide is not None and octets.count(0) > 4:
        return wide, ("utf-16",)
    inner = _mistakes.decoded_twice(octets)
    if inner is not None:
        return inner, ("double-base64",)
    named = _mistakes.unescaped(octets, b"\0") if 0 not in octets else None
    return (named, ("literal-escape",)) if named is not None else (octets, ())


def _fields(message: Message, talk: Talk) -> Reading:
    octets, problems = message.octets, message.problems
    if octets is None and _mistakes.unescaped(message.text, b"\0"):
        octets, problems = _mistakes.unescaped(message.text, b"\0"), ()
    if octets is None:
        typed = "not-base64" in problems and _text.is_printable(message.text) and b":" in message.text
        if not typed:
            return Reading(problems=problems)
        user, _, password = message.text.partition(b":")
        reading = _plain_text.from_fields(b"", user, password, accepted=talk.accepted)
        reading.problems = ("plain-text-instead-of-base64", *reading.problems)
        return reading
    fields, mistakes = split(octets)
    if fields is None:
        return _nameless(octets, (*problems, *mistakes))
    reading = _plain_text.from_fields(*fields, accepted=talk.accepted)
    reading.problems = tuple(dict.fromkeys((*problems, *mistakes, *reading.problems)))
    if fields[0] and fields[0] == fields[1]:
        reading.details["authzid_is_authcid"] = True
    return reading


def _nameless(octets: bytes, problems: tuple[str, ...]) -> Reading:
    """A response without any separator: a name alone, as LOGIN sends it, or nothing known."""
    if _mistakes.looks_like_user(octets):
        return Reading(authcid=_text.text_of(octets), problems=(*problems, "login-style-response"))
    return Reading(problems=(*problems, "no-nul"))


def _as_login(said: list[Message], talk: Talk) -> Reading | None:
    """Name and password on lines of their own, as LOGIN would send them."""
    if len(said) < 2 or any(each.octets is None or 0 in each.octets for each in said[:2]):
        return None
    if said[0].text == said[1].text:
        return None
    reading = _plain_text.read_login(said[0], said[1], accepted=talk.accepted)
    reading.problems = ("login-style-response", *reading.problems)
    return reading


def _asked(turn: Turn) -> Masked | None:
    return None if turn.challenge is None else (_text.one_line(turn.challenge.octets or turn.challenge.text),)


def _shown(turn: Turn, talk: Talk) -> Masked | None:
    """The response with the names in clear and the password hidden; wholly hidden where the fields are unclear."""
    message = turn.response
    if message is None:
        return None
    if message.is_hidden or not message.text:
        return (_text.one_line(message.text),)
    fields, mistakes = split(message.octets) if message.octets is not None else (None, ())
    if fields is None or mistakes or (_mistakes.are_swapped(*fields[1:]) and not talk.accepted):
        return (Secret(message.text if message.octets is None else message.octets),)
    names = "\\0".join(_text.one_line(field) for field in fields[:2])
    password = fields[2]
    hidden = _text.one_line(password) if _marks.is_hidden_value(password) else Secret(password)
    return (f"{names}\\0", hidden)


def respond(login: Login, _mechanism: str) -> Responder:
    """The three fields at once."""
    yield b"\0".join((login.authzid.encode(), login.user.encode(), login.secret.octets()))


def describe(octets: bytes) -> Description | None:
    """Three fields between two NULs."""
    if octets.count(0) != 2 or not all(_text.is_printable(part) or not part for part in octets.split(b"\0")[:2]):
        return None
    authzid, authcid, password = octets.split(b"\0")
    problems = _mistakes.of_login(authcid, password)
    hidden = password if _marks.is_hidden_value(password) else Secret(password)
    fields = (row("authzid", authzid), row("authcid", authcid), row("password", hidden))
    return Description("PLAIN response", fields, problems)
