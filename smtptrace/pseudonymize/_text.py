"""Names in text replaced: addresses, hosts and IP addresses by their look, every other name where it was learnt."""

from __future__ import annotations

import re

from smtptrace.pseudonymize._names import TOP, Names, is_ip

_LABEL = r"\w[\w-]{0,62}"
_HOST = rf"(?:{_LABEL}\.){{1,20}}[^\W\d_][\w-]{{1,62}}"
_LOCAL = r"(?:\"[^\"\r\n@]{1,64}\"|[^\s<>()\[\]:;,@\\\"'/?&]{1,64})"
_LOOKS = re.compile(
    rf"(?P<address>{_LOCAL}@(?:{_HOST}|\[[0-9A-Fa-f:.]{{2,45}}\]|[\w-]{{1,63}}))"
    r"|(?P<login>(?<![\w\\.-])[A-Za-z0-9_-]{1,63}\\[A-Za-z0-9_.$-]{1,64})"
    r"|(?P<ipv6>(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?:\.[0-9.]{5,14})?(?![\w:]))"
    r"|(?P<ipv4>(?<![\w.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\w.]))"
    rf"|(?P<host>(?<![\w.-]){_HOST}(?![\w-]))"
)
_KEY = re.compile(
    r"(?:AUTH|ORCPT|LOGIN|NAME|HELO|ENVID|from|to|user|e?mail|u|e|addr(?:ess)?|rcpt|recipient|sender|smtp\.mailfrom|header\.from)=",
    re.IGNORECASE,
)
"""What stands before an address and does not belong to it."""

_TOKEN = re.compile(r"[^\s<>\"';,]{3,1000}")
_ESCAPES = (
    (re.compile(r"%([0-9A-Fa-f]{2})"), "%"),  # URL
    (re.compile(r"\+([0-9A-F]{2})"), "+"),  # xtext (RFC 3461, 4)
    (re.compile(r"=([0-9A-F]{2})"), "="),  # quoted-printable
)
"""How single characters are escaped, and what begins an escape."""


class Sweeper:
    """Replaces names in text."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def text(self, text: str) -> str:
        """The text with pseudonyms, also where characters of a name are escaped."""
        if not any(mark in text for _, mark in _ESCAPES):
            return self._plain(text)
        pieces, at = [], 0
        for found in _TOKEN.finditer(text):
            new = self._unescaped(found.group())
            if new is not None:
                pieces += [self._plain(text[at : found.start()]), new]
                at = found.end()
        return "".join(pieces) + self._plain(text[at:])

    def _unescaped(self, word: str) -> str | None:
        """A word with its escapes undone and its names replaced, None where there are no names in it then."""
        for escape, mark in _ESCAPES:
            plain = escape.sub(_character, word) if mark in word else word
            if plain != word and plain.isascii() and plain.isprintable():
                new = self._plain(plain)
                if new != plain:
                    return new.replace("@", f"{mark}40")
        return None

    def _plain(self, text: str) -> str:
        pieces, at = [], 0
        for found in _LOOKS.finditer(text):
            pieces += [self._learnt(text[at : found.start()]), self._replaced(found)]
            at = found.end()
        return "".join(pieces) + self._learnt(text[at:])

    def octets(self, octets: bytes) -> bytes:
        """The same for octets in UTF-8; others stay as they are."""
        return self.text(octets.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def knows(self, octets: bytes) -> bool:
        """Whether a name that was learnt is left in the octets, or what looks like an address."""
        text = octets.decode("utf-8", "surrogateescape")
        given = self._names.is_pseudonym
        looks = (found.group() for found in _LOOKS.finditer(text) if found["address"] is not None)
        lexicons = (self._names.lasting, self._names.recent)
        return any(each.words and each.pattern.search(text) for each in lexicons) or not all(map(given, looks))

    def outline(self, text: str) -> str:
        """Pseudonyms where names look like names, `x` and `0` for every other letter and digit."""
        pieces, at = [], 0
        for found in _LOOKS.finditer(text):
            kept = self._replaced(found)
            pieces += [_blank(text[at : found.start()]), _blank(kept) if kept == found.group() else kept]
            at = found.end()
        return "".join(pieces) + _blank(text[at:])

    def _replaced(self, found: re.Match[str]) -> str:
        text = found.group()
        if found["address"] is not None:
            key = _KEY.match(text)
            at = key.end() if key else 0
            return text[:at] + self._names.address(text[at:])
        if found["login"] is not None:
            return self._names.address(text) if self._names.is_login(*text.split("\\", 1)) else self._learnt(text)
        if found["host"] is not None:
            learnt = self._names.word_for(text)
            return learnt or (self._names.host(text) if self._is_host(text.lower()) else text)
        return self._names.ip(text) if is_ip(text) else text

    def _is_host(self, text: str) -> bool:
        """Whether dotted words are a host, by how they end."""
        top = text.rpartition(".")[2]
        return top in TOP or len(top) == 2

    def _learnt(self, text: str) -> str:
        """The text with the names that were learnt and look like nothing in particular."""
        return self._names.recent.replaced(self._names.lasting.replaced(text))


def _character(found: re.Match[str]) -> str:
    return chr(int(found[1], 16))


def _blank(text: str) -> str:
    return re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "0", text))
