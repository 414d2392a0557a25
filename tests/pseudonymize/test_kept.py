"""Bodies that are kept hold no name, in no encoding that mail uses."""

from __future__ import annotations

import base64

import pytest

from smtptrace.pseudonymize._kept import rewritten
from smtptrace.pseudonymize._names import Names
from smtptrace.pseudonymize._text import Sweeper

NAMES = Names()
NAMES.learn_address("zora.quist@vermilion.test")
PERSON = NAMES.address("zora.quist@vermilion.test").encode()
USER = NAMES.user("zora.quist").encode()


def kept(body: bytes) -> tuple[bytes, list[str]]:
    """The body as it may be kept, and what could not be looked into."""
    unread: list[str] = []
    return b"".join(rewritten(body.splitlines(keepends=True), Sweeper(NAMES), unread)), unread


def test_what_can_be_read_keeps_its_words() -> None:
    """Names are replaced, the rest stays as it is."""
    assert kept(b"Dear zora.quist,\r\n=C3=BCber\r\n.\r\n") == (b"Dear %s,\r\n=C3=BCber\r\n.\r\n" % USER, [])


@pytest.mark.parametrize(
    "line",
    [
        b"see zora=2Equist@vermilion=2Etest now",
        b"see zora.qu=\r\nist at home",
        b"see zora.quist&#64;vermilion.test",
        b"see &#122;ora.quist@nowhere.test",
    ],
)
def test_a_name_that_shows_once_decoded_takes_its_line_with_it(line: bytes) -> None:
    """Quoted-printable with soft breaks, entities of HTML: the line is filled, its breaks stay."""
    said, unread = kept(b"before\r\n" + line + b"\r\nafter\r\n")
    assert said.startswith(b"before\r\n") and said.endswith(b"\r\nafter\r\n")
    assert (b"quist" in said, b"zora" in said, b"vermilion" in said) == (False, False, False)
    assert said.count(b"\r\n") == line.count(b"\r\n") + 3
    assert unread == []


def test_base64_of_a_text() -> None:
    """Over several lines, where no line alone shows the name; without a name it stays."""
    with_name = base64.encodebytes(b"x" * 50 + b"zora.quist@vermilion.test" + b"y" * 60).replace(b"\n", b"\r\n")
    without = base64.encodebytes(b"nobody is named here, " * 6).replace(b"\n", b"\r\n")
    said, unread = kept(with_name + b"\r\n" + without)
    filled, _, rest = said.partition(b"\r\n\r\n")
    assert set(filled) <= set(b"A=\r\n") and len(filled) + 2 == len(with_name)
    assert rest == without
    assert unread == []


def test_base64_of_an_attachment() -> None:
    """What is no text cannot be looked into: it goes, and is listed."""
    encoded = base64.encodebytes(b"%PDF-1.7\0\1\2\3" * 20).replace(b"\n", b"\r\n")
    said, unread = kept(encoded)
    assert set(said) <= set(b"A=\r\n") and len(said) == len(encoded)
    size = len(encoded.replace(b"\r\n", b""))
    assert unread == [f"{size} octets of encoded content"]


def test_words_that_look_like_base64() -> None:
    """A long word is text."""
    assert kept(b"Donaudampfschifffahrtsgesellschaft\r\n") == (b"Donaudampfschifffahrtsgesellschaft\r\n", [])
