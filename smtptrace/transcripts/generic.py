"""Any log that writes something constant before what was said: the marks are learnt from replies and commands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._hidden import is_masked
from smtptrace.transcripts._infer import COMMAND, is_reply, sides
from smtptrace.transcripts._marks import CODED, IN_BRACKETS, Mark, mark, telling, template
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

SAID = re.compile(
    rb"(?<![^\s:>\"'=\])|,;-])(?:(?P<reply>[2-5][0-5][0-9](?:-|[ ](?!bytes|octets|seconds|ms\b)"
    rb"|(?<=[\s>\"'\])|][0-9]{3})[ \t]*$|(?=\\r|\\n|['\"])))"
    rb"|(?P<command>(?i:EHLO|HELO|LHLO|MAIL ?FROM ?:|RCPT ?TO ?:|DATA|RSET|STARTTLS|AUTH|QUIT|NOOP"
    rb"|BDAT|X-EXPS|X-ANONYMOUSTLS|GET|POST|HEAD|CONNECT)(?=[\s\\'\"<]|$)))"
)
"""Where in a line something may have been said."""

PROSE = re.compile(rb"[.!?] *$|[,;] +$|[0-9\0],$")
"""The end of a sentence or the middle of a number is no mark; a word is one only if it comes again."""

BRACKETED = re.compile(rb"[\[<({].*[\])>}]", re.S)
REPEATED = re.compile(
    rb"rocess|xpected|got code|with message|fail|retcode|rror|efus|reject|^\s*(?:response|command): '", re.I
)
"""What stands before a reply or command that is told once more."""

ENDED = re.compile(rb"(?:\\r\\n|\\n|\\r)+[\"']?.*$|\r+$")
SPELLED = re.compile(rb"(?:<CRLF>|<EOL>|<CR><LF>|\[CRLF\])$")
"""A line end as a log spells it out; the reply to DATA ends so too."""

BETWEEN = re.compile(rb"(?:<CRLF>|<EOL>|<CR><LF>|\[CRLF\])(?=[2-5][0-9][0-9][ -])")

BEGINS = re.compile(rb"[\[(\t ]*(?:" + re.sub(rb"\?P<\w+>", b"?:", STAMP.pattern) + rb")")
"""A time at the beginning of a line, whose parts are no code."""

TAIL = re.compile(rb"[ \t]+(?:[\w./-]+\.\w{1,5}:[0-9]+(?::[0-9]+)?|[a-z]+=[0-9]+)$")
"""What some logs write behind what was said: the place in their source, a state."""

SUPPRESSED = re.compile(
    rb"\W*(?:logging|command|line|password|credentials?|auth\w*)? ?(?:suppressed|hidden|removed)\b", re.I
)
NUMBER = re.compile(rb"(?<![\w.:])[0-9]{1,12}(?![\w.:])")
ENCLOSED = re.compile(rb"\[[^\]]*\]|<[^>]*>|\([^)]*\)|\{[^}]*\}")
"""A number that stands for itself, behind the time and outside of brackets."""

LOGS_IN = re.compile(rb"auth|credential|password", re.I)
MECHANISM = re.compile(rb"\bAUTH (?P<name>[A-Z][A-Z0-9-]{2,19})\b")
"""What names the mechanism of a login whose command is not shown."""

PART = re.compile(rb"\.[0-9]{1,4}\]")
"""The number of a transaction behind the name of its session."""


class Place(NamedTuple):
    """Where something is said in a line: what stands before it, and what it is."""

    before: bytes
    is_reply: bool


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
    places = [place for line in text.octets[:LESSONS] for place in _places(line[: FIRST * 4])]
    apart = telling(places)
    replies, commands = Counter[bytes](), Counter[bytes]()
    for place in places:
        (replies if place.is_reply else commands)[template(place.before, apart)] += 1
    marks = Marks()
    for before, count in (replies + commands).most_common(MOST_MARKS):
        if PROSE.search(before) or (count == 1 and before.rstrip()[-1:].isalnum()):
            continue
        said, asked = replies[before], commands[before]
        if said + asked > 1 and min(said, asked) * 6 >= said + asked:
            marks.both.append(mark(before))
        elif said > asked:
            marks.server.append(mark(before))
        else:
            marks.client.append(mark(before))
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
    stamped = BEGINS.match(line)
    for found in SAID.finditer(line, stamped.end() if stamped else 0, FIRST):
        before = line[: found.start()]
        if not before.strip() or b"`" in before or b"|" in before[:3]:
            continue
        said = _plain(line[found.start() :], before).partition(b"\r\n")[0].strip()
        told = template(before)
        if REPEATED.search(told) or (found["command"] and not COMMAND.fullmatch(TAIL.sub(b"", said))):
            continue
        yield Place(before, found["reply"] is not None)
        return
    if CODED.match(line):
        yield Place(IN_BRACKETS, True)


def _first(marks: Sequence[Mark], line: bytes) -> tuple[int, list[bytes]] | None:
    return next((found for found in (mark.match(line) for mark in marks) if found), None)


def _plain(said: bytes, before: bytes) -> bytes:
    """What was said without the quotes and the spelled-out line end around it."""
    quote = before[-1:]
    if quote in (b"'", b'"') and before:
        octets = unquote(quote + said)
        return said if octets is None else octets
    said = ENDED.sub(b"", said)
    return said if said.startswith(b"354") else SPELLED.sub(b"", BETWEEN.sub(b"\n", said))


def _rows(text: Text, marks: Marks) -> Iterator[Row]:
    sides_of = ((Kind.SERVER, marks.server), (Kind.CLIENT, marks.client), (Kind.SAID, marks.both))
    kinds = [(kind, one) for kind, some in sides_of for one in some]
    kinds.sort(key=lambda pair: -sum(map(len, pair[1].parts)))  # one mark may begin as another does
    last: Row | None = None
    by: Mark | None = None
    named: re.Match[bytes] | None = None
    challenged = False
    for line in text.lines:
        row, found = _row(line, kinds)
        if row and last and found is not by and row.kind is last.kind and row.data.split() == last.data.split():
            continue
        by = found or by
        if row is None and line.data.strip():
            row = _unmarked(line, last)
            named = MECHANISM.search(line.data) or named
        if row is not None:
            last = row if challenged else _as_login(row, named)
            challenged = row.data.startswith(b"334") or (challenged and row.kind is Kind.NOTE)
            yield last


def _as_login(row: Row, named: re.Match[bytes] | None) -> Row:
    """A line that the log leaves out because it logs in, as AUTH with what is known of it."""
    if row.kind is not Kind.UNSEEN or not LOGS_IN.search(row.data):
        return row
    command = b"AUTH " + named["name"] if named else b"AUTH"
    return row._replace(kind=Kind.CLIENT, data=command, exactness=Exactness.MASKED)


def _unmarked(line: Line, last: Row | None) -> Row:
    """A line without a mark: more of a reply, the greeting of a log that begins with one, or a note."""
    said = line.data.strip()
    if last and last.kind in (Kind.SERVER, Kind.SAID) and is_reply(said):
        return last._replace(frame=line.number, data=said)
    return Row(Kind.SERVER, line.number, said) if last is None and said.startswith(b"220") else note(line)


def _row(line: Line, kinds: Sequence[tuple[Kind, Mark]]) -> tuple[Row | None, Mark | None]:
    """What a line tells, and the mark it has."""
    for kind, one in kinds:
        found = one.match(line.data)
        if found:
            return _told(line, kind, *found), one
    return None, None


def _told(line: Line, kind: Kind, end: int, varying: Sequence[bytes]) -> Row:
    said = TAIL.sub(b"", _plain(line.data[end:], line.data[:end]))
    if kind is Kind.CLIENT and SUPPRESSED.match(said) and not is_masked(said.rstrip()):
        kind = Kind.UNSEEN
    exactness = Exactness.SEEN if said.endswith(b"\n") else Exactness.LINE_END_SUPPLIED
    coded = CODED.match(said)
    if coded:
        said = coded["code"] + (coded["more"] or b" ") + coded["text"].strip(b"'\"")
    when = STAMP.search(line.data, 0, min(end + 1, 80))
    began = when.end() if when else 0
    apart = [part for part in varying if BRACKETED.fullmatch(part) and not STAMP.search(part)]
    numbers = NUMBER.findall(ENCLOSED.sub(b" ", line.data[began:end]))
    key = b"\0".join((b" ".join(apart), b" ".join(numbers)))
    return Row(kind, line.number, said, key, stamp(line.data[when.start() :]) if when else None, exactness)


def _keyed(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows with the keys kept only where they tell dialogues apart: brackets and numbers, else brackets alone."""
    both = _merged([row._replace(key=row.key.replace(b"\0", b" ").strip()) for row in rows])
    brackets = _merged([row._replace(key=row.key.partition(b"\0")[0]) for row in rows])
    kept = next((each for each in (both, brackets) if _are_apart(each)), None)
    last = b""
    for row in kept or rows:
        last = row.key if row.kind is not Kind.NOTE else last
        yield row._replace(key=last if kept else b"")


def _merged(rows: Sequence[Row]) -> Sequence[Row]:
    """The rows with the key of a transaction turned into that of its session."""
    keys = {row.key for row in rows}
    whole = {key: base if (base := PART.sub(b"]", key)) in keys else key for key in keys}
    return [row._replace(key=whole[row.key]) for row in rows]


def _are_apart(rows: Sequence[Row]) -> bool:
    """Whether each key has a dialogue of its own."""
    sides_of: dict[bytes, set[Kind]] = {}
    for row in rows:
        if row.kind is not Kind.NOTE:
            sides_of.setdefault(row.key, set()).add(row.kind)
    return all(len(kinds) > 1 or Kind.SAID in kinds for kinds in sides_of.values())
