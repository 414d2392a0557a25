"""A failed session as the causes look at it: what was refused, what was offered, who had logged in, what was noted."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from smtptrace.auth import AuthOutcome, Credential
from smtptrace.diagnosis import _knowledge
from smtptrace.diagnosis._flavour import server_flavour
from smtptrace.diagnosis._offer import Offer, offers_of
from smtptrace.diagnosis._refusal import LONGEST, Refusal, refusals_of, verb_of
from smtptrace.diagnosis._weight import Weight, strongest
from smtptrace.findings import Evidence, Finding
from smtptrace.findings._evidence import of_anomaly, of_command, of_note, of_reply
from smtptrace.smtp import AuthExchange, Exchange, Outcome, Session
from smtptrace.wire import Closing, Exactness, Note, Opening

MOST = 512
"""Exchanges of one session that are looked at, from its beginning and its end; a failure further in is still found."""

_QUOTED = re.compile(r"\b([45][0-9]{2})-")
_TELLING = frozenset(("tls-unasked", "http-request", "proxy-header", "cr-nul-line-end", "backspace"))
"""Anomalies that are a failure by themselves."""

_A_WHILE_NS = 1_000_000_000
"""Longer than a port scan or the check of a load balancer waits for a greeting."""

_NO_ERROR = re.compile(r"Connection closed by foreign host|Connection closed with remote host", re.IGNORECASE)
_ERROR = re.compile(
    r"error|fail|exception|refused|reject|denied|timed? ?out|timeout|unable|could ?n.t|can ?not|cannot|not support"
    r"|did not|didn.t|does not|doesn.t|no worthy|never|not advertise|not available|unexpected|invalid|wrong|expired"
    r"|\b[45][0-9][0-9][ -]|unverified|traceback|at [A-Za-z]+\.[A-Za-z.]+\(|closed|broken|reset by|no such"
    r"|missing|issuer|certificate|lost|PROXY TCP|QUIT\\n|HTTP/1|x16.{1,3}x03|\\0?26",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Attempt:
    """One AUTH command with its decoded credential and what was offered when it was sent."""

    index: int
    exchange: AuthExchange
    credential: Credential | None
    offer: Offer | None
    refusal: Refusal | None = None

    @property
    def mechanism(self) -> str:
        """The mechanism as the command names it, upper case."""
        return self.exchange.mechanism

    @property
    def code(self) -> int:
        """The code that ended it, 0 where there is none."""
        return self.exchange.reply.code if self.exchange.reply else 0

    @property
    def problems(self) -> tuple[str, ...]:
        """Slugs of what was wrong with the exchange."""
        return self.credential.problems if self.credential else ()

    @property
    def masked(self) -> bool:
        """Whether the source hides what the client sent."""
        said = (self.exchange.command, *self.exchange.rounds)
        hidden = any(each is not None and each.exactness is Exactness.MASKED for each in said)
        return hidden or "masked-by-source" in self.problems

    @property
    def values(self) -> tuple[bytes, ...]:
        """What the client sent, decoded as base64 once; lines that do not decode are left out."""
        lines = (self.exchange.initial, *(each.response for each in self.exchange.rounds))
        return tuple(value for line in lines if line for value in _decoded(line))

    @property
    def at_once(self) -> bool:
        """Whether the server refused without a single challenge."""
        return not any(each.challenge is not None for each in self.exchange.rounds)

    @property
    def offered(self) -> bool | None:
        """Whether the mechanism was among those offered, None where nothing can be said."""
        offer = self.offer
        if offer is None or offer.keywords is None:
            return None
        verb = self.exchange.command.verb if self.exchange.command else "AUTH"
        listed = offer.keywords.get(verb or "AUTH")
        if listed is None:
            return False if offer.whole else None
        return self.mechanism in listed


def _decoded(line: bytes) -> Iterator[bytes]:
    try:
        yield base64.b64decode(line, validate=True)
    except binascii.Error:
        return


def _joined(text: str, code: str = "") -> str:
    """A reply of several lines on one, without the code that each further line repeats."""
    found = None if code else _QUOTED.search(text)
    code = found[1] if found else code
    return re.sub(rf"(?<=\S)\s+{code}[ -](?:[245]\.[0-9]{{1,3}}\.[0-9]{{1,3}} )?", " ", text) if code else text


@dataclass
class Case:
    """One failed session, looked at once for all causes."""

    session: Session
    credentials: Sequence[Credential]
    findings: Sequence[Finding] = ()
    refusals: tuple[Refusal, ...] = field(init=False)
    offers: tuple[Offer, ...] = field(init=False)

    def __post_init__(self) -> None:
        exchanges = list(enumerate(self.session.exchanges))
        if len(exchanges) > 2 * MOST:
            exchanges = exchanges[:MOST] + exchanges[-MOST:]
        self._numbered = exchanges
        self.offers = tuple(offers_of(exchanges))
        self.refusals = tuple(refusals_of(self.session, exchanges))

    # ---- what failed -------------------------------------------------------------------------------------------

    @property
    def first(self) -> Refusal | None:
        """The first refusal that was not made good: the others mostly follow from it."""
        return self.refusals[0] if self.refusals else None

    def refused(self, *stages: str) -> Refusal | None:
        """The first refusal in one of the stages."""
        return next((each for each in self.refusals if each.stage in stages), None)

    @cached_property
    def remarks(self) -> tuple[Note, ...]:
        """Notes that tell of trouble; all of them where a text shows nothing else."""
        notes = self.session.notes[:MOST]
        alone = self.is_text and not self.session.exchanges and self.session.greeting is None
        return tuple(note for note in notes if (alone or _ERROR.search(note.text)) and not _NO_ERROR.search(note.text))

    @cached_property
    def succeeded(self) -> bool:
        """Whether the server took a message."""
        return any(each.outcome is Outcome.ACCEPTED for each in self.session.transactions)

    @cached_property
    def is_text(self) -> bool:
        """Whether the source is a text somebody kept, not a capture."""
        return not self.session.connection.origin.format.startswith(("pcap", "tshark", "interface"))

    @cached_property
    def sealed(self) -> bool:
        """Whether the session went into TLS that nobody has opened: what came of it cannot be known."""
        secured = self.session.tls
        return secured is not None and not secured.opened

    @cached_property
    def cut_off(self) -> bool:
        """Whether a side broke the connection off."""
        return any(close.how is Closing.RST for close in self.session.closes)

    @property
    def failed(self) -> bool:
        """Whether anything went wrong that was not made good."""
        return bool(self.refusals) or (not self.succeeded and (self._broke_off or self._gave_up))

    @property
    def _broke_off(self) -> bool:
        session = self.session
        secured, opened = session.tls, session.opened
        return bool(
            self.remarks
            or (secured is not None and secured.alert is not None and not secured.opened)
            or (opened is not None and (opened.how is not Opening.SYN_SEEN or self.waited_in_vain))
            or any(anomaly.kind in _TELLING for anomaly in session.anomalies)
            or any(each.outcome is AuthOutcome.REJECTED for each in self.credentials)
            or (self.cut_off and not self.sealed and self.logged_in() is None)
        )

    @property
    def waited_in_vain(self) -> bool:
        """Whether the connection stood for a while and was closed without a word of either side."""
        session = self.session
        lasted = (session.end_ns or 0) - (session.start_ns or 0)
        return session.octets == (0, 0) and bool(session.closes) and lasted >= _A_WHILE_NS

    @property
    def _gave_up(self) -> bool:
        """A kept text whose client went away, without QUIT, before it had logged in or sent anything."""
        if not self.is_text or self.logged_in() is not None:
            return False
        return not any(exchange.reply and exchange.reply.code == 221 for _, exchange in self.sent("QUIT"))

    # ---- what was offered and tried ----------------------------------------------------------------------------

    def offer_before(self, index: int) -> Offer | None:
        """The EHLO reply in force when exchange `index` was sent; None where TLS began after it without a new EHLO."""
        found = None
        for offer in self.offers:
            if offer.index > index:
                break
            found = offer
        if found is not None and found.index < self.tls_from <= index:
            return None
        return found

    @cached_property
    def tls_from(self) -> int:
        """Index of the first exchange after STARTTLS was accepted; beyond all of them where it never was."""
        for index, exchange in self._numbered:
            if verb_of(exchange) in {"STARTTLS", "X-ANONYMOUSTLS"} and exchange.reply and exchange.reply.code == 220:
                return index + 1
        return 1 << 60

    @property
    def began_tls(self) -> bool:
        """Whether the session went on inside TLS, or was in it from the start."""
        secured = self.session.tls
        return self.tls_from < 1 << 60 or (secured is not None and (secured.implicit or secured.opened))

    def in_clear(self, index: int) -> bool:
        """Whether exchange `index` went in clear."""
        exchange = self.session.exchanges[index]
        secured = self.session.tls
        return not exchange.tls and index < self.tls_from and not (secured is not None and secured.implicit)

    @cached_property
    def attempts(self) -> tuple[Attempt, ...]:
        """The AUTH commands in order."""
        numbers = {id(exchange): index for index, exchange in self._numbered}
        refused = {id(each.exchange): each for each in self.refusals if each.stage == "AUTH"}
        made = []
        for number, auth in enumerate(self.session.authentications):
            index = numbers.get(id(auth))
            if index is None:
                continue
            credential = self.credentials[number] if number < len(self.credentials) else None
            made.append(Attempt(index, auth, credential, self.offer_before(index), refused.get(id(auth))))
        return tuple(made)

    @cached_property
    def refused_attempts(self) -> tuple[Attempt, ...]:
        """The attempts that ended in a refusal nobody made good."""
        return tuple(attempt for attempt in self.attempts if attempt.refusal is not None)

    def logged_in(self, before: int = 1 << 60) -> Attempt | None:
        """The last accepted login before exchange `before`, None where there was none."""
        done = [attempt for attempt in self.attempts if attempt.code == 235 and attempt.index < before]
        return done[-1] if done else self._unasked_login(before)

    def _unasked_login(self, before: int) -> Attempt | None:
        for index, exchange in self._numbered:
            if index < before and exchange.command is None and exchange.reply and exchange.reply.code == 235:
                return Attempt(index, AuthExchange(None, exchange.reply), None, None)
        return None

    def sent(self, *verbs: str) -> Iterator[tuple[int, Exchange]]:
        """The exchanges whose command has one of the verbs, with their index."""
        return ((index, exchange) for index, exchange in self._numbered if verb_of(exchange) in verbs)

    def first_sent(self, *verbs: str) -> tuple[int, Exchange] | None:
        """The first of them."""
        return next(self.sent(*verbs), None)

    @property
    def numbered(self) -> Sequence[tuple[int, Exchange]]:
        """Index and exchange in the order the commands were sent."""
        return self._numbered

    # ---- what was said -----------------------------------------------------------------------------------------

    @cached_property
    def flavour(self) -> str | None:
        """The kind of server, None where nothing gives it away."""
        return server_flavour(self.session)

    @cached_property
    def wordings(self) -> dict[str, Weight]:
        """By cause, the strongest thing that replies and notes say for it."""
        found: dict[str, Weight] = {}
        for part, (place, refusal, note) in enumerate(self._spoken()):
            follows = max(0.7, 1 - 0.1 * part)
            shown = refusal.evidence if refusal else (of_note(note),) if note else ()
            for slug, weight in _knowledge.weigh(place, self.flavour):
                heard = Weight(
                    round(weight.confidence * follows, 3),
                    shown[::-1],
                    weight.because,
                    weight.fix,
                    weight.as_of,
                    weight.references,
                )
                found[slug] = strongest(found.get(slug), heard)
        return found

    def _spoken(self) -> Iterator[tuple[_knowledge.Said, Refusal | None, Note | None]]:
        for refusal in self.refusals[:16]:
            reply = refusal.reply
            text = "" if refusal.mute else _joined(refusal.text, str(reply.code))
            yield _knowledge.Said(str(reply.code), reply.enhanced, text, refusal.stage), refusal, None
        for note in self.remarks[:16]:
            yield _knowledge.Said("", None, _joined(note.text[:LONGEST]), "NOTE"), None, note

    def said(self, slug: str) -> Weight | None:
        """How strongly the words of server or client speak for a cause."""
        return self.wordings.get(slug)

    def remark(self, pattern: re.Pattern[str]) -> Note | None:
        """The first note in which the pattern is found, trouble or not."""
        return next((note for note in self.session.notes[:MOST] if pattern.search(note.text)), None)

    def anomaly(self, *kinds: str) -> Evidence | None:
        """The first anomaly of one of the kinds, as evidence."""
        if not self.session.anomalies:
            return None
        found = next((each for each in self.session.anomalies if each.kind in kinds), None)
        return of_anomaly(found, self.session) if found else None

    @cached_property
    def last_word(self) -> tuple[Evidence, ...]:
        """The last thing that was said, for a session that just ended."""
        for _, exchange in reversed(self._numbered):
            if exchange.reply is not None:
                reply = exchange.reply
                last = reply.lines[-1].upper() if reply.lines else b""
                return (of_reply(reply, last),)
            if exchange.command is not None:
                return (of_command(exchange.command),)
        return (of_reply(self.session.greeting),) if self.session.greeting else ()


__all__ = ["Attempt", "Case", "Offer", "Refusal"]
