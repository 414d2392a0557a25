"""The forms that one password takes by accident; a fixed short list, no guessing."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from smtptrace.auth._proof import AS_GIVEN

_CODECS = (("", "utf-8"), ("in Latin-1", "latin-1"), ("in Windows-1252", "cp1252"), ("in UTF-16", "utf-16-le"))


def passwords(password: str) -> Iterator[tuple[str, str]]:
    """(how, password): as given first, each different form once."""
    seen: set[str] = set()
    for how, form in _forms(password):
        if form not in seen:
            seen.add(form)
            yield how, form


def encodings(password: str) -> Iterator[tuple[str, bytes]]:
    """(how, octets): UTF-8 as the standards want it, then what clients make of it."""
    seen: set[bytes] = set()
    for how, codec in (
        ("", "utf-8"),
        ("in Latin-1", "latin-1"),
        ("in Windows-1252", "cp1252"),
        ("in UTF-16", "utf-16-le"),
    ):
        octets = _encoded(password, codec)
        if octets is not None and octets not in seen:
            seen.add(octets)
            yield how, octets


def _forms(password: str) -> Iterator[tuple[str, str]]:
    yield AS_GIVEN, password
    yield "with a newline at its end", password + "\n"
    yield "with CR LF at its end", password + "\r\n"
    yield "without spaces around it", password.strip()
    yield "without spaces in it", password.replace(" ", "")
    yield "in Unicode form C", unicodedata.normalize("NFC", password)
    yield "in Unicode form D", unicodedata.normalize("NFD", password)
    yield "in Unicode form KC", unicodedata.normalize("NFKC", password)
    read_wrong = _encoded(password, "utf-8")
    if read_wrong is not None:
        yield "as UTF-8 read as Windows-1252", read_wrong.decode("cp1252", "replace")


def octets_of(text: str) -> bytes:
    """The text in UTF-8; octets that were no text when they were typed come back as they were."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _encoded(text: str, codec: str) -> bytes | None:
    try:
        return text.encode(codec)
    except UnicodeEncodeError:
        return None
