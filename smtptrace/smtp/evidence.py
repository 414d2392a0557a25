"""What replies tell about commands: which verbs a code can answer, and where the server saw a content end."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from smtptrace import grammar
from smtptrace.smtp.streams import PATIENCE
from smtptrace.wire import Span

if TYPE_CHECKING:
    from smtptrace.smtp.content import DotReader, Fork
    from smtptrace.smtp.conversation import Conversation
    from smtptrace.smtp.pending import PendingData

ANSWERS: dict[str, frozenset[int]] = {
    "QUIT": frozenset({221}),
    "DATA": frozenset({354}),
    "XEXCH50": frozenset({354}),
    "AUTH": frozenset({235, 334}),
    "X-EXPS": frozenset({235, 334}),
    "STARTTLS": frozenset({220}),
    "X-ANONYMOUSTLS": frozenset({220}),
    "XCLIENT": frozenset({220}),
}
"""The positive codes of verbs that are not answered by a plain 2yz (RFC 5321, 4.3.2; RFC 4954; RFC 3207)."""

_SPECIAL = frozenset().union(*ANSWERS.values())
_TURNING = frozenset({"DATA", "BDAT", "AUTH", "X-EXPS", "STARTTLS", "X-ANONYMOUSTLS"})
_MOST = 32
_REACH = 16 * 1024


@lru_cache(maxsize=1024)
def fits(verb: str | None, code: int) -> bool:
    """Whether a server that keeps to the rules may answer the verb with that code."""
    if code >= 400:
        return True
    special = ANSWERS.get(verb or "")
    return code in special if special else code not in _SPECIAL


def earlier(one: Span, other: Span) -> bool | None:
    """Whether one place was before another, by frame or else by time; None where nobody can tell."""
    if one.frame is not None and other.frame is not None:
        return one.frame < other.frame
    if one.time_ns is not None and other.time_ns is not None:
        return one.time_ns < other.time_ns
    return None


def verbs_at(octets: bytes) -> list[str]:
    """The verbs of the commands that the octets begin with, up to one that turns the dialogue."""
    verbs: list[str] = []
    at = 0
    while len(verbs) < _MOST and grammar.is_command(octets, at):
        stop = octets.find(b"\n", at) + 1
        if not stop:
            break
        verbs.append(grammar.verb_of(octets[at:stop]) or "")
        if verbs[-1] in _TURNING:
            break
        at = stop
    return verbs


def _all_fit(verbs: Sequence[str], codes: Sequence[int]) -> bool:
    return len(codes) >= len(verbs) and all(map(fits, verbs, codes))


def choose_end(talk: Conversation, pending: PendingData, reader: DotReader) -> Generator[None, None, Fork | None]:
    """The fork at which the server evidently saw the content end, None where it kept to CRLF.CRLF.

    The server's replies decide: after the one to the content they must answer the commands that follow the fork, and
    must not answer as well those that follow the true end.
    """
    for fork in reader.forks:
        if (fork.certain or not reader.ended) and (yield from _taken(talk, pending, reader, fork)):
            return fork
    return None


def _taken(talk: Conversation, pending: PendingData, reader: DotReader, fork: Fork) -> Generator[None, None, bool]:
    stream, pairing = talk.stream, talk.pairing
    inside = verbs_at(stream.look(fork.stop, min(stream.position, fork.stop + _REACH)))
    while len(pairing.ahead(len(inside))) < len(inside) or pending.wants:
        if pairing.exhausted or len(stream) + stream.position - fork.stop > PATIENCE:
            break
        yield
    if not pending.replies:
        return False
    codes = [reply.code for reply in pairing.ahead(len(inside))]
    if not reader.ended:
        return all(map(fits, inside, codes)) and (bool(codes) or pending.replies[0].code < 300)
    if not _all_fit(inside, codes):
        return False
    while len(after := verbs_at(stream.peek(_REACH))[: len(inside)]) < len(inside):
        if stream.exhausted or (after and after[-1] in _TURNING):
            break
        yield
    turns = bool(after) and after[-1] in _TURNING
    return (len(after) < len(inside) and not turns) or not _all_fit(after, codes)
