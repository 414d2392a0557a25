"""What the server offers in its replies to EHLO."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smtptrace.diagnosis._refusal import Numbered, verb_of
from smtptrace.smtp import AuthExchange, Reply

_KEYWORDS = frozenset(
    "AUTH SIZE STARTTLS PIPELINING 8BITMIME CHUNKING SMTPUTF8 DSN ENHANCEDSTATUSCODES BINARYMIME HELP VRFY ETRN"
    " X-ANONYMOUSTLS X-EXPS XRDST XSHADOW LIMITS REQUIRETLS PRDR EXPN TURN XCLIENT XFORWARD".split()
)


@dataclass(slots=True)
class Offer:
    """What one EHLO reply offers.

    `keywords` maps keyword to parameters in upper case, None where the reply shows no words. `whole` is false for a
    piece of a reply, whose silence says nothing.
    """

    index: int
    reply: Reply
    keywords: dict[str, tuple[str, ...]] | None
    tls: bool = False
    whole: bool = True
    helo: bool = False

    @property
    def mechanisms(self) -> tuple[str, ...] | None:
        """Mechanisms of the AUTH line, () where there is none, None where nothing can be said."""
        if self.keywords is None:
            return None
        if "AUTH" in self.keywords:
            return self.keywords["AUTH"]
        return () if self.whole else None

    def has(self, keyword: str) -> bool | None:
        """Whether the keyword is offered; None where nothing can be said."""
        if self.keywords is None:
            return None
        return True if keyword in self.keywords else False if self.whole else None


def offers_of(exchanges: Numbered) -> Iterator[Offer]:
    """The offers of a session, in order; pieces of a reply without its command count where they hold keywords."""
    for index, exchange in exchanges:
        reply, verb = exchange.reply, verb_of(exchange)
        if reply is None or reply.code != 250:
            continue
        if verb in {"EHLO", "LHLO"}:
            skip = 0 if _keyword(reply.lines[0]) in _KEYWORDS else 1
            whole = _is_whole(reply) and (len(reply.lines) > 1 or not _knows_auth(exchanges, index))
            yield Offer(index, reply, _keywords(reply, skip), exchange.tls, whole=whole)
        elif verb == "HELO":
            yield Offer(index, reply, {}, exchange.tls, helo=True)
        elif exchange.command is None and any(_keyword(line) in _KEYWORDS for line in reply.lines):
            yield Offer(
                index, reply, _keywords(reply, 0), exchange.tls, whole=len(reply.lines) > 2 and _is_whole(reply)
            )


def _knows_auth(exchanges: Numbered, index: int) -> bool:
    """Whether AUTH was prompted, accepted or judged later: logs and people cut replies to EHLO down to one line."""
    later = (each for at, each in exchanges if at > index and isinstance(each, AuthExchange))
    return any(each.rounds or (each.reply is not None and each.reply.code in {235, 535}) for each in later)


def _is_whole(reply: Reply) -> bool:
    """Whether the reply comes to its last line, which has no hyphen after the code."""
    return reply.lines[-1][3:4] != b"-"


def _keyword(line: bytes) -> str:
    return line[4:].replace(b"=", b" ").partition(b" ")[0].decode("ascii", "replace").upper()


def _keywords(reply: Reply, skip: int) -> dict[str, tuple[str, ...]] | None:
    """Keyword -> parameters of the lines after the first `skip`; None where a reply of several lines has no words."""
    found: dict[str, tuple[str, ...]] = {}
    for line in reply.lines[skip:]:
        words = line[4:].decode("utf-8", "replace").upper().replace("=", " ").split()
        if words:
            found[words[0]] = (*found.get(words[0], ()), *words[1:])
    if not found and not any(line[4:].strip() for line in reply.lines):
        return None
    return found
