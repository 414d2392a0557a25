"""The three NTLM messages, field by field ([MS-NLMP] 2.2.1), read without trusting a single length.

All integers are little endian. A field of the payload is described in the header by length, greatest length (ignored)
and offset from the beginning of the message; the offset of an empty field says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from smtptrace.auth import _ntlm_names

SIGNATURE = b"NTLMSSP\0"
LONGEST = 64 * 1024
MOST_PAIRS = 64

NEGOTIATE, CHALLENGE, AUTHENTICATE = 1, 2, 3
TYPES = {NEGOTIATE: "NEGOTIATE", CHALLENGE: "CHALLENGE", AUTHENTICATE: "AUTHENTICATE"}

_PAYLOAD = {
    NEGOTIATE: (("domain", 16), ("workstation", 24)),
    CHALLENGE: (("target-name", 12), ("target-info", 40)),
    AUTHENTICATE: (
        ("lm-response", 12),
        ("nt-response", 20),
        ("domain", 28),
        ("user", 36),
        ("workstation", 44),
        ("session-key", 52),
    ),
}
_FLAGS_AT = {NEGOTIATE: 12, CHALLENGE: 20, AUTHENTICATE: 60}
_HEADER = {NEGOTIATE: 32, CHALLENGE: 48, AUTHENTICATE: 64}
_HISTORIC = {NEGOTIATE: (16,), CHALLENGE: (32, 40), AUTHENTICATE: (52,)}
_STRINGS = frozenset(("domain", "user", "workstation", "target-name"))


@dataclass(slots=True)
class Field:
    """A part of a message: its octets and where they begin; `declared` is the length that the header claims."""

    name: str
    offset: int
    octets: bytes
    declared: int
    in_payload: bool = False


@dataclass(slots=True)
class Pair:
    """One AV pair of target information; `offset` counts from the beginning of the list."""

    number: int
    offset: int
    octets: bytes

    @property
    def name(self) -> str:
        """Its name in [MS-NLMP] 2.2.2.1."""
        return _ntlm_names.pair_name(self.number)

    @property
    def text(self) -> str:
        """Its value as text; names are UTF-16 whatever the flags say."""
        return wide_text(self.octets)


@dataclass(slots=True)
class NtlmMessage:
    """One NTLM message with the place of every field, and what is wrong with it.

    `type` is None for octets that are no NTLM message of a known type. `payload_starts` is the smallest offset of a
    field that lies behind the header: it tells which of version and MIC are there.
    """

    octets: bytes
    type: int | None
    flags: int | None
    fields: tuple[Field, ...]
    payload_starts: int
    problems: tuple[str, ...]

    def get(self, name: str) -> bytes:
        """The octets of a field, empty where it is not there."""
        return next((field.octets for field in self.fields if field.name == name), b"")

    def text(self, name: str) -> str:
        """A string field as text: UTF-16 or OEM as the flags of this message say."""
        return wide_text(self.get(name)) if self.is_unicode else self.get(name).decode("cp1252", "backslashreplace")

    def place(self, name: str) -> Field | None:
        """A field with its place."""
        return next((field for field in self.fields if field.name == name), None)

    @property
    def is_unicode(self) -> bool:
        """Whether strings are UTF-16; those of NEGOTIATE never are, the form without flags has to be guessed."""
        if self.type == NEGOTIATE:
            return False
        if self.flags is None:
            return self.get("user")[1:2] == b"\0" or self.get("domain")[1:2] == b"\0"
        return bool(self.flags & _ntlm_names.UNICODE)


def wide_text(octets: bytes) -> str:
    """UTF-16 as text; what is none is written as `\\xNN`."""
    return octets.decode("utf-16-le", "backslashreplace")


def parse(octets: bytes) -> NtlmMessage:
    """The message that the octets hold; never raises, whatever they are."""
    if not octets.startswith(SIGNATURE):
        return NtlmMessage(octets, None, None, (), len(octets), ("not-ntlm",))
    kind = _number(octets, 8, 4)
    if kind not in TYPES:
        return NtlmMessage(octets, None, None, (), len(octets), ("unknown-message-type",))
    problems = ["over-long"] if len(octets) > LONGEST else []
    octets = octets[:LONGEST]
    flags = _number(octets, _FLAGS_AT[kind], 4)
    payload = [field for name, at in _PAYLOAD[kind] if (field := _payload_field(octets, name, at, problems))]
    if len(octets) < _HEADER[kind] and len(octets) not in _HISTORIC[kind]:
        problems.append("truncated-header")
    starts = min((field.offset for field in payload if _is_behind_header(field, kind)), default=len(octets))
    if kind == AUTHENTICATE and starts < _HEADER[kind] <= len(octets):
        flags, payload = None, [field for field in payload if field.name != "session-key"]
        problems = [slug for slug in problems if not slug.startswith("session-key")]
    header = _header_fields(octets, kind, flags or 0, starts)
    problems += [*_overlaps(payload, header, _HEADER[kind]), *_charset_problems(kind, flags, payload)]
    return NtlmMessage(octets, kind, flags, (*header, *payload), starts, tuple(dict.fromkeys(problems)))


def pairs(octets: bytes) -> tuple[tuple[Pair, ...], tuple[str, ...]]:
    """The AV pairs of target information up to its end, and what is wrong with the list ([MS-NLMP] 2.2.2.1)."""
    found: list[Pair] = []
    at = 0
    while len(found) < MOST_PAIRS:
        number, size = _number(octets, at, 2), _number(octets, at + 2, 2)
        if number is None or size is None:
            return tuple(found), ("av-list-without-end",)
        value = octets[at + 4 : at + 4 + size]
        found.append(Pair(number, at, value))
        if number == 0:
            return tuple(found), ("av-end-with-length",) if size else ()
        if len(value) < size:
            return tuple(found), ("av-pair-out-of-range",)
        at += 4 + size
    return tuple(found), ("too-many-av-pairs",)


def _number(octets: bytes, at: int, size: int) -> int | None:
    part = octets[at : at + size]
    return int.from_bytes(part, "little") if len(part) == size else None


def _payload_field(octets: bytes, name: str, at: int, problems: list[str]) -> Field | None:
    """The field whose description stands at `at`; None where the description is not there, or the field empty."""
    length, offset = _number(octets, at, 2), _number(octets, at + 4, 4)
    if length is None or offset is None or length == 0:
        return None
    if name == "target-info" and not _announces_target_info(octets) and not 48 <= offset <= len(octets) - length:
        return None
    if offset + length > len(octets):
        problems.append(f"{name}-out-of-range")
    return Field(name, offset, octets[offset : offset + length], length, in_payload=True)


def _announces_target_info(octets: bytes) -> bool:
    """Whether the flags say so; without them the place may hold anything, as in Exim's challenges."""
    return bool((_number(octets, _FLAGS_AT[CHALLENGE], 4) or 0) & _ntlm_names.TARGET_INFO)


