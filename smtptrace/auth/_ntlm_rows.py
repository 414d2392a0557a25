"""An NTLM message field by field, each with its offset and length in the message."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from smtptrace.auth import _ntlm_message, _ntlm_names, _ntlm_response
from smtptrace.auth._description import Description, Row, row
from smtptrace.auth._ntlm_message import AUTHENTICATE, Field, NtlmMessage, Pair
from smtptrace.secret import Secret

_PROOFS = frozenset(("lm-response", "nt-response", "session-key", "mic"))
_PAIRS_AT = 44
"""Where the AV pairs begin in an NTLMv2 response: behind proof, versions, time, client challenge and zeros."""


def describe(octets: bytes) -> Description | None:
    """All fields of the message in the order of their offsets; None where the octets are none."""
    if not octets.startswith(_ntlm_message.SIGNATURE):
        return None
    message = _ntlm_message.parse(octets)
    name = _ntlm_message.TYPES.get(message.type or 0, "message of an unknown type")
    found = [each for field in sorted(message.fields, key=lambda field: field.offset) for each in _rows(message, field)]
    problems = message.problems
    if message.type == AUTHENTICATE:
        response = _ntlm_response.response_of(message)
        found.append(row("response-kind", response.kind))
        problems += response.problems
    return Description(f"NTLM {name}", tuple(found), problems)


def _rows(message: NtlmMessage, field: Field) -> Iterator[Row]:
    yield row(field.name, _value(message, field), field.offset, len(field.octets))
    if field.name == "target-info":
        yield from _pair_rows(_ntlm_message.pairs(field.octets)[0], field.offset)
    if field.name == "nt-response" and len(field.octets) >= _PAIRS_AT:
        yield from _blob_rows(message, field)


def _value(message: NtlmMessage, field: Field) -> object:
    if field.name in _PROOFS:
        return Secret(field.octets.hex())
    say = _SAID.get(field.name)
    return message.text(field.name) if say is None else say(message, field)


_SAID: dict[str, Callable[[NtlmMessage, Field], str]] = {
    "signature": lambda _message, _field: "NTLMSSP",
    "message-type": lambda message, _field: f"{message.type} ({_ntlm_message.TYPES[message.type or 0]})",
    "flags": lambda message, _field: f"0x{message.flags:08x} {' '.join(_ntlm_names.flag_names(message.flags or 0))}",
    "version": lambda _message, field: _ntlm_names.version_text(field.octets) or "zero",
    "server-challenge": lambda _message, field: field.octets.hex(),
    "target-info": lambda _message, field: f"{len(_ntlm_message.pairs(field.octets)[0])} AV pairs",
}


def _blob_rows(message: NtlmMessage, field: Field) -> Iterator[Row]:
    """The parts of an NTLMv2 response ([MS-NLMP] 2.2.2.7)."""
    at, octets = field.offset, field.octets
    yield row("  proof", Secret(octets[:16].hex()), at, 16)
    clock = _ntlm_names.filetime_ns(octets[24:32])
    yield row("  client-time", octets[24:32].hex() if clock is None else _ntlm_names.iso(clock), at + 24, 8)
    yield row("  client-challenge", octets[32:40].hex(), at + 32, 8)
    yield from _pair_rows(_ntlm_response.response_of(message).pairs, at + _PAIRS_AT)


def _pair_rows(pairs: tuple[Pair, ...], start: int) -> Iterator[Row]:
    for pair in pairs:
        yield row(f"  {pair.name}", _pair_value(pair), start + pair.offset, 4 + len(pair.octets))


def _pair_value(pair: Pair) -> str:
    clock = _ntlm_names.filetime_ns(pair.octets) if pair.number == 7 else None
    if clock is not None:
        return _ntlm_names.iso(clock)
    return pair.text if pair.number in (1, 2, 3, 4, 5, 9) else pair.octets.hex()
