"""What a server of `serve` wants done: it gives actions and takes what was heard, and does no I/O itself."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Say:
    """Send these octets."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class HearLine:
    """Wait for a line, with its line end."""


@dataclass(frozen=True, slots=True)
class HearContent:
    """Wait for so many octets, or (None) for content up to its end mark."""

    size: int | None


@dataclass(frozen=True, slots=True)
class BeginTls:
    """Go on in TLS."""


Action = Say | HearLine | HearContent | BeginTls
Course = Generator[Action, bytes | None, T]
"""Gives actions; takes the octets heard, None where the client has gone."""


class ClientGoneError(Exception):
    """The client ended the connection; raised within a server, never out of it."""


def hear_line() -> Course[bytes]:
    """The next line without its line end.

    Raises:
        ClientGoneError: there is none.
    """
    return (yield from _heard(HearLine())).rstrip(b"\r\n")


def hear_content(size: int | None = None) -> Course[bytes]:
    """So many octets, or content with its end mark.

    Raises:
        ClientGoneError: it ended before.
    """
    return (yield from _heard(HearContent(size)))


def _heard(action: HearLine | HearContent) -> Course[bytes]:
    octets = yield action
    if octets is None:
        raise ClientGoneError
    return octets
