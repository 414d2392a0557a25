"""What a person expects of a reply: `# expect:` lines of a .smtp file (docs/replay.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from smtptrace.errors import UsageError
from smtptrace.smtp import Session
from smtptrace.wire import Connection, Note

MARK = "expect: "

_CODE = re.compile(r"[2-5](?:[0-9]{2}|[0-9]x|xx)")
_ENHANCED = re.compile(r"[245]\.(?:[0-9]{1,3}|x)\.(?:[0-9]{1,3}|x)")
_TIMEOUT = re.compile(r"timeout=([0-9]{1,5}(?:\.[0-9]{1,3})?)")


@dataclass(frozen=True, slots=True)
class Expect:
    """What must hold of a reply: a code (`2xx` for a class), an enhanced code, a text found by a pattern.

    `optional` means that another reply is no difference; `timeout_s` is how long to wait for it.
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
        if _CODE.fullmatch(word):
            code = word
        elif _ENHANCED.fullmatch(word):
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


def _pattern(pattern: str, text: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise UsageError(f"# {MARK}{text!a}: no pattern: {error}") from error


def expectations(connection: Connection, session: Session) -> dict[int, Expect]:
    """The expectations by the exchange whose reply they are about, -1 for the greeting.

    A line is about the next reply: that of the command above it, unless that one stands between them.
    """
    exchanges = session.exchanges
    spoken = [(-1, 0, session.greeting)]
    spoken += [(at, each.command.span.frame or 0, each.reply) for at, each in enumerate(exchanges) if each.command]
    found: dict[int, Expect] = {}
    for line, text in _lines(connection):
        at, _, reply = [each for each in spoken if each[1] < line][-1]
        answered = reply is not None and reply.span.frame is not None and reply.span.frame < line
        found[at + 1 if answered else at] = read_expect(text)
    return found


def _lines(connection: Connection) -> Iterator[tuple[int, str]]:
    if connection.origin.format != "dialogue":
        return
    for event in connection.events:
        if isinstance(event, Note) and event.text.startswith(MARK) and event.frame is not None:
            yield event.frame, event.text.removeprefix(MARK)


def matches(pattern: str, value: str | None) -> bool:
    """Whether a code fits one in which `x` stands for any digit, or any number of an enhanced code."""
    if value is None:
        return False
    asked, given = (pattern.split("."), value.split(".")) if "." in pattern else (list(pattern), list(value))
    return len(asked) == len(given) and all(one in ("x", two) for one, two in zip(asked, given, strict=True))
