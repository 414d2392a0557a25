"""A shallow walk through DER (X.690): one level at a time, never raising, never past the octets."""

from __future__ import annotations

from dataclasses import dataclass

MOST = 64
"""Elements of one level that are read; more say nothing that SASL needs."""


@dataclass(slots=True)
class Element:
    """One element: its tag octet, its content, and whether all of the content is here."""

    tag: int
    content: bytes
    complete: bool = True


def elements(octets: bytes) -> tuple[Element, ...]:
    """The elements of one level, up to the first that cannot be read."""
    found: list[Element] = []
    at = 0
    while at < len(octets) and len(found) < MOST:
        element, after = _element(octets, at)
        if element is None:
            break
        found.append(element)
        at = after
    return tuple(found)


def child(octets: bytes, *tags: int) -> bytes | None:
    """The content found by going down through elements of these tags, None where one is missing."""
    for tag in tags:
        found = next((each for each in elements(octets) if each.tag == tag), None)
        if found is None:
            return None
        octets = found.content
    return octets


def oid(content: bytes) -> str:
    """An object identifier in dotted form; empty where it is longer than any that is in use."""
    if not 0 < len(content) <= 32:
        return ""
    numbers, value = [], 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(value)
            value = 0
    if not numbers:
        return ""
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def integer(content: bytes | None) -> int | None:
    """A small integer, None where it is missing or longer than eight octets."""
    return int.from_bytes(content, "big", signed=True) if content and len(content) <= 8 else None


def _element(octets: bytes, at: int) -> tuple[Element | None, int]:
    """The element at `at` and where the next begins; None for long tags, indefinite lengths and what is cut."""
    if at + 2 > len(octets) or octets[at] & 0x1F == 0x1F:
        return None, at
    size, start = octets[at + 1], at + 2
    if size >= 0x80:
        digits = size & 0x7F
        start += digits
        if not 0 < digits <= 4 or start > len(octets):
            return None, at
        size = int.from_bytes(octets[start - digits : start], "big")
    content = octets[start : start + size]
    return Element(octets[at], content, len(content) == size), start + size
