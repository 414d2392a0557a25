"""AUTH anew: the lines of a login with credentials of today (RFC 4954), as a generator without I/O."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Generator
from dataclasses import dataclass

from smtptrace.auth import Login, Responder, Unproven, responder
from smtptrace.errors import SmtptraceError
from smtptrace.replay.script import LoginAs, Said

MOST_ROUNDS = 16
"""Challenges after which a login is cancelled; no mechanism needs as many."""

CANCEL = b"*"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a login without its line end, and how it may be shown."""

    octets: bytes
    shown: bytes


LoginTalk = Generator[Line, Said, str]
"""Gives lines, takes replies; ends with why the login was cancelled ("" where it was not)."""


def talk(how: LoginAs, login: Login) -> LoginTalk:
    """The AUTH command and the answer to each challenge, until the target's reply is no 334.

    No line at all where the mechanism cannot even begin.
    """
    said = _Responses(how, responder(how.mechanism, login))
    command = b"AUTH " + how.mechanism.encode()
    said.begin()
    if said.problem:
        return said.problem
    first = said.first() if how.initial else None
    if first is None:
        reply = yield Line(command, command)
    else:
        reply = yield Line(command + b" " + (_encoded(first) or b"="), command + b" ****")
    while reply.code == 334:
        response = said.answer(_challenge(reply))
        if response is None:
            yield Line(CANCEL, CANCEL)
            break
        reply = yield Line(_encoded(response), b"****" if response else b"")
    return said.problem or (said.unproven if reply.code < 300 else "")


class _Responses:
    """What is answered to each challenge; `*` where the session cancelled, or where there is nothing left to say."""

    def __init__(self, how: LoginAs, responses: Responder) -> None:
        self._how = how
        self._responses = responses
        self._initial: bytes | None = None
        self._count = 0
        self.problem = ""
        self._last: bytes | None = None

    @property
    def unproven(self) -> str:
        """Why success at this point proves nothing, "" where it does (RFC 4954, 4: the proof comes in a 334)."""
        awaited = isinstance(self._last, Unproven)
        return f"{self._how.mechanism}: the server did not prove that it knows the password" if awaited else ""

    def begin(self) -> None:
        """Make the initial response before anything is sent, unless the session cancelled before it."""
        if self._how.cancelled_after != 0:
            self._initial = self._guarded(lambda: next(self._responses))

    def first(self) -> bytes | None:
        """The initial response, None where the mechanism has none."""
        self._count += self._initial is not None
        initial, self._initial = self._initial, None
        return initial

    def answer(self, challenge: bytes) -> bytes | None:
        """The response to a challenge, None to cancel."""
        if self._how.cancelled_after is not None and self._count >= self._how.cancelled_after:
            return None
        if self._count >= MOST_ROUNDS:
            self.problem = f"no end after {MOST_ROUNDS} challenges"
            return None
        self._count += 1
        return self._guarded(lambda: self._next(challenge))

    def _next(self, challenge: bytes) -> bytes | None:
        if self._initial is None:
            return self._responses.send(challenge)
        initial, self._initial = self._initial, None
        return initial

    def _guarded(self, respond: Callable[[], bytes | None]) -> bytes | None:
        """What a mechanism answers; None where it cannot, which becomes the problem."""
        try:
            self._last = respond()
            return self._last
        except StopIteration:
            self.problem = "the target asks for more than the mechanism has to say"
        except SmtptraceError as error:
            self.problem = str(error)
        except Exception as error:  # noqa: BLE001  pyspnego raises what it likes over an odd challenge
            self.problem = f"the challenge cannot be answered ({type(error).__name__})"
        return None


def _challenge(reply: Said) -> bytes:
    """The octets of a challenge; the text itself where it is no base64 (`334 NTLM supported`)."""
    text = reply.lines[-1][4:].strip()
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text


def _encoded(octets: bytes) -> bytes:
    return base64.b64encode(octets)
