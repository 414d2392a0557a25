"""A telnet for SMTP that knows what it says: lines of the user in, what is to be shown and asked out.

It holds no terminal: whoever drives it (a script, a terminal, a test) iterates what `enter` gives, shows each `Shown`
and sends the answer to each `Ask`.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Generator, Iterator
from typing import Any

from smtptrace import net
from smtptrace.net import WireError
from smtptrace.redact import forms
from smtptrace.replay import console_local
from smtptrace.replay.console_advice import NO_GREETING, NOT_IN_CLEAR, hint
from smtptrace.replay.console_evidence import Evidence
from smtptrace.replay.console_history import LOGINS, login_words, may_be_kept, verb_of
from smtptrace.replay.console_link import Link
from smtptrace.replay.console_login import login
from smtptrace.replay.console_manners import Manners, State
from smtptrace.replay.console_meaning import (
    cause_lines,
    causes_of,
    causes_of_last,
    login_so_far,
    refusal_lines,
    reply_lines,
)
from smtptrace.replay.console_offer import Offer, offer_of
from smtptrace.replay.console_shown import Ask, Kind, Shown
from smtptrace.replay.console_words import Used, Word, words
from smtptrace.replay.script import Said
from smtptrace.secret import MASK, Secret
from smtptrace.wire import Endpoint, Secured

Talk = Generator[Shown | Ask, Any, None]
"""Gives what to show and what to ask; takes the answer after each `Ask`."""

_FAREWELL_S = 5.0
_LONG_NS = 2_000_000_000
_SHORTEST = 4
"""Octets; a shorter secret is not searched for in what is shown."""

_STILL_COUNT = frozenset(("", "EHLO", "HELO", "STARTTLS", "LOGIN", *LOGINS))
"""Commands whose refusal explains later ones."""

_LATE = {"LOGIN": "AUTH", "DATA-FILE": "DATA"}
"""What a command with more to come is, once nobody waits for its reply: the user has to say the rest."""


class Console:
    """One session with a server.

    `ended` is set once the connection is closed; `broken` says why, where that was not as it should be; `overdue` tells
    that a reply did not come in time.
    """

    def __init__(self, link: Link, target: Endpoint, manners: Manners) -> None:
        self.link, self.target, self.manners = link, target, manners
        self.state = State.COMMAND
        self.ended = self.overdue = False
        self.broken = ""
        self.offer = Offer()
        self.used = Used()
        self.tls: Secured | None = None
        self.last: Said | None = None
        self.secrets: list[Secret] = []
        self._evidence = Evidence(link)
        self._pending: deque[str] = deque()
        self._hidden: list[bytes] = []
        self._implicit = False

    # ---- what drives it asks for ---------------------------------------------------------------------------------

    def begin(self, *, implicit: bool) -> Talk:
        """Take the greeting, in TLS from the first octet where `implicit` is set."""
        yield from self._guarded(self._begin(implicit))

    def enter(self, line: str) -> Talk:
        """Do what a line asks for."""
        yield from self.arrived()
        if not self.ended:
            yield from self._guarded(self._entered(line))

    def arrived(self) -> Talk:
        """What the server said without being asked, or later than it was waited for."""
        if not self.ended:
            yield from self._guarded(self._arrived())

    def leave(self) -> Talk:
        """End the session politely."""
        if not self.ended:
            yield from self._guarded(self._leave())

    def remembers(self, line: str) -> bool:
        """Whether a line may be kept in a history."""
        octets = line.encode("utf-8", "surrogateescape")
        if self.state is not State.COMMAND or any(each in octets for each in self._hidden):
            return False
        return may_be_kept(line, self.offer.keywords)

    def words(self, line: str) -> Iterator[Word]:
        """The ways in which a line may go on."""
        return words(line, self.offer, self.used, console_local.HELP) if self.state is State.COMMAND else iter(())

    @property
    def status(self) -> str:
        """Where the session is, in a few words."""
        tls = self.tls.version or "TLS" if self.tls else "no TLS"
        told = {State.CONTENT: "message: a lone dot ends it", State.RESPONSE: "login: base64, or * to cancel"}
        return f"{self.target}  {tls}  {told.get(self.state, '/help')}"

    # ---- what the commands use -----------------------------------------------------------------------------------

    @property
    def may_login(self) -> bool:
        """Whether credentials may go to the server now."""
        return bool(self.tls) or self.manners.plain_auth or net.is_loopback(self.link.ends[1].host)

    @property
    def verified(self) -> bool:
        """Whether the server's certificate is verified."""
        return self.link.secure.context.verify_mode != ssl.CERT_NONE

    def hide(self, secret: Secret) -> None:
        """Let this never be shown, whatever the server repeats."""
        self.secrets.append(secret)
        octets = secret.octets()
        if len(octets) >= _SHORTEST:
            self._hidden += sorted((each for each in forms(octets) if len(each) >= _SHORTEST), key=len, reverse=True)

    def say(self, line: bytes, verb: str) -> None:
        """Send octets to which a reply will come."""
        self._pending.append(verb)
        self.link.say(line)

    def command(self, line: str) -> Talk:
        """Send a line as it is typed, and take the reply."""
        verb = verb_of(line)
        if verb in LOGINS and not self.may_login:
            yield Shown(Kind.WARNING, NOT_IN_CLEAR)
            return
        yield Shown(Kind.TYPED, _without_secret(line, verb))
        self._note(verb, line)
        self.say(_octets(line) + b"\r\n", verb)
        yield from self.reply()

    def reply(self) -> Generator[Shown | Ask, Any, Said | None]:
        """Take the replies that are owed, and give the last; None where it is late, or the session is over."""
        said = None
        while self._pending and not self.ended:
            try:
                said = self.link.wait(self.manners.timeout_s)
                problem = f"no answer in {self.manners.timeout_s:g} s"
            except KeyboardInterrupt:
                said, problem = None, "not waited for any longer"
            if said is None:
                self.overdue = True
                self._pending = deque(_LATE.get(verb, verb) for verb in self._pending)
                yield Shown(Kind.WARNING, f"{problem}; the reply is shown when it comes")
                return None
            yield from self._took(said)
        return None if self.ended else said

    def hang_up(self, problem: str = "") -> None:
        """Close the connection."""
        self.ended = True
        self.link.close(problem)

    # ---- how it works --------------------------------------------------------------------------------------------

    def _guarded(self, talk: Talk) -> Talk:
        try:
            yield from talk
        except WireError as error:
            yield from self._broke(str(error))

    def _broke(self, problem: str) -> Talk:
        """The connection cannot go on."""
        if "QUIT" in self._pending:
            self.hang_up()
            yield Shown(Kind.REMARK, problem)
            return
        self.broken = problem
        self.hang_up(problem)
        yield Shown(Kind.WARNING, problem + hint(problem, implicit=self._implicit))
        if self.last is None or self.last.code < 400:
            causes = causes_of(self._evidence.connection())
            for cause in (each for each in causes[:1] if each.slug != "unknown"):
                yield from cause_lines(cause)

    def _begin(self, implicit: bool) -> Talk:
        self._implicit = implicit
        if implicit:
            yield from self._secure(implicit=True)
        self._pending.append("")
        try:
            said = self.link.wait(self.manners.timeout_s)
        except KeyboardInterrupt:
            yield Shown(Kind.WARNING, "no greeting so far; it is shown when it comes")
            return
        if said is None:
            raise WireError(f"{NO_GREETING} in {self.manners.timeout_s:g} s")
        yield from self._took(said)

    def _entered(self, line: str) -> Talk:
        if self.state is State.CONTENT:
            yield from self._content(line)
        elif self.state is State.RESPONSE:
            yield from self._response(line)
        elif line.startswith("/") or line.strip() == "?":
            yield from console_local.run(self, line)
        elif line.strip():
            yield from self._command(line.strip())

    def _command(self, line: str) -> Talk:
        verb = verb_of(line)
        if verb == "BDAT":
            yield Shown(Kind.WARNING, "BDAT needs its octets at once: /bdat FILE sends a file as a chunk")
        elif verb == "AUTH" and len(login_words(line)) < 3:
            yield from login(self, line)
        else:
            yield from self.command(line)

    def _content(self, line: str) -> Talk:
        octets = _octets(line)
        if line == ".":
            yield Shown(Kind.TYPED, octets)
            self.state = State.COMMAND
            self.say(b".\r\n", "CONTENT")
            yield from self.reply()
            return
        stuffed = b"." + octets if octets.startswith(b".") else octets
        yield Shown(Kind.TYPED, octets)
        self.link.say(stuffed + b"\r\n")
        if stuffed != octets:
            yield Shown(Kind.REMARK, "one more dot was sent: a line that begins with a dot gets it (RFC 5321, 4.5.2)")

    def _response(self, line: str) -> Talk:
        self.state = State.COMMAND
        self.say(_octets(line.strip()) + b"\r\n", "AUTH")
        heard = login_so_far(self._evidence.connection())
        yield Shown(Kind.SENT, b"*" if line.strip() == "*" else heard.response, heard.meaning)
        yield from self.reply()

    def _arrived(self) -> Talk:
        for said in self.link.here():
            yield from self._took(said)
            if self.ended:
                return

    def _took(self, said: Said) -> Talk:
        """A reply: show it, explain it, and do what it calls for."""
        verb = self._pending.popleft() if self._pending else "UNASKED"
        challenge = self._heard_challenge() if said.code == 334 else ""
        for shown in reply_lines(said, verb, challenge):
            yield Shown(shown.kind, self._safe(shown.text), shown.meaning, shown.code)
        if said.latency_ns and said.latency_ns >= _LONG_NS and verb != "UNASKED":
            yield Shown(Kind.REMARK, f"the reply took {said.latency_ns / 1e9:.1f} s")
        if verb == "UNASKED":
            yield Shown(Kind.REMARK, "the server said this without being asked")
        self.last = said
        if said.code >= 400:
            yield from refusal_lines(said, causes_of_last(self._evidence.connection()))
        if not 300 <= said.code < 400:
            self._evidence.settle(drop=said.code >= 400 and verb not in _STILL_COUNT)
        yield from self._effect(verb, said)

    def _effect(self, verb: str, said: Said) -> Talk:
        if verb in {"EHLO", "HELO", "LHLO"} and said.code == 250:
            self.offer = offer_of(said.lines) if verb != "HELO" else Offer(known=True)
        elif verb == "STARTTLS" and said.code == 220:
            yield from self._secure(implicit=False)
        elif verb == "DATA" and said.code == 354:
            self.state = State.CONTENT
            yield Shown(Kind.REMARK, "now the message; a line with nothing but a dot ends it")
        elif verb in LOGINS and said.code == 334:
            self.state = State.RESPONSE
            yield Shown(Kind.REMARK, "now the response in base64, or * to cancel")
        elif verb == "QUIT":
            self.hang_up()

    def _secure(self, *, implicit: bool) -> Talk:
        self.tls = self.link.secure_now(implicit=implicit)
        self.offer = Offer()
        yield from console_local.tls_lines(self)
        if not implicit:
            yield Shown(Kind.REMARK, "say EHLO again: what was offered before TLS counts no more (RFC 3207, 4.2)")

    def _leave(self) -> Talk:
        if self.state is State.CONTENT:
            yield Shown(Kind.WARNING, "the message was not ended, so it is not sent: the connection is closed")
            self.hang_up()
            return
        if self.state is State.RESPONSE:
            self.state = State.COMMAND
            self.say(b"*\r\n", "AUTH")
        yield Shown(Kind.SENT, b"QUIT")
        self.say(b"QUIT\r\n", "QUIT")
        while not self.ended:
            said = self.link.wait(min(self.manners.timeout_s, _FAREWELL_S))
            if said is None:
                yield Shown(Kind.REMARK, "the server does not answer QUIT; the connection is closed")
                self.hang_up()
                return
            yield from self._took(said)

    def _heard_challenge(self) -> str:
        return login_so_far(self._evidence.connection()).challenge

    def login_line(self) -> Shown:
        """The line of a login that was just sent, as it may be shown, and what it means."""
        heard = login_so_far(self._evidence.connection())
        return Shown(Kind.SENT, heard.response, heard.meaning)

    def _note(self, verb: str, line: str) -> None:
        if verb in {"MAIL", "RCPT"}:
            self.used.address(line)
        elif verb in {"EHLO", "HELO", "LHLO"}:
            self.used.name(line)

    def _safe(self, text: str | bytes) -> str | bytes:
        if isinstance(text, bytes):
            for each in self._hidden:
                text = text.replace(each, MASK.encode())
        return text


def _octets(line: str) -> bytes:
    return line.encode("utf-8", "surrogateescape")


def _without_secret(line: str, verb: str) -> bytes:
    """The line as it may be shown: the argument of a login masked behind its mechanism."""
    parts = login_words(line)
    return _octets(f"{parts[0]} {parts[1]} {MASK}" if verb in LOGINS and len(parts) > 2 else line)
