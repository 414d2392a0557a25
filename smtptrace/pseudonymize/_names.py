"""Pseudonyms: each name gets one and keeps it, and a host keeps its place in its domain."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable

from smtptrace import grammar
from smtptrace.errors import UsageError
from smtptrace.pseudonymize._lexicon import Lexicon

GENERIC = frozenset(
    "localhost localdomain mail mailer smtp smtps submission imap pop mx mta"
    " www ns dns relay gateway edge hub autodiscover exim postfix exchange sendmail dovecot protection prod outlook"
    " office365 microsoft google gmail googlemail yahoo support aka spamhaus barracudacentral"
    " hotmail icloud sendgrid mailgun amazonaws email-smtp zoho yandex kundenserver ionos strato fastmail brevo"
    " sendinblue mailjet sparkpostmail mandrillapp postmarkapp protonmail mimecast pphosted messagelabs github".split()
)
"""Labels that name a service, a product or a provider and nobody; like top-level domains they stay."""

TOP = frozenset(
    "com net org edu gov mil int info biz name pro mobi app dev cloud online site tech shop xyz email"
    " test example invalid localhost local localdomain lan internal corp home arpa intra intranet".split()
)
"""Top-level domains that stay, besides those of two letters; a private one may be the name of its owner."""

ROLES = frozenset(
    "postmaster abuse root mailer-daemon noreply no-reply admin administrator info user username test anonymous guest"
    " none unknown null default smtpsvc host service".split()
)
"""Words that are no names; they are replaced where an address or a login stands, not wherever they occur."""

COMMON = frozenset(
    "access account accounts address alert alerts application authentication backup bill billing bounce bounces bulk"
    " client cloud company contact content daemon data default demo denied deliver delivery direct domain email error"
    " errors example external failed failure filter forward generic group hello help helpdesk hosting inbound inbox"
    " internal invalid invoice invoices list lists login mailbox mailing mailout manager marketing message messages"
    " monitor monitoring name network news newsletter notice notification notifications notify office online order"
    " orders outbound owner password policy portal print printer private production public queue quota receipt"
    " recipient refused rejected remote reply report reports request return returns sales scan scanner secure security"
    " send sender server service services session shared shop spam spool srs0 srs1 staff status stage staging storage"
    " subscribe system systems team temporary test tester testing tests tickets transport unsubscribe user users verp"
    " store virus web webmail webmaster website work".split()
)
"""Words that stand in local parts and domains and in what servers say: as a part of a name they are none."""

NOTHING = frozenset(("undefined", "null", "(null)", "none", "nil", "nan", "[object object]"))
"""What programs send for a login that they were not given; it tells of a mistake and of nobody."""

_PARTS = re.compile(r"[^\W\d_]{4,64}")
"""Words of which local parts are made."""

_EMBEDDED = re.compile(r"(?P<user>[^=+@]{1,64})=(?P<host>(?:[A-Za-z0-9_-]{1,63}\.)+[A-Za-z]{2,63})$")
"""An address inside a local part (VERP, SRS)."""

_WHOLE = 6
"""Letters from which on a part of a name is looked for inside of words and in other encodings too."""

_ACCESS_KEY = re.compile(r"AKIA[A-Z0-9]{16}")
_IPV4 = (("192.0.2.0/24", 254), ("198.51.100.0/24", 254), ("203.0.113.0/24", 254), ("10.0.0.0/8", 2**24 - 2))
_IPV6 = "2001:db8::/64"
_KINDS = ("label", "user", "word", "ip", "secret")
_REMEMBERED = 50
"""Names of earlier sessions that are looked for in the next one, wherever they stand."""

AHEAD = 500
"""The same where all sessions were looked at before, and so many secrets."""

_LONGEST_WORD = 256
_SHORTEST_PART = 4


class Names:
    """The pseudonyms given so far, by kind and name.

    Args:
        known: pseudonyms of earlier runs, as `as_json` wrote them.
    """

    def __init__(self, known: dict[str, dict[str, str]] | None = None) -> None:
        self._given: dict[str, dict[str, str]] = {kind: dict((known or {}).get(kind, {})) for kind in _KINDS}
        self.recent, self.lasting = Lexicon(), Lexicon()
        self.secret_forms: frozenset[bytes] = frozenset()

    @classmethod
    def from_json(cls, text: str, path: str) -> Names:
        """The names of a map that an earlier run wrote.

        Raises:
            UsageError: it is none.
        """
        try:
            known = json.loads(text)
            sound = all(
                isinstance(name, str) for kind in _KINDS for pair in known.get(kind, {}).items() for name in pair
            )
        except (ValueError, AttributeError, RecursionError) as error:
            raise UsageError(f"{path}: no map of pseudonyms; name a new file or one that this command wrote") from error
        if not sound:
            raise UsageError(f"{path}: no map of pseudonyms; name a new file or one that this command wrote")
        return cls(known)

    def as_json(self) -> str:
        """Every name with its pseudonym, without secrets: whoever has it can undo the pseudonyms."""
        told = {kind: given for kind, given in self._given.items() if kind != "secret"}
        return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    def forget(self, most: int = _REMEMBERED) -> None:
        """Keep looking for the names learnt last only: those of thousands of sessions would make each one slow."""
        self.recent.trim(most)

    def settle(self, secret_forms: Iterable[bytes]) -> None:
        """Look for the names learnt so far in every session from now on, and for these forms of secrets."""
        self.lasting, self.recent = self.recent, Lexicon()
        self.secret_forms = frozenset(secret_forms)

    def word_for(self, name: str) -> str | None:
        """The pseudonym of a name that was learnt; None for another one."""
        key = name.lower()
        pseudonym = self.lasting.words.get(key) or self.recent.words.get(key)
        return pseudonym and pseudonym(name)

    def learn(self, name: str, pseudonym: Callable[[str], str], *, part: bool = False) -> None:
        """Have a name replaced wherever it is found, of a host its labels too, unless it says nothing."""
        key = name.lower()
        usual = (
            key in GENERIC
            or key in ROLES
            or name.upper() in grammar.VERBS
            or not name.strip("xX0123456789")
            or is_ip(name)
        )
        known = key in self.lasting.words
        if 2 <= len(name) <= _LONGEST_WORD and not usual and not known and pseudonym(name).lower() != key:
            self.recent.add(name, pseudonym, alone=part and len(name) < _WHOLE)
            if pseudonym == self.host and "." in name:
                for label in name.split(".")[:-1]:
                    self._learn_part(label, self.word)

    def _learn_part(self, part: str, pseudonym: Callable[[str], str]) -> None:
        """Learn a part of a name, unless it is one by itself: a short one counts where it stands alone."""
        key = part.lower()
        if len(part) >= _SHORTEST_PART and key not in COMMON | TOP and key not in self.recent.words:
            self.learn(part, pseudonym, part=True)

    def learn_address(self, address: str) -> None:
        """Learn a mailbox or a login, and the names that its local part is made of."""
        local, at, domain = address.rpartition("@")
        if not at:
            domain, _, local = address.rpartition("\\")
        local = local.strip('"')
        self.learn(local, self.user)
        self.learn(domain, self.host)
        inside = _EMBEDDED.search(local)
        if inside:
            self.learn(inside["user"].rpartition("+")[2], self.user)
            self.learn(inside["host"], self.host)
            local = local[: inside.start()]
        for part in _PARTS.findall(local):
            self._learn_part(part, self.user)

    def address(self, address: str) -> str:
        """The pseudonym of a mailbox or a login: `user@host`, `DOMAIN\\user` or a bare name."""
        local, at, domain = address.rpartition("@")
        if at:
            return f"{self.user(local)}@{self.host(domain)}"
        domain, backslash, user = address.rpartition("\\")
        return f"{self.host(domain)}\\{self.user(user)}" if backslash else self.user(address)

    def user(self, user: str) -> str:
        """The pseudonym of a login or local part."""
        if not user or user.lower() in NOTHING:
            return user
        if user.startswith('"') and user.endswith('"') and len(user) > 2:
            return f'"{self.user(user[1:-1])}"'
        if _ACCESS_KEY.fullmatch(user):  # what it is instead of a login is told by its first letters
            return self._one("user", user.lower(), lambda number: f"AKIA{number:016d}")
        return self._one("user", user.lower(), lambda number: f"person{number}")

    def host(self, host: str) -> str:
        """The pseudonym of a host or domain, label by label; an address literal keeps its brackets."""
        inner = host.strip("[]")
        bare = inner.removeprefix("IPv6:")
        if is_ip(bare):
            return host.replace(bare, self.ip(bare))
        if "." not in host:
            return self.word(host)
        *labels, top = host.split(".")
        kept = len(top) == 2 or top.lower() in TOP
        replaced = ".".join([*(self._label(label) for label in labels), top if kept else self._label(top)])
        return replaced.upper() if host.isupper() else replaced

    def is_login(self, domain: str, user: str) -> bool:
        """Whether `domain\\user` is a login: one of them is known."""
        return domain.lower() in self._given["label"] or user.lower() in self._given["user"]

    def is_pseudonym(self, address: str) -> bool:
        """Whether an address is one that was given."""
        return address.partition("@")[0] in self._given["user"].values()

    def known(self, name: str) -> str:
        """The pseudonym of a name of unknown kind: that of the user who is known by it, else of a host."""
        return self.user(name) if name.lower() in self._given["user"] else self.host(name)

    def word(self, word: str) -> str:
        """The pseudonym of a name that is one label: a computer, a NetBIOS domain, a HELO name."""
        if not word or word.lower() in GENERIC:
            return word
        label = self._label(word)
        return label.upper() if word.isupper() else label

    def ip(self, text: str) -> str:
        """The pseudonym of an IP address; those of the own machine stay."""
        address = ipaddress.ip_address(text)
        if address.is_loopback or address.is_unspecified:
            return text
        kind = f"{address.version}:{address}"
        return self._one("ip", kind, lambda number: _documentation(address.version, number))

    def secret(self, secret: bytes) -> bytes:
        """Octets of the same length and kind instead of a secret; equal ones for equal secrets."""
        core = secret.strip(b"\0\r\n\t ")
        if not core or core.lower().decode("latin-1") in NOTHING:
            return secret
        if not core.isascii():
            return secret.replace(core, filler(core))
        given = self._given["secret"].setdefault(core.hex(), f"s{len(self._given['secret']) + 1}x")
        return secret.replace(core, given.encode().ljust(len(core), b"x")[: len(core)])

    def _label(self, label: str) -> str:
        if label.lower() in GENERIC or not label:
            return label
        return self._one("label", label.lower(), lambda number: f"site{number}")

    def _one(self, kind: str, name: str, make: Callable[[int], str]) -> str:
        given = self._given[kind]
        if name not in given:
            given[name] = make(len(given) + 1)
        return given[name]


def is_ip(text: str) -> bool:
    """Whether the text is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def filler(octets: bytes) -> bytes:
    """Octets of the same length that say nothing: line ends, controls and what is ASCII or not stay so."""
    if octets.isascii():
        return _ASCII.sub(b"x", octets)
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        return _ASCII.sub(b"x", _HIGH.sub(b"\xe9", octets))
    return "".join(_alike(char) for char in text).encode("utf-8")


_ASCII = re.compile(rb"[\x21-\x7e]")
_HIGH = re.compile(rb"[\x80-\xff]")


def _alike(char: str) -> str:
    if char <= "\x20" or char == "\x7f":
        return char
    return ("x", "é", "€", "\U0001d54f")[len(char.encode("utf-8")) - 1]


def _documentation(version: int, number: int) -> str:
    if version == 6:
        return str(ipaddress.ip_network(_IPV6)[number])
    for network, room in _IPV4:
        if number <= room:
            return str(ipaddress.ip_network(network)[number])
        number -= room
    return "192.0.2.255"
