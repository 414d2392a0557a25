"""A step of a script, and the script: what is sent, what was answered, and what is expected now."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from smtptrace import grammar
from smtptrace.errors import UsageError
from smtptrace.replay.expect import Expect
from smtptrace.replay.timing import Part
from smtptrace.replay.values import ENVIRONMENT, Capture, names_in
from smtptrace.secret import Secret
from smtptrace.wire import Endpoint


class Act(enum.Enum):
    """What a step does to a session."""

    GREETING = "greeting"
    HELLO = "hello"
    XCLIENT = "xclient"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    CONTENT = "content"
    OTHER = "other"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Said:
    """One reply, recorded or received: its whole lines, and nanoseconds since the command where both have times."""

    code: int
    lines: tuple[bytes, ...]
    latency_ns: int | None = None

    @property
    def enhanced(self) -> str | None:
        """The enhanced status code (RFC 3463)."""
        return grammar.enhanced_code(self.lines)

    @property
    def texts(self) -> tuple[bytes, ...]:
        """The lines without code, separator and enhanced code."""
        rests = (line[4:] for line in self.lines)
        return tuple(grammar.ENHANCED.sub(b"", rest, count=1).lstrip() for rest in rests)


@dataclass(frozen=True, slots=True)
class LoginAs:
    """How the session logged in.

    `initial` tells of an initial response on the AUTH line; `cancelled_after` counts the responses before the
    client's `*`, None where there was none. `secret` is that of the trace, None where it holds only a proof.
    `variable` names the variable of the environment that a script takes it from.
    """

    mechanism: str
    user: str = ""
    domain: str = ""
    authzid: str = ""
    initial: bool = False
    cancelled_after: int | None = None
    secret: Secret | None = None
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One command with what belongs to it; the greeting is a step without a command, DATA has an intermediate reply.

    `line` is without its line end; where `open` is set, a placeholder or mask in it stands for what is not known.
    `content` is the message (the chunk, for BDAT) as the server took it, None where none was sent; `absent` tells
    that one was sent and is not here, `repeats` that a secret of the trace stood in it and was masked. `why_not` is
    a reason not to send the step at all. `replies` are those to the content, where there is one for each recipient
    (LMTP); `recorded` is the last of them.

    `parts` are the octets as they were sent, one for each reply, where the script is played as sent. `together` tells
    that the step was sent before the reply to the one before it had come, `pause_ns` how long nothing was said before
    it. `captures` are values to take from the reply. `asks` tells that values are put into the line while it is
    played, `needs` names those that nobody knows; `fields` are the lines of the content in which placeholders stand.
    `bears` tells that a secret of the trace stands in its octets, `leaks` that it does so where no login is and is not
    wanted.
    """

    act: Act
    verb: str
    line: bytes = b""
    open: bool = False
    recorded: Said | None = None
    intermediate: Said | None = None
    expect: Expect | None = None
    login: LoginAs | None = None
    content: bytes | None = None
    absent: bool = False
    repeats: bool = False
    why_not: str = ""
    frame: int | None = None
    replies: tuple[Said, ...] = ()
    parts: tuple[Part, ...] = ()
    together: bool = False
    pause_ns: int = 0
    captures: tuple[Capture, ...] = ()
    asks: bool = False
    needs: tuple[str, ...] = ()
    fields: frozenset[bytes] = frozenset()
    leaks: bool = False
    bears: bool = False
    adapted: tuple[str, ...] = ()

    @property
    def sends_secret(self) -> bool:
        """Whether a secret of the environment is put into its line or its message, or one of the trace stands in it."""
        if self.bears:
            return True
        asked = (*((self.line,) if self.asks else ()), *self.fields)
        return any(name.startswith(ENVIRONMENT) for octets in asked for name in names_in(octets))


class NotPlayableError(UsageError):
    """There is nothing in a session that could be played."""


@dataclass(frozen=True, slots=True)
class Seen:
    """From where and when the session was recorded; nanoseconds since the epoch, None where it is not known."""

    client: Endpoint | None = None
    start_ns: int | None = None
    end_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """A session to play: `tls` is none, starttls or implicit; `unread` tells that more was said than could be read.

    `preamble` goes out before anything else, TLS and the greeting included: a header of the PROXY protocol.
    """

    name: str
    steps: tuple[Step, ...]
    tls: str = "none"
    unread: str = ""
    seen: Seen = Seen()
    preamble: bytes = b""
