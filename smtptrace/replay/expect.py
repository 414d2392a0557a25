"""What a person wrote down for a reply: `# expect:`, `# set:` and `# login:` lines of a .smtp file (docs/replay.md)."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from smtptrace.errors import UsageError
from smtptrace.replay.values import MARK as SET
from smtptrace.replay.values import Capture, read_capture
from smtptrace.smtp import Session
from smtptrace.wire import Connection, Note

MARK = "expect: "
LOGIN = "login: "

_CODE = re.compile(r"[2-5](?:[0-9]{2}|[0-9]x|xx)")
_ENHANCED = re.compile(r"[245]\.(?:[0-9]{1,3}|x)\.(?:[0-9]{1,3}|x)")
_TIMEOUT = re.compile(r"timeout=([0-9]{1,5}(?:\.[0-9]{1,3})?)")


@dataclass(frozen=True, slots=True)
class Expect:
    """What must hold of a reply: a code (`2xx` for a class), an enhanced code, a text found by a pattern.

    Codes may be several, `250|251`. `optional` means that another reply is no difference; `timeout_s` is how long to
    wait for it.
    """

    code: str | None = None
    enhanced: str | None = None
    text: re.Pattern[str] | None = None
    optional: bool = False
    timeout_s: float | None = None

    @property
    def asks(self) -> bool:
        """Whether anything is asked of the reply itself."""
        return self.code is not None or self.enhanced is not None or self.text is not None


@dataclass(frozen=True, slots=True)
class Directions:
    """What a script says of its replies: each by the exchange it is about, -1 for the greeting."""

    expects: Mapping[int, Expect] = field(default_factory=dict)
    captures: Mapping[int, tuple[Capture, ...]] = field(default_factory=dict)
    logins: Mapping[int, str] = field(default_factory=dict)


def read_expect(text: str) -> Expect:
    """The expectation that one line states, such as `5xx 5.7.8 optional timeout=10 text=denied|refused`.

    Raises:
        UsageError: a word of it is not known.
    """
    words, _, pattern = text.partition("text=")
    code = enhanced = timeout = None
    optional = False
    for word in words.split():
        found = _TIMEOUT.fullmatch(word)
        if _each(_CODE, word):
            code = word
        elif _each(_ENHANCED, word):
            enhanced = word
        elif found:
            timeout = float(found[1])
        elif word == "optional":
            optional = True
        else:
            raise UsageError(
                f"# {MARK}{text!a}: {word!a} is no code, enhanced code, optional, timeout=S or text=PATTERN"
            )
    return Expect(code, enhanced, _pattern(pattern, text) if pattern else None, optional, timeout)


def _each(form: re.Pattern[str], word: str) -> bool:
    return all(form.fullmatch(part) for part in word.split("|"))


def _pattern(pattern: str, text: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise UsageError(f"# {MARK}{text!a}: no pattern: {error}") from error


def directions(connection: Connection, session: Session) -> Directions:
    """What the comments of a script say; nothing where the connection comes from anything else.

    A line is about the next reply: that of the command above it, unless that one stands between them. `# login:` is
    about the command below it.

    Raises:
        UsageError: a line cannot be read.
    """
    exchanges = session.exchanges
    spoken = [(-1, 0, session.greeting)]
    spoken += [(at, each.command.span.frame or 0, each.reply) for at, each in enumerate(exchanges) if each.command]
    frames = [frame for _, frame, _ in spoken]
    expects: dict[int, Expect] = {}
    captures: dict[int, tuple[Capture, ...]] = {}
    logins: dict[int, str] = {}
    for line, text in _lines(connection):
        at, _, reply = spoken[bisect_left(frames, line) - 1]
        answered = reply is not None and reply.span.frame is not None and reply.span.frame < line
        about = at + 1 if answered else at
        if text.startswith(MARK):
            expects[about] = read_expect(text.removeprefix(MARK))
        elif text.startswith(SET):
            captures[about] = (*captures.get(about, ()), read_capture(text.removeprefix(SET)))
        elif text.startswith(LOGIN):
            logins[at + 1] = text.removeprefix(LOGIN).strip()
    return Directions(expects, captures, logins)


def _lines(connection: Connection) -> Iterator[tuple[int, str]]:
    """The comments of a text in the form of our own; elsewhere a note is what somebody else wrote."""
    if (connection.origin.format, connection.origin.confidence) != ("dialogue", 1.0):
        return
    for event in connection.events:
        if isinstance(event, Note) and event.frame is not None:
            yield event.frame, event.text


def matches(pattern: str, value: str | None) -> bool:
    """Whether a code fits one of those in which `x` stands for any digit, or any number of an enhanced code."""
    return value is not None and any(_fits(each, value) for each in pattern.split("|"))


def _fits(pattern: str, value: str) -> bool:
    asked, given = (pattern.split("."), value.split(".")) if "." in pattern else (list(pattern), list(value))
    return len(asked) == len(given) and all(one in ("x", two) for one, two in zip(asked, given, strict=True))
