"""Any log that writes something constant before what was said: the marks are learnt from replies and commands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._infer import COMMAND, is_reply, sides
from smtptrace.transcripts._quoted import unquote
from smtptrace.transcripts._rows import Kind, Row, note
from smtptrace.transcripts._text import Line, Text
from smtptrace.transcripts._times import STAMP, stamp
from smtptrace.wire import Connection, Exactness

HIDES = frozenset(
    {"line-ends", "greeting", "commands", "replies", "content", "credentials", "tls", "times", "endpoints"}
)
MARK = None

FIRST = 300
LESSONS = 5000
MOST_MARKS = 12
ENOUGH = 8
LONGEST = 400
IN_BRACKETS = b"[CODE] "

SAID = re.compile(
    rb"(?<![^\s:>\"'=\])|,;-])(?:(?P<reply>[2-5][0-5][0-9](?:-|[ ](?!bytes|octets|seconds|ms\b)"
    rb"|[ \t]*$|(?=\\r|\\n|['\"])))"
    rb"|(?P<command>(?i:EHLO|HELO|LHLO|MAIL ?FROM ?:|RCPT ?TO ?:|DATA|RSET|STARTTLS|AUTH|QUIT|NOOP"
    rb"|BDAT|X-EXPS|X-ANONYMOUSTLS|GET|POST|HEAD|CONNECT)(?=[\s\\'\"<]|$)))"
)
"""Where in a line something may have been said."""

VARYING = re.compile(
    rb"\[[^\]\s]{1,100}\]|<[^>]{1,100}>|\([^)]{1,200}\)|\{[^}]{1,200}\}|0x[0-9a-fA-F]+"
    rb"|[0-9][0-9a-fA-F]*+|[a-fA-F]{1,12}[0-9][0-9a-fA-F]*+|#\w{1,40}"
)
"""What differs from line to line before the same mark: numbers, and whatever stands in brackets."""

PROSE = re.compile(rb"[.,;!?] *$")
"""The end of a sentence is no mark; a word is one only if it comes again."""

BRACKETED = re.compile(rb"[\[<({].*[\])>}]", re.S)
REPEATED = re.compile(
    rb"rocess|xpected|got code|with message|fail|retcode|rror|efus|reject|^\s*(?:response|command): '", re.I
)
"""What stands before a reply or command that is told once more."""

ENDED = re.compile(rb"(?:\\r\\n|\\n|\\r)+[\"']?.*$|\r+$")
CODED = re.compile(rb"[ \t]*\[(?P<code>[2-5][0-5][0-9])\](?P<more>[- ])?[ ]*(?P<text>.*)")


class Place(NamedTuple):
    """Where something is said in a line: what stands before it, and what it is."""

    before: bytes
    is_reply: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands before something said: texts with something varying between; `coded` puts the code in brackets."""

    parts: tuple[bytes, ...]
    coded: bool = False

    def match(self, line: bytes) -> tuple[int, list[bytes]] | None:
        """Where the mark ends in a line, and what varies in it; None where the line does not begin with it.

        Without going back: each part is looked for only where the one before it ends.
        """
        if self.coded:
            return (0, []) if CODED.match(line) else None
        at, varying = 0, list[bytes]()
        for number, part in enumerate(self.parts):
            if number:
                found = VARYING.match(line, at, at + LONGEST)
                if found is None:
                    return None
                varying.append(found.group())
                at = found.end()
            if not line.startswith(part, at):
                return None
            at += len(part)
        return at, varying


@dataclass(slots=True)
class Marks:
    """The marks of one text; `both` do not tell who spoke."""

    client: list[Mark] = field(default_factory=list)
    server: list[Mark] = field(default_factory=list)
    both: list[Mark] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.both or self.server)


def confidence(text: Text) -> float:
    """By the share of the lines that the marks learnt explain."""
    marks = learn(text)
    if not marks:
        return 0.0
    patterns = [*marks.server, *marks.client, *marks.both]
    lines = [line.data for line in text.lines[:LESSONS] if line.data.strip()]
    known = sum(any(pattern.match(line) for pattern in patterns) or is_reply(line.lstrip()) for line in lines)
    return 0.19 + 0.29 * known / len(lines) if known >= ENOUGH or known * 7 >= len(lines) else 0.0


def read(text: Text) -> Iterable[Connection]:
    """The sessions; told apart by what varies before the marks, where each kind of it is a dialogue of its own."""
    rows = list(_keyed(list(_rows(text, learn(text)))))
    return connections(text, "generic", sides(rows), HIDES)