def _is_behind_header(field: Field, kind: int) -> bool:
    shortest = min(_HISTORIC[kind]) if kind == AUTHENTICATE else _HEADER[kind]
    return shortest <= field.offset and bool(field.octets)


def _header_fields(octets: bytes, kind: int, flags: int, starts: int) -> list[Field]:
    """The parts of fixed size; a version is there where the flag says so, a MIC where there is room for one."""
    places = [("signature", 0, 8), ("message-type", 8, 4)]
    if kind != AUTHENTICATE or starts >= _HEADER[kind]:
        places.append(("flags", _FLAGS_AT[kind], 4))
    if kind == CHALLENGE:
        places.append(("server-challenge", 24, 8))
    version_at = _HEADER[kind]
    has_mic = kind == AUTHENTICATE and starts >= 80
    has_version = bool(flags & _ntlm_names.VERSION) and starts >= version_at + 8
    if kind == AUTHENTICATE and 80 <= starts < 88:
        has_version = False
    if has_version:
        places.append(("version", version_at, 8))
    if has_mic:
        places.append(("mic", 64 if starts < 88 else 72, 16))
    return [Field(name, at, octets[at : at + size], size) for name, at, size in places if at + size <= len(octets)]


def _overlaps(payload: list[Field], header: list[Field], size: int) -> Iterator[str]:
    """Fields that lie inside the header, or inside each other."""
    behind = max((field.offset + len(field.octets) for field in header), default=0)
    for field in payload:
        if field.offset < max(size, behind) and field.octets and not _fits_short_header(field, size):
            yield f"{field.name}-overlaps-header"
    ranges = sorted((field.offset, field.offset + len(field.octets)) for field in payload if field.octets)
    if any(first[1] > second[0] for first, second in pairwise(ranges)):
        yield "fields-overlap"


def _fits_short_header(field: Field, size: int) -> bool:
    """Whether a field may begin there in the historic form of 52 octets, which has neither key nor flags."""
    return size == _HEADER[AUTHENTICATE] and 52 <= field.offset < size


def _charset_problems(kind: int, flags: int | None, payload: list[Field]) -> Iterator[str]:
    if kind == NEGOTIATE or flags is None:
        return
    unicode = flags & _ntlm_names.UNICODE
    if not unicode and not flags & _ntlm_names.OEM:
        yield "no-charset-flag"
    for field in payload if unicode else ():
        if field.name in _STRINGS and len(field.octets) % 2:
            yield f"{field.name}-odd-length"
        elif field.name in _STRINGS and not _is_utf16(field.octets):
            yield f"{field.name}-not-utf-16"


def _is_utf16(octets: bytes) -> bool:
    try:
        octets.decode("utf-16-le")
    except UnicodeDecodeError:
        return False
    return True
