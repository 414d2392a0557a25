"""A lone reply line, exception text or server log line: one reply, and notes for the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from smtptrace.transcripts._build import remarks
from smtptrace.transcripts._rows import Kind, Row
from smtptrace.transcripts._text import Line, Text
from smtptrace.wire import Connection, Exactness

HIDES = frozenset({"line-ends", "greeting", "commands", "replies", "content", "credentials", "tls", "endpoints"})
MARK = None
MOST = 200
LONGEST = 20_000
FEW = 25
"""Lines up to which a quoted reply is what the text is about, even if no line tells of a failure."""

LONE_LINES = 2
"""Lines of which one that begins with a code is surely a reply."""

VERY_FEW = 6
"""Lines up to which a word of trouble is what the text is about."""

CODE = re.compile(rb"(?<![0-9.:/-])[2-5][0-5][0-9](?=[ -])")
ENHANCED = re.compile(rb"[2-5][0-5][0-9][ -]#?[245]\.[0-9]{1,3}\.[0-9]{1,3}\b")
PLAIN = re.compile(rb"[2-5][0-5][0-9][ -](?=[A-Za-z<\"'(\[*#])")
WRITTEN = re.compile(rb"[45][0-5][0-9][ -](?=[A-Z<\"'(\[])")
"""A code followed by an enhanced code, by the beginning of a text, and a refusal as servers write it."""

INTRODUCED = b":'\"(>=,;"
"""What stands before a reply that is quoted."""

TUPLE = re.compile(rb"\((?P<code>[2-5][0-5][0-9]), ?b?(?P<string>['\"].*)")
"""A code and a text as Python's exceptions show them."""

TALK = re.compile(
    rb"smtp|mail|auth|tls|ssl|recipient|sender|relay|rcpt|ehlo|helo|login|postfix|exim|sendmail"
    rb"|exchange|dovecot|sasl|spam|blocked|mx\b"
    rb"|reply|respon|server|deliver|bounce|queue|message|address|user|connection"
    rb"|error|fail|denied|reject",
    re.I,
)
"""A word that shows that a line is about mail."""

WRITTEN_REFUSAL = re.compile(rb"(?:^|[ :'\"(])[45][0-5][0-9][ -](?:[A-Z<]|[45]\.)")
REFUSAL = re.compile(WRITTEN_REFUSAL.pattern + rb"|^[45][0-5][0-9][ -]\S")
"""A code of refusal as servers write it, not a number in a sentence; alone, any text may stand after it."""

ACCESS = re.compile(rb"\" [1-5][0-9][0-9] (?:[0-9]{1,12}|-)(?: |$)")
"""A line of a web server's log."""

CHALLENGE = re.compile(rb"334 [A-Za-z0-9+/]{8,}={0,2}")
FAILURE = re.compile(
    rb"SSL routines|error:[0-9A-F]{8}|wrong version number|certificate verify failed|handshake"
    rb"|synchronization error|\bE(?:SOCKET|AUTH|ENVELOPE|CONNECTION|TIMEDOUT"
    rb"|CONNREFUSED|CONNRESET|PROTOCOL|STREAM|DNS|TLS)\b|(?:SMTP|Smtp|Mail|Messaging|Authentication"
    rb"|Ssl|TLS|Socket|Send)\w*(?:Error|Exception|Failure)\b"
    rb"|(?:SMTP|smtp)[ :-].{0,80}(?:fail|error|refused|timed? ?out|reject|denied|not |unable|could)"
    rb"|SASL .{0,80}fail|LogonDenied|authentication failed"
    rb"|(?:smtp|mail|submission).{0,80}Connection (?:refused|reset|timed out|closed)|lost connection"
    rb"|SMTP (?:call|connection|command|data) .{0,200}(?:dropped|rejected|lost|closed)|rejected (?:EHLO|RCPT|MAIL|AUTH)"
    rb"|no shared cipher|unsupported protocol"
)
"""A line that tells of a failure around SMTP without quoting a reply."""

