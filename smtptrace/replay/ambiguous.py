"""Octets that servers may read in more than one way: who could get mail by them (docs/replay.md).

Servers differ in what ends a line, in what ends a message, and in how much of a broken command they understand (RFC
5321, 2.3.8 and 4.1.1.4, allows only one reading). Everything here takes the widest of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from smtptrace.grammar import VERBS
from smtptrace.smtp.typing import as_meant

_ENDS = re.compile(rb"[\r\n\0]+")
_DOT = re.compile(rb"[\r\n\0]\.[ \t]*(?=[\r\n\0])")
_OTHERS = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\xff]")
_WORD = re.compile(rb"([A-Za-z][A-Za-z0-9-]*)(?=[ \t]|$)")
_RCPT = re.compile(rb"(?i)(?<![a-z])rcpt")
_PATH = re.compile(
    rb"(?i)(?P<verb>[A-Z]{1,12})[ \t]+(?P<word>[A-Z]{1,12})[ \t]*:[ \t]*"
    rb'(?:<(?P<path>(?:"(?:[^"\\]|\\.)*"|[^ \t<>"])+)>|(?P<bare>[^ \t<>"]+))(?:[ \t]|$)'
)
_ORIGINAL = re.compile(rb"(?i)(?:^|[ \t])ORCPT=[^ \t<>]*")
"""The recipient as first written (RFC 3461, 4.2), which nobody writes to."""
_AGAIN = re.compile(rb"[<>@]")
"""What may be another address behind the first."""
_PLAIN = frozenset("EHLO HELO LHLO MAIL DATA BDAT RSET NOOP VRFY EXPN HELP QUIT STARTTLS AUTH".split())
"""Commands that give nobody a message."""
_NO_SENDER = (_PLAIN - {"MAIL"}) | {"RCPT"}
_MAIL = re.compile(
    rb"(?i)MAIL[ \t]+FROM[ \t]*:[ \t]*"
    rb'(?P<path><(?:"(?:[^"\\]|\\.)*"|[^ \t<>"])*>|[^ \t<>"]+)(?:[ \t]|$)'
)
_FROM = re.compile(rb"(?i)from")
_ADDRESS = re.compile(rb'[^ \t<>:,;"]+@[^ \t<>,;"]+')
_SUBMITTER = re.compile(rb"(?i)(?:^|[ \t])AUTH=[^ \t]*")
"""Who first submitted a message (RFC 4954, 5), which nobody writes to."""
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_LONGEST = 64 * 1024
DOUBT = "it may name a recipient"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a line may be to a server: `path` is that of the recipient it certainly names, `doubt` says what else."""

    path: bytes = b""
    doubt: str = ""


def readings(octets: bytes) -> Iterator[Reading]:
    """What the octets of commands may be, line by line: whatever ends a line, and where CRLF alone does."""
    lines = _ENDS.split(octets)
    strict = [_ENDS.sub(b"", line) for line in octets.split(b"\r\n") if _ENDS.search(line.rstrip(b"\r\n\0"))]
    for line in (*lines, *strict):
        ways = {line, _OTHERS.sub(b"", line), *_meant(line)}
        found = {_judged(way.strip(b" \t")) for way in ways}
        doubts = [each for each in found if each.doubt]
        if doubts:
            yield doubts[0]
        elif len({each.path for each in found}) > 1:
            yield Reading(doubt=DOUBT)
        else:
            yield from (each for each in found if each.path)


def _meant(line: bytes) -> Iterator[bytes]:
    """The lines that were meant, if an editing key stands in it."""
    if len(line) <= _LONGEST and _OTHERS.search(line):
        yield from _ENDS.split(as_meant(line))


def _judged(line: bytes) -> Reading:
    word = _WORD.match(line)
    verb = word[1].upper().decode() if word else ""
    if verb in _PLAIN and not _RCPT.search(line):
        return Reading()
    if len(line) > _LONGEST:
        return Reading(doubt="the line is longer than any server reads")
    if verb in VERBS - _PLAIN - {"RCPT"}:
        return Reading(doubt=f"{verb} may do more than is seen")
    named = _named(line, verb)
    if named is not None:
        return named
    return Reading(doubt=DOUBT) if re.search(rb"[@<:$]", line) or _RCPT.search(line) else Reading()


def _named(line: bytes, verb: str) -> Reading | None:
    """What RCPT, or what may be one with a typing error, names beyond doubt; a sender is nobody who gets mail."""
    path = _PATH.match(line)
    if path is None or len(_RCPT.findall(line)) != (verb == "RCPT"):
        return None
    rest = _ORIGINAL.sub(b"", line[path.end() :])
    address = path["path"] or path["bare"]
    if path["word"].upper() == b"FROM" and verb != "RCPT":
        return Reading()
    certain = path["word"].upper() == b"TO" and (verb == "RCPT" or b"${" not in address) and not _AGAIN.search(rest)
    return Reading(address) if certain else None


def place_of_path(line: bytes) -> tuple[int, int] | None:
    """Where in a line the address of the recipient stands that it certainly names, None where it names none."""
    found = list(readings(line))
    path = _PATH.match(line, len(line) - len(line.lstrip(b" \t")))
    if len(found) != 1 or not found[0].path or path is None:
        return None
    return path.span("path") if path["path"] else path.span("bare")


def place_of_sender(line: bytes) -> tuple[int, int] | None:
    """Where in a line the path stands that MAIL certainly names, with its brackets, None where it names none."""
    found = _MAIL.match(line)
    rest = _SUBMITTER.sub(b"", line[found.end() :]) if found else b""
    return None if found is None or _CONTROL.search(line) or _AGAIN.search(rest) else found.span("path")


def possible_senders(octets: bytes) -> Iterator[bytes]:
    """The addresses in lines that some server may take for MAIL."""
    for line in _ENDS.split(octets):
        for way in {line, _OTHERS.sub(b"", line), *_meant(line)}:
            word = _WORD.match(way.strip(b" \t"))
            verb = word[1].upper().decode() if word else ""
            if verb not in _NO_SENDER and (verb == "MAIL" or _FROM.search(way)):
                yield from _ADDRESS.findall(_SUBMITTER.sub(b"", way))


def ends_early(content: bytes) -> bool:
    """Whether some server takes a message, as DATA sends it, for ended at another place than its end, or not at all.

    What follows would be commands to that server, those of another message perhaps ("SMTP smuggling").
    """
    sent = b"\r\n" + content
    return not sent.endswith(b"\r\n.\r\n") or any(found.start() != len(sent) - 4 for found in _DOT.finditer(sent))
