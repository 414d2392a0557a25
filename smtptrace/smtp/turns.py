"""The verbs at which the dialogue turns: what the client's next octets are depends on the reply.

Each turn is a generator that yields whenever it needs more octets or a reply.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from smtptrace import grammar
from smtptrace.smtp import mail_data
from smtptrace.smtp.content import Body
from smtptrace.smtp.pending import Pending, PendingAuth, PendingData
from smtptrace.smtp.records import AuthExchange, Command, DataExchange, Exchange, Round

if TYPE_CHECKING:
    from smtptrace.smtp.conversation import Conversation

Reading = Generator[None, None, None]

_CHUNK = re.compile(rb"[ \t]*([0-9]{1,18})(?:[ \t]+((?i:LAST)))?[ \t]*$")
_BLOB = re.compile(rb"[ \t]*([0-9]{1,9})(?:[ \t]+[0-9]+)?[ \t]*$")
_MECHANISM = re.compile(rb"[A-Za-z0-9_-]{1,20}")
"""A SASL mechanism's name (RFC 4422, 3.1), in any case; what else stands in its place may be a password."""
_MOST_ROUNDS = 1000


def data(talk: Conversation, command: Command) -> Reading:
    """DATA: content follows a 354 (RFC 5321, 4.1.1.4)."""
    exchange = DataExchange(command, None, talk.tls)
    pending = PendingData(exchange, each=talk.lmtp)
    talk.pairing.ask(pending)
    known = yield from talk.answer(lambda: exchange.intermediate is not None or not pending.wants)
    accepted = exchange.intermediate is not None
    if not known:
        accepted = (yield from talk.foresee()) is None and (len(talk.stream) > 0 or talk.stream.gap is not None)
    if accepted:
        pending.start()
        yield from mail_data.dotted(talk, pending)
    talk.pairing.release(pending)


def chunk(talk: Conversation, command: Command) -> Reading:
    """BDAT: as many octets follow as it says, whatever the reply (RFC 3030, 2)."""
    exchange = DataExchange(command, None, talk.tls)
    found = _CHUNK.match(command.argument)
    pending = PendingData(exchange, each=talk.lmtp and found is not None and found[2] is not None)
    talk.pairing.ask(pending)
    if found is None:
        talk.odd.tell("malformed-bdat", "BDAT without the size of its chunk", command.span)
    else:
        yield from _chunk(talk, exchange, int(found[1]), last=found[2] is not None)
    talk.pairing.release(pending)


def _chunk(talk: Conversation, exchange: DataExchange, size: int, *, last: bool) -> Reading:
    stream = talk.stream
    start = stream.position
    body = Body(stream.span(start), keep=talk.keep)
    before = talk.chunks
    yield from mail_data.counted(talk, size, (body, before) if before else (body,))
    ended = body.seen + body.missing >= size
    exchange.content = body.content(stream.position, ended=ended)
    whole = before or body
    exchange.whole = (whole.content if last else whole.so_far)(stream.position, ended=ended)
    talk.chunks = None if last else before or body.copy()


def auth(talk: Conversation, command: Command) -> Reading:
    """AUTH: after each 334 one line of the client is a response (RFC 4954, 4)."""
    mechanism, _, initial = command.argument.strip().partition(b" ")
    exchange = AuthExchange(command, None, talk.tls)
    if _MECHANISM.fullmatch(mechanism):
        exchange.mechanism, exchange.initial = mechanism.decode("ascii").upper(), initial.strip() or None
    pending = PendingAuth(exchange)
    talk.pairing.ask(pending)
    rounds: list[Round] = []
    while len(rounds) < _MOST_ROUNDS and (step := (yield from _round(talk, pending, len(rounds)))):
        rounds.append(step)
        exchange.cancelled |= step.response == b"*"
        exchange.rounds = tuple(rounds)
    code = pending.replies[0].code if pending.replies else 0
    talk.logged_in, talk.failed_login = code == 235, code >= 400
    talk.pairing.release(pending)


def _round(talk: Conversation, pending: PendingAuth, count: int) -> Generator[None, None, Round | None]:
    """The next challenge and the response to it, None where there is none any more."""
    known = yield from talk.answer(lambda: len(pending.challenges) > count or not pending.wants)
    challenge = pending.challenges[count] if len(pending.challenges) > count else None
    if challenge is None and (known or (yield from talk.foresee()) is not None):
        return None
    stream = talk.stream
    start = stream.position
    raw = yield from talk.line()
    talk.adrift = raw is None
    if raw is None:
        raw = bytes(stream.take())
        if not raw and challenge is None:
            return None
    span, exactness = stream.span(start), stream.exactness(start)
    if stream.gap is not None and not len(stream):
        talk.lose_sight(stream.cross())
    return Round(challenge, grammar.without_line_end(raw), span, exactness) if raw else Round(challenge, None)


def starttls(talk: Conversation, command: Command) -> Reading:
    """STARTTLS and X-ANONYMOUSTLS: TLS follows a 220 (RFC 3207, 4)."""
    pending = Pending(Exchange(command, None, talk.tls), busy=True)
    talk.pairing.ask(pending)
    known = yield from talk.answer(lambda: not pending.wants)
    if pending.replies[0].code // 100 == 2 if known else talk.stream.first() == 0x16:
        talk.over = "starttls"
    talk.pairing.release(pending)


def blob(talk: Conversation, command: Command) -> Reading:
    """XEXCH50: after a 354 as many octets follow as it says (Exchange 2000 to 2010)."""
    exchange = DataExchange(command, None, talk.tls)
    found = _BLOB.match(command.argument)
    pending = PendingData(exchange, each=False)
    talk.pairing.ask(pending)
    yield from talk.answer(lambda: exchange.intermediate is not None or not pending.wants)
    if found and exchange.intermediate is not None:
        body = Body(talk.stream.span(talk.stream.position), keep=False)
        yield from mail_data.counted(talk, int(found[1]), (body,))
    talk.pairing.release(pending)


def turn(talk: Conversation, command: Command) -> Reading:
    """TURN and ATRN: after a 250 both sides change their parts (RFC 821; RFC 2645)."""
    pending = Pending(Exchange(command, None, talk.tls), busy=True)
    talk.pairing.ask(pending)
    known = yield from talk.answer(lambda: not pending.wants)
    if known and pending.replies[0].code // 100 == 2:
        talk.over = "roles-turned"
    talk.pairing.release(pending)


TURNS: dict[str, Callable[[Conversation, Command], Reading]] = {
    "DATA": data,
    "BDAT": chunk,
    "AUTH": auth,
    "X-EXPS": auth,
    "STARTTLS": starttls,
    "X-ANONYMOUSTLS": starttls,
    "XEXCH50": blob,
    "TURN": turn,
    "ATRN": turn,
}
"""What follows each verb that turns the dialogue; the others are plain exchanges."""