LONE = re.compile(
    rb"(?<![0-9])[45][0-5][0-9][ -]#?[45]\.[0-9]{1,3}\.[0-9]{1,3}\b|connection ?refused|Errno (?:-?[235]|1[01][0-9])\b"
    rb"|timed? ?out|timeout|unreachable|no route to host|x509:|tls: |\bPKIX\b|certificate|SSL message|wrong[ _]version"
    rb"|getaddrinfo|ENOTFOUND|name or service not known|no such host|No worthy mechs|authentication mechanisms"
    rb"|credentials for|codec can't encode|STARTTLS|SMTP AUTH|secure connections?|(?:server|smtp|no) greeting"
    rb"|line too long"
    rb"|unexpectedly|disconnected|actively refused|rejected (?:EHLO|HELO|RCPT|after|MAIL)|relay not|basic auth"
    rb"|greeting (?:was )?(?:never|not) |non-SMTP command|HTTP/1\.|authenticator failed"
    rb"|connection (?:reset|closed|lost)|\bEOF\b",
    re.I,
)
"""What a lone error text tells of, where there are few lines of it."""

END = re.compile(rb"; from=<|[ ]\(set_id=|\t|(?:\\r)?\\n|\\r|['\"](?:[,)}\].]|$).*$|</?[a-z]+>")


def confidence(text: Text) -> float:
    """Never more than the last resort."""
    return 0.05 if next(_rows(text), None) is not None else 0.0


def read(text: Text) -> Iterable[Connection]:
    """One connection with the replies that the text quotes, and its lines as notes."""
    rows = list(_rows(text))
    if not rows:
        return ()
    return remarks(text, "bare", rows, HIDES)


def _rows(text: Text) -> Iterator[Row]:
    kept = (line for line in text.lines if line.data.strip() and len(line.data) <= LONGEST)
    lines = [line for line in islice(kept, MOST) if not ACCESS.search(line.data)]
    failed = any(FAILURE.search(line.data) for line in lines)
    few = len(lines) <= FEW
    failed = failed or (len(lines) <= VERY_FEW and any(LONE.search(line.data) for line in lines))
    quoted = (few or failed) and any(
        _reply(line) for line in lines if failed or _is_about_mail(line.data, lone=len(lines) <= LONE_LINES)
    )
    quoted = quoted or any(CHALLENGE.fullmatch(line.data.strip()) for line in lines)
    if not quoted and not failed:
        return
    if not quoted:
        yield Row(Kind.START, lines[0].number)
    replies = [_reply(line) for line in lines]
    seen: set[bytes] = set()
    for at, line in enumerate(lines):
        reply = replies[at]
        yield Row(Kind.NOTE, line.number, line.data.strip())
        if reply and reply not in seen:
            seen.add(reply)
            yield _whole(Row(Kind.SERVER, line.number, reply), next(filter(None, replies[at + 1 :]), b""))


def _whole(row: Row, following: bytes) -> Row:
    """The quoted line as the end of its reply, unless the next one quoted goes on with it."""
    code, goes_on = row.data[:3], row.data[3:4] == b"-"
    if not goes_on or following.startswith(code):
        return row
    return row._replace(data=code + b" " + row.data[4:], exactness=Exactness.DECODED)


def _is_about_mail(line: bytes, *, lone: bool) -> bool:
    return TALK.search(line) is not None or (REFUSAL if lone else WRITTEN_REFUSAL).search(line) is not None


def _reply(line: Line) -> bytes | None:
    pair = TUPLE.search(line.data)
    if pair:
        return pair["code"] + b" " + _cut(pair["string"][1:])
    places = [found.start() for found in islice(CODE.finditer(line.data), MOST)]
    best = max(places, key=lambda at: (_weight(line.data, at), -at), default=None)
    return _cut(line.data[best:]) if best is not None and _weight(line.data, best) else None


def _weight(line: bytes, at: int) -> int:
    """How surely a code begins a reply: 3 with an enhanced code, 0 where it is only a number."""
    if ENHANCED.match(line, at):
        return 3
    quoted = line[:at].rstrip()[-1:] in INTRODUCED or not line[:at].strip()
    if not PLAIN.match(line, at) or not (quoted or WRITTEN.match(line, at)):
        return 0
    return 2 if line[at : at + 1] in b"45" else 1


def _cut(text: bytes) -> bytes:
    return END.split(text, maxsplit=1)[0].strip().rstrip(b"'\"")
