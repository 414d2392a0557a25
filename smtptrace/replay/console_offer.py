"""What the answer to EHLO offers, and what each line of it means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_MEANINGS = {
    "8BITMIME": "octets above 127 in content (BODY=8BITMIME)",
    "AUTH": "logins with these mechanisms",
    "BINARYMIME": "content without lines, in chunks (BODY=BINARYMIME)",
    "BURL": "content fetched from an IMAP server",
    "CHUNKING": "content in chunks (BDAT)",
    "DELIVERBY": "delivery by a time (BY=)",
    "DSN": "delivery reports as asked for (RET= ENVID= NOTIFY= ORCPT=)",
    "ENHANCEDSTATUSCODES": "replies carry codes such as 5.7.8",
    "ETRN": "start the queue for a domain",
    "EXPN": "expand a list",
    "FUTURERELEASE": "hold a message back (HOLDFOR= HOLDUNTIL=)",
    "HELP": "help",
    "LIMITS": "limits of a session",
    "MT-PRIORITY": "priorities (MT-PRIORITY=)",
    "PIPELINING": "several commands before the replies are read",
    "PRDR": "a reply for each recipient after the content",
    "REQUIRETLS": "carry on in TLS only (REQUIRETLS)",
    "RRVS": "the recipient must have been the same person since (RRVS=)",
    "SIZE": "the size is told beforehand (SIZE=)",
    "SMTPUTF8": "addresses and headers in UTF-8 (SMTPUTF8)",
    "STARTTLS": "TLS can begin: type STARTTLS",
    "VRFY": "ask whether an address is known",
    "XCLIENT": "pretend to be another client, for tests",
    "XFORWARD": "tell of the original client",
    "X-ANONYMOUSTLS": "TLS between Exchange servers",
    "X-EXPS": "logins between Exchange servers",
}


_WORD = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True, slots=True)
class Offer:
    """What was offered last: keywords, upper case, with their parameters; `known` once EHLO was answered."""

    known: bool = False
    keywords: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def has(self, keyword: str) -> bool:
        """Whether a keyword is offered."""
        return keyword in self.keywords

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """SASL mechanisms, also where an old server writes `AUTH=LOGIN`."""
        return tuple(dict.fromkeys((*self.keywords.get("AUTH", ()), *self.keywords.get("AUTH=", ()))))


def offer_of(lines: Sequence[bytes]) -> Offer:
    """The offer that the lines of a 250 reply to EHLO make (RFC 5321, 4.1.1.1)."""
    keywords: dict[str, tuple[str, ...]] = {}
    for line in lines[1:]:
        keyword, parameters = _parts(line)
        if keyword:
            keywords[keyword] = (*keywords.get(keyword, ()), *parameters)
    return Offer(True, keywords)


def _parts(line: bytes) -> tuple[str, tuple[str, ...]]:
    """Keyword and parameters, upper case; a word that holds anything but printable ASCII is left out."""
    text = line[4:].decode("ascii", "replace").upper()
    old = text.startswith("AUTH=")
    keyword, *parameters = ("AUTH= " + text[5:] if old else text).split() or [""]
    safe = tuple(each for each in parameters if _WORD.fullmatch(each))
    return (keyword if _WORD.fullmatch(keyword) else ""), safe


def extension_meaning(line: bytes) -> str:
    """What a line of the answer to EHLO means, "" where nothing is known of it."""
    keyword, parameters = _parts(line)
    if keyword == "SIZE" and parameters and parameters[0].isascii() and parameters[0].isdecimal():
        return _size(parameters[0])
    if keyword == "AUTH=":
        return "the same for clients of old"
    return _MEANINGS.get(keyword, "")


def _size(text: str) -> str:
    if not text.strip("0"):
        return "messages of any size (SIZE=)"
    return f"messages of up to {int(text):,} octets (SIZE=)" if len(text) < 20 else _MEANINGS["SIZE"]
