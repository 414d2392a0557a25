"""What a server refused, and whether a later exchange of the session made it good."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from smtptrace.findings import Evidence
from smtptrace.findings._evidence import of_command, of_reply
from smtptrace.smtp import Exchange, Outcome, Reply, Session

Numbered = Sequence[tuple[int, Exchange]]
"""Exchanges with their place in the session."""

_STAGES = {
    "EHLO": "EHLO", "HELO": "EHLO", "LHLO": "EHLO", "STARTTLS": "STARTTLS", "X-ANONYMOUSTLS": "STARTTLS",
    "AUTH": "AUTH", "X-EXPS": "AUTH", "MAIL": "MAIL", "RCPT": "RCPT", "DATA": "DATA", "BDAT": "DATA",
}  # fmt: skip

LONGEST = 1000
"""Characters of a reply that are compared with what is known."""

_REPEATED = re.compile(rb"[245]\.[0-9]{1,3}\.[0-9]{1,3} ?")


@dataclass(slots=True)
class Refusal:
    """A 4xx or 5xx: what it answered, where in the session, and what stage that was.

    `stage` is EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, GREETING, UNASKED, or OTHER for any other command. `evidence` is
    the reply, after the command it answers.
    """

    index: int
    stage: str
    reply: Reply
    exchange: Exchange | None = None
    evidence: tuple[Evidence, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        command, said = self.exchange.command if self.exchange else None, of_reply(self.reply)
        self.evidence = (of_command(command), said) if command is not None else (said,)

    @property
    def mute(self) -> bool:
        """Whether the server gave a code and no words."""
        return not any(re.search(rb"[A-Za-z]{2}", text) for text in self.reply.texts)

    @property
    def text(self) -> str:
        """The words of the reply, joined and bounded, without the enhanced code that each further line repeats."""
        first, *more = self.reply.texts
        words = b" ".join((first, *(_REPEATED.sub(b"", text) for text in more)))
        return words[:LONGEST].decode("utf-8", "replace")


def verb_of(exchange: Exchange) -> str | None:
    """The verb of the command, None where there is no command."""
    return exchange.command.verb if exchange.command else None


def refusals_of(session: Session, exchanges: Numbered) -> Iterator[Refusal]:
    """The refusals that no later exchange made good, in order; of side commands only where nothing else failed."""
    greeting = session.greeting
    if greeting is not None and greeting.code >= 400:
        yield Refusal(-1, "GREETING", greeting)
    every = list(_refusals(exchanges))
    main = [each for each in every if each.stage not in {"OTHER", "UNASKED"}]
    later = _Later(exchanges) if main else None
    open_ones = [each for each in main if later and not _mended(each, session, later)]
    if open_ones:
        yield from open_ones
    elif not _got_through(session, exchanges):
        yield from (each for each in every if each.stage in {"OTHER", "UNASKED"})


def _refusals(exchanges: Numbered) -> Iterator[Refusal]:
    for index, exchange in exchanges:
        verb = verb_of(exchange)
        stage = _STAGES.get(verb or "", "OTHER") if exchange.command else "UNASKED"
        for reply in exchange.replies or ((exchange.reply,) if exchange.reply else ()):
            if reply.code >= 400 and verb != "QUIT":
                yield Refusal(index, stage, reply, exchange)


class _Later:
    """Where each stage, and each recipient, was last accepted."""

    def __init__(self, exchanges: Numbered) -> None:
        self._stages: dict[str, int] = {}
        self._recipients: dict[bytes, int] = {}
        for index, exchange in exchanges:
            command, reply = exchange.command, exchange.reply
            if command is None or reply is None or reply.code >= 300:
                continue
            self._stages[_STAGES.get(command.verb or "", "OTHER")] = index
            if command.verb == "RCPT":
                self._recipients[command.argument.lower()] = index

    def accepted(self, refusal: Refusal) -> bool:
        """Whether what was refused was accepted later: of RCPT the same recipient, else the same stage."""
        if refusal.stage != "RCPT":
            return self._stages.get(refusal.stage, -1) > refusal.index
        command = refusal.exchange.command if refusal.exchange else None
        return command is not None and self._recipients.get(command.argument.lower(), -1) > refusal.index


def _mended(refusal: Refusal, session: Session, later: _Later) -> bool:
    """Whether a later exchange made good what was refused."""
    if refusal.stage == "DATA":
        return _resent(refusal, session)
    if refusal.stage == "STARTTLS":
        return any(each.outcome is Outcome.ACCEPTED for each in session.transactions)
    return later.accepted(refusal)


def _resent(refusal: Refusal, session: Session) -> bool:
    """Whether a later transaction of the same sender with a recipient in common was accepted."""
    failed = next((each for each in session.transactions if each.final is refusal.exchange), None)
    if failed is None:
        return False
    to = {recipient.address for recipient in failed.recipients}
    after = session.transactions[list(map(id, session.transactions)).index(id(failed)) + 1 :]
    return any(
        each.outcome is Outcome.ACCEPTED
        and each.reverse_path == failed.reverse_path
        and any(recipient.address in to for recipient in each.recipients)
        for each in after
    )


def _got_through(session: Session, exchanges: Numbered) -> bool:
    """Whether a message was taken, or a login was and the client said QUIT."""
    if any(each.outcome is Outcome.ACCEPTED for each in session.transactions):
        return True
    codes = [(verb_of(exchange), exchange.reply.code if exchange.reply else 0) for _, exchange in exchanges]
    return ("QUIT", 221) in codes and any(verb in {"AUTH", "X-EXPS"} and code == 235 for verb, code in codes)
