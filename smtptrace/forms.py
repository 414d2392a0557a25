"""The ways in which a secret or a name may be written, and where they stand in octets."""

from __future__ import annotations

import base64
import quopri
import urllib.parse
from collections.abc import Callable, Iterator

_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


class Inside(bytes):
    """The base64 of a secret that stands between other octets, whose first and last bits are in the characters beside.

    `before` and `behind` count those characters, 0 or 1.
    """

    before: int
    behind: int


def forms(secret: bytes) -> Iterator[bytes]:
    """The ways in which a secret may be written: as it is, base64, quoted-printable, URL, hex and UTF-16."""
    yield secret
    for start in range(3):
        encoded = base64.b64encode(bytes(start) + secret)
        inside = Inside(encoded[(0, 2, 3)[start] : len(encoded) - (0, 3, 2)[(start + len(secret)) % 3]])
        inside.before, inside.behind = int(start > 0), int((start + len(secret)) % 3 > 0)
        yield inside
    yield quopri.encodestring(secret).rstrip(b"\n")
    yield urllib.parse.quote_from_bytes(secret, safe="").encode()
    yield urllib.parse.quote_plus(secret).encode()
    yield secret.hex().encode()
    text = secret.decode("utf-8", "replace")
    yield text.encode("utf-16-le", "surrogatepass")
    yield base64.b64encode(text.encode("utf-16-le", "surrogatepass"))


def places(octets: bytes, form: bytes) -> Iterator[tuple[int, int]]:
    """Where a form of a secret stands in the octets, with the characters beside it that hold bits of it."""
    before, behind = (form.before, form.behind) if isinstance(form, Inside) else (0, 0)
    at = octets.find(form)
    while at >= 0:
        start, stop = at, at + len(form)
        start -= before and octets[start - 1 : start] != b"" and octets[start - 1] in _BASE64
        stop += behind and octets[stop : stop + 1] != b"" and octets[stop] in _BASE64
        yield start, stop
        at = octets.find(form, stop)


def without(octets: bytes, form: bytes, mask: Callable[[int], bytes]) -> bytes:
    """The octets with a mask, made for a length, wherever a form of a secret stands."""
    pieces, at = [], 0
    for start, stop in places(octets, form):
        pieces += [octets[at:start], mask(stop - start)]
        at = stop
    return b"".join([*pieces, octets[at:]]) if pieces else octets