def learn(text: Text) -> Marks:
    """The marks of a text: what stands before replies, what stands before commands."""
    replies, commands = Counter[bytes](), Counter[bytes]()
    for line in text.lines[:LESSONS]:
        for place in _places(line.data[: FIRST * 4]):
            (replies if place.is_reply else commands)[place.before] += 1
    marks = Marks()
    for mark, count in (replies + commands).most_common(MOST_MARKS):
        if PROSE.search(mark) or (count == 1 and mark.rstrip()[-1:].isalnum()):
            continue
        said, asked = replies[mark], commands[mark]
        if said + asked > 1 and min(said, asked) * 6 >= said + asked:
            marks.both.append(_mark(mark))
        elif said > asked:
            marks.server.append(_mark(mark))
        else:
            marks.client.append(_mark(mark))
    enough = marks.both or (marks.server and (marks.client or _speaks_alone(text, marks.server)))
    return marks if enough else Marks()


def _speaks_alone(text: Text, server: Sequence[Mark]) -> bool:
    """Whether what looks like replies is a server's side: several, one of them of many lines."""
    places = ((line.data, _first(server, line.data)) for line in text.lines[:LESSONS])
    said = [line[found[0] :] for line, found in places if found]
    return len(said) > 2 and any(reply[3:4] == b"-" for reply in said)


def _places(line: bytes) -> Iterator[Place]:
    if is_reply(line.lstrip()):
        return
    for found in SAID.finditer(line, 0, FIRST):
        before = line[: found.start()]
        if not before.strip() or b"`" in before or b"|" in before[:3]:
            continue
        said = _plain(line[found.start() :], before).partition(b"\r\n")[0].strip()
        if REPEATED.search(before) or (found["command"] and not COMMAND.fullmatch(said)):
            continue
        yield Place(_template(before), found["reply"] is not None)
        return
    coded = CODED.match(line)
    if coded:
        yield Place(IN_BRACKETS, True)


def _template(before: bytes) -> bytes:
    return VARYING.sub(b"\0", before)


def _mark(template: bytes) -> Mark:
    return Mark((), coded=True) if template == IN_BRACKETS else Mark(tuple(template.split(b"\0")))


def _first(marks: Sequence[Mark], line: bytes) -> tuple[int, list[bytes]] | None:
    return next((found for found in (mark.match(line) for mark in marks) if found), None)


def _plain(said: bytes, before: bytes) -> bytes:
    """What was said without the quotes and the spelled-out line end around it."""
    quote = before[-1:]
    if quote in (b"'", b'"') and before:
        octets = unquote(quote + said)
        return said if octets is None else octets
    return ENDED.sub(b"", said)


def _rows(text: Text, marks: Marks) -> Iterator[Row]:
    kinds = ((Kind.SERVER, marks.server), (Kind.CLIENT, marks.client), (Kind.SAID, marks.both))
    last: Row | None = None
    for line in text.lines:
        row = _row(line, kinds)
        if row is None and line.data.strip():
            after = last and last.kind in (Kind.SERVER, Kind.SAID) and is_reply(line.data.lstrip())
            row = last._replace(frame=line.number, data=line.data.strip()) if last and after else note(line)
        if row is not None:
            last = row
            yield row


def _row(line: Line, kinds: Sequence[tuple[Kind, Sequence[Mark]]]) -> Row | None:
    for kind, marks in kinds:
        found = _first(marks, line.data)
        if found:
            return _told(line, kind, *found)
    return None


def _told(line: Line, kind: Kind, end: int, varying: Sequence[bytes]) -> Row:
    said = _plain(line.data[end:], line.data[:end])
    exactness = Exactness.SEEN if said.endswith(b"\n") else Exactness.LINE_END_SUPPLIED
    coded = CODED.match(said)
    if coded:
        said = coded["code"] + (coded["more"] or b" ") + coded["text"].strip(b"'\"")
    when = STAMP.search(line.data, 0, min(end + 1, 80))
    key = b" ".join(part for part in varying if BRACKETED.fullmatch(part) and not STAMP.search(part))
    return Row(kind, line.number, said, key, stamp(line.data[when.start() :]) if when else None, exactness)


def _keyed(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows with the keys kept only where they tell dialogues apart."""
    sides_of: dict[bytes, set[Kind]] = {}
    for row in rows:
        if row.kind is not Kind.NOTE:
            sides_of.setdefault(row.key, set()).add(row.kind)
    apart = all(len(kinds) > 1 or Kind.SAID in kinds for kinds in sides_of.values())
    last = b""
    for row in rows:
        last = row.key if row.kind is not Kind.NOTE else last
        yield row._replace(key=last if apart else b"")
