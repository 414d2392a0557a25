"""Who said a line that nobody marked: replies begin with a code, content runs from 354 to the lone dot."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence

from smtptrace import grammar
from smtptrace.transcripts import _hidden as hidden
from smtptrace.transcripts._rows import Kind, Row

COMMAND = re.compile(
    rb"(?:(?:HELO|EHLO|LHLO)(?: +\S+){0,2}|MAIL +FROM *:.*|MAIL +FROM +<.*|RCPT +TO *:.*"
    rb"|RCPT +TO +<.*|SEND +FROM *:.*|SAML +FROM *:.*"
    rb"|BDAT +[0-9]+(?: +LAST)?|(?:VRFY|EXPN|ETRN|ATRN) +\S+(?: +\S+)?|(?:DATA|RSET|TURN|STARTTLS"
    rb"|QUIT|HELP|NOOP|VERB|ONEX|AUTH)"
    rb"|(?:HELP|NOOP|VERB) +\S+|(?:GET|POST|HEAD|PUT|OPTIONS|CONNECT) \S+ HTTP/[0-9.]+"
    rb"|AUTH +[\w-]+(?: +\S+)?|AUTH +PLAIN +\\0.*|X-EXPS +[\w-]+(?: +\S+)?|X-ANONYMOUSTLS"
    rb"|(?:XCLIENT|XFORWARD|XPROXY\w*)(?: +\w+=\S*)+|XEXCH50(?: +[0-9]+)*|(?:XSHADOW\w*|X-LINK2STATE"
    rb"|XADR|XUSR|XSTA|XTRN|XAUTH)(?: +\S+)?"
    rb"|PROXY +(?:TCP[46]|UNKNOWN)(?: .+)?)[ \t]*",
    re.I,
)
"""A whole line that is certainly a command."""

NOISE = re.compile(
    rb"Trying |Connected to |Escape character|Connection closed|Connection to .* closed|telnet>"
    rb"|Microsoft Telnet>|Welcome to |[$#%>] |\w:\\|"
    rb"-{3,}|={3,}|\*{2,}|[(\[#]|DEBUG|INFO|ERROR|WARN|End of |Script (?:done|started)|depth=|verify "
    rb"|DONE$|[a-z]+: |[\w.]+(?:Error|Exception)\b|"
    rb"Listening on |Connection request|\.\.\.|\*sleep|Client authentication|Enter application"
    rb"|gsasl: |Session finished|\s+at |"
    rb"\w[\w ]{3,60}: |read R BLOCK|[^\s@]{1,64}@[^\s:]{1,128}:\S{0,200}[$#]|Press any key",
    re.I,
)
"""What stands between the lines of a dialogue without being said: terminal programs, shells, debug output."""

BURST = 40
PROSE = 8
"""So many lines that nobody said end a dialogue: the text goes on about something else."""

ERASED = re.compile(rb"[^\x08](?:\x08 \x08|\^H|\x08)")
REPLY = re.compile(rb"[2-5][0-9][0-9](?:[ -]|[ \t]*$)")


def sides(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows with each SAID one turned into what the client or the server sent, or a note."""
    reader = _Sides(rows)
    for at, row in enumerate(rows):
        yield reader.judge(at, row) if row.kind is Kind.SAID else reader.follow(row)


def is_reply(line: bytes) -> bool:
    """Whether the line looks like one of a reply."""
    return REPLY.match(line) is not None


def _clean(line: bytes) -> bytes:
    """The line without what a terminal took back, for telling what it is."""
    while ERASED.search(line):
        line = ERASED.sub(b"", line)
    return line


