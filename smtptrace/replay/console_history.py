"""Which lines may be kept in a history: nothing that may hold a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable

from smtptrace.grammar import VERBS

LOGINS = frozenset(("AUTH", "X-EXPS", "XAUTH"))
"""Commands whose argument may hold a secret."""

_RAW = "/raw "
_OLD = re.compile(r"(?i)^\s*AUTH=")


def may_be_kept(line: str, known: Iterable[str] = ()) -> bool:
    """Whether the line is a command of SMTP or of the console that holds no secret.

    A line that begins with no known verb is not kept: it may be a password typed at the wrong place.

    Args:
        line: as typed.
        known: further verbs, upper case.
    """
    line = line.strip()
    if line.startswith(_RAW):
        line = line.removeprefix(_RAW).strip()
    elif line.startswith("/"):
        return True
    verb = verb_of(line)
    if verb in LOGINS:
        return len(login_words(line)) == 2
    return verb in VERBS or verb in known


def verb_of(line: str) -> str:
    """The first word in upper case; `AUTH=LOGIN` begins with AUTH."""
    word = (line.split(maxsplit=1) or [""])[0].upper()
    return "AUTH" if word.startswith("AUTH=") else word


def login_words(line: str) -> list[str]:
    """The command, the mechanism and the initial response of a login, as far as they are there."""
    return _OLD.sub("AUTH ", line).split(maxsplit=2)
