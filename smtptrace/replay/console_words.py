"""What a line may go on with: verbs, mechanisms, parameters and addresses, from what the server offers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from smtptrace.grammar import VERBS
from smtptrace.replay.console_offer import Offer

MOST_ADDRESSES = 200
_MOST_PATHS = 200

_ALWAYS = ("EHLO ", "HELO ", "MAIL FROM:<", "RCPT TO:<", "DATA", "RSET", "NOOP", "VRFY ", "HELP", "QUIT")
_IF_OFFERED = {"AUTH": "AUTH ", "STARTTLS": "STARTTLS", "EXPN": "EXPN ", "ETRN": "ETRN "}
_SPELT = frozenset(form.split()[0] for form in (*_ALWAYS, *_IF_OFFERED.values()))
_PARAMETERS = {
    "MAIL": {
        "SIZE": ("SIZE=",),
        "8BITMIME": ("BODY=8BITMIME", "BODY=7BIT"),
        "BINARYMIME": ("BODY=BINARYMIME",),
        "SMTPUTF8": ("SMTPUTF8",),
        "DSN": ("RET=HDRS", "RET=FULL", "ENVID="),
        "AUTH": ("AUTH=<>",),
        "REQUIRETLS": ("REQUIRETLS",),
        "DELIVERBY": ("BY=",),
        "FUTURERELEASE": ("HOLDFOR=", "HOLDUNTIL="),
        "MT-PRIORITY": ("MT-PRIORITY=",),
    },
    "RCPT": {
        "DSN": ("NOTIFY=NEVER", "NOTIFY=FAILURE", "NOTIFY=SUCCESS,FAILURE,DELAY", "ORCPT=rfc822;"),
        "RRVS": ("RRVS=",),
    },
}
"""Parameters by the extension that allows them."""

_ADDRESS = re.compile(r"(?i)(MAIL FROM:|RCPT TO:)\s*<([^>\s]*)$|(?:VRFY|EXPN) (\S*)$")
_PARAMETER = re.compile(r"(?i)(MAIL|RCPT) (?:FROM|TO):\s*<[^>]*>(?: \S+)* (\S*)$")
_MECHANISM = re.compile(r"(?i)AUTH (\S*)$")
_NAME = re.compile(r"(?i)(?:EHLO|HELO|LHLO) (\S*)$")
_FILE = re.compile(r"/(?:save|data|bdat) (.*)$")
_HEAD = re.compile(r"\S*$")


@dataclass(frozen=True, slots=True)
class Word:
    """One way to go on: `text` takes the place of the last `replaced` characters."""

    text: str
    replaced: int
    meaning: str = ""


@dataclass(slots=True)
class Used:
    """Names and addresses that were used before, the last one first."""

    names: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    def address(self, line: str) -> None:
        """Keep the address of a MAIL or RCPT command."""
        found = re.search(r"<([^<>\s]{1,320})>", line)
        if found:
            _first(self.addresses, found[1])

    def name(self, line: str) -> None:
        """Keep the name said in EHLO or HELO."""
        words = line.split()
        if len(words) > 1:
            _first(self.names, words[1])


def _first(kept: list[str], value: str) -> None:
    if value in kept:
        kept.remove(value)
    kept.insert(0, value)
    del kept[MOST_ADDRESSES:]


def words(line: str, offer: Offer, used: Used, local: Mapping[str, str]) -> Iterator[Word]:
    """The ways in which the line, up to the cursor, may go on.

    Args:
        line: what stands before the cursor.
        offer: what the server offers.
        used: names and addresses of before.
        local: the console's own commands with what they do.
    """
    if found := _HEAD.fullmatch(line):
        yield from _heads(found[0], offer, local)
    elif found := _MECHANISM.fullmatch(line):
        yield from _starting(found[1], offer.mechanisms)
    elif found := _ADDRESS.fullmatch(line):
        end = ">" if found[1] else ""
        null = ("",) if found[1] and found[1].upper().startswith("MAIL") else ()
        yield from _exact(found[2] if found[1] else found[3], (each + end for each in (*used.addresses, *null)))
    elif found := _PARAMETER.fullmatch(line):
        yield from _parameters(found[1].upper(), found[2], line, offer)
    elif found := _NAME.fullmatch(line):
        yield from _exact(found[1], used.names)
    elif found := _FILE.fullmatch(line):
        yield from _paths(found[1])


def _heads(typed: str, offer: Offer, local: Mapping[str, str]) -> Iterator[Word]:
    if typed.startswith("/"):
        yield from (Word(name + " ", len(typed), what) for name, what in local.items() if name.startswith(typed))
        return
    offered = [form for word, form in _IF_OFFERED.items() if offer.has(word) or not offer.known]
    others = [word + " " for word in offer.keywords if word in VERBS and word not in _SPELT]
    yield from _starting(typed, (*_ALWAYS, *offered, *others))


def _parameters(verb: str, typed: str, line: str, offer: Offer) -> Iterator[Word]:
    there = {word.partition("=")[0].upper() for word in line.split()[2:] if word != typed}
    allowed = (each for keyword, forms in _PARAMETERS[verb].items() if offer.has(keyword) for each in forms)
    yield from _starting(typed, (each for each in allowed if each.partition("=")[0] not in there))


def _starting(typed: str, forms: Iterable[str]) -> Iterator[Word]:
    """Those that begin as typed, in the letter case of what was typed."""
    lower = typed.islower()
    for form in forms:
        if form.upper().startswith(typed.upper()):
            yield Word(form.lower() if lower else form, len(typed))


def _exact(typed: str, forms: Iterable[str]) -> Iterator[Word]:
    for form in forms:
        if form.lower().startswith(typed.lower()):
            yield Word(form, len(typed))


def _paths(typed: str) -> Iterator[Word]:
    """Files whose path begins as typed; folders end in a slash."""
    folder, _, name = typed.rpartition("/")
    base = Path(f"{folder}/" if "/" in typed else ".").expanduser()
    try:
        found = sorted(each for each in base.iterdir() if each.name.startswith(name))[:_MOST_PATHS]
    except OSError:
        return
    for each in found:
        yield Word(each.name + ("/" if each.is_dir() else ""), len(name))