class _Sides:
    """The state of the dialogue as far as it takes to tell the sides apart."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._dots = [at for at, row in enumerate(rows) if row.kind is Kind.SAID and row.data.strip() == b"."]
        blank = sum(row.kind is Kind.SAID and not row.data.strip() for row in rows)
        self._spaced = blank * 5 > len(rows) * 2
        self._prose = 0
        self._reset()

    def _reset(self) -> None:
        self._waiting: deque[str | None] = deque()
        self._auth = self._began = self._open = False
        self._content_stop: int | None = None
        self._blind = False
        self._burst = 0

    def follow(self, row: Row) -> Row:
        if row.kind in (Kind.START, Kind.END):
            self._reset()
            self._prose = 0
        elif row.kind is Kind.SERVER:
            self._reply(0, row.data)
        elif row.kind is Kind.CLIENT and self._content_stop is None and not self._blind:
            self._command(row.data)
        elif row.kind is Kind.UNHEARD and self._waiting:
            self._waiting.popleft()
        return row

    def judge(self, at: int, row: Row) -> Row:
        line = row.data
        if self._content_stop is not None:
            return self._content(at, row)
        if is_reply(line):
            self._prose = 0
            self._reply(at, line)
            return row._replace(kind=Kind.SERVER)
        if self._blind and line.strip():
            return row._replace(kind=Kind.CLIENT)
        if self._is_client(at, _clean(line)):
            self._prose = 0
            self._command(_clean(line))
            return row._replace(kind=Kind.CLIENT)
        return self._aside(row)

    def _aside(self, row: Row) -> Row:
        """A line beside the dialogue; many of them in a row end it."""
        self._prose += bool(row.data.strip())
        if self._prose == PROSE and self._began:
            self._reset()
            return row._replace(kind=Kind.END, data=row.data.strip())
        return row._replace(kind=Kind.NOTE, data=row.data.strip())

    def _content(self, at: int, row: Row) -> Row:
        if at == self._content_stop:
            self._content_stop = None
            self._waiting.append("")
        return row._replace(kind=Kind.CLIENT)

    def _reply(self, at: int, line: bytes) -> None:
        code, last = hidden.reply_code(line) or (0, True)
        if code == 220 and not set(self._waiting) - {"QUIT"} and not self._open:
            self._reset()
        self._began, self._blind = True, False
        self._open = not last
        if not last:
            return
        verb = self._waiting[0] if self._waiting else None
        self._auth = 300 <= code < 400 and (hidden.is_auth(verb) or (verb is None and code == 334))
        if self._auth:
            return
        if self._waiting:
            self._waiting.popleft()
        if 300 <= code < 400 and verb in ("DATA", None):
            self._begin_content(at)

    def _begin_content(self, at: int) -> None:
        """Everything up to the lone dot is content; without one, everything up to the next reply."""
        where = bisect_right(self._dots, at)
        dot = self._dots[where] if where < len(self._dots) else None
        if dot is not None and not any(
            row.kind is Kind.START or row.data.startswith(b"354 ") for row in self._rows[at + 1 : dot]
        ):
            self._content_stop = dot
        else:
            self._blind = True

    def _is_client(self, at: int, line: bytes) -> bool:
        if self._auth:
            return (bool(line.strip()) and not NOISE.match(line.lstrip())) or self._is_empty_response(at, line)
        if COMMAND.fullmatch(line):
            return True
        if self._burst:
            self._burst -= 1
            return True
        if self._waiting or not self._began or not line.strip():
            return False
        noise = NOISE.match(line.lstrip()) is not None
        return (not noise and self._before_reply(at)) or self._begins_burst(at)

    def _begins_burst(self, at: int) -> bool:
        """Whether as many replies follow as lines before them: each line was taken for a command."""
        lines = replies = 0
        noise = False
        for row in self._rows[at : at + BURST]:
            code = hidden.reply_code(row.data) if is_reply(row.data) else None
            if row.kind is not Kind.SAID or (replies and not code):
                break
            lines += code is None
            replies += code is not None and code[1]
            noise = noise or (code is None and NOISE.match(row.data) is not None)
        fits = lines == replies if noise else lines <= replies
        self._burst = lines - 1 if lines > 1 and fits else 0
        return self._burst > 0

    def _is_empty_response(self, at: int, line: bytes) -> bool:
        return not line.strip() and not self._spaced and self._before_reply(at)

    def _before_reply(self, at: int) -> bool:
        """Whether the next line that is not blank is a reply."""
        for row in self._rows[at + 1 : at + 8]:
            if row.data.strip() or row.kind is not Kind.SAID:
                return row.kind is Kind.SAID and is_reply(row.data)
        return False

    def _command(self, line: bytes) -> None:
        self._began = True
        if self._auth:
            self._auth = False
        else:
            self._waiting.append(grammar.verb_of(line))
