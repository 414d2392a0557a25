"""A command comes where the order of the dialogue does not allow it."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case, Refusal
from smtptrace.diagnosis._weight import LIKELY, Weight
from smtptrace.findings import Evidence
from smtptrace.smtp import Exchange

FIX = {
    "any": (
        "Look: the order of the commands against EHLO, (STARTTLS, EHLO), AUTH, MAIL, RCPT, DATA. Change: mend "
        "the client: send EHLO first, log in once, send RSET after a refused transaction and no DATA when every "
        "recipient was refused."
    ),
    "exim": (
        "Look: the order of the commands. Change: send EHLO before STARTTLS and AUTH; Exim offers both in its "
        "reply only."
    ),
}
REFERENCES = ("RFC 5321, 4.1.4",)


def weigh(case: Case) -> Weight | None:
    """The order of the commands around the refusal, else the words."""
    for refusal in case.refusals:
        because = _out_of_order(case, refusal)
        if because:
            sure = 0.92 if refusal.stage != "DATA" or not _explained(case, refusal) else 0.6
            return Weight(sure, _evidence(case, refusal), because)
    said = case.said("command-sequence-error")
    if said is None:
        return None
    first = case.first
    follows = first is not None and first.reply.code != 503 and first.stage in {"MAIL", "AUTH", "RCPT", "EHLO"}
    follows = follows or (first is not None and _unasked_refusal(case, first.index))
    return Weight(said.confidence * 0.6, said.evidence, said.because) if follows else said


def _out_of_order(case: Case, refusal: Refusal) -> str:
    index, stage = refusal.index, refusal.stage
    if refusal.reply.code not in {503, 500, 501, 502, 554, 550, 454, 421} or index < 0:
        return ""
    verb = refusal.exchange.command.verb if refusal.exchange and refusal.exchange.command else None
    if stage == "STARTTLS":
        early = case.first_sent("EHLO", "HELO", "LHLO")
        return (
            "STARTTLS comes before EHLO; the server offers it in its reply to EHLO."
            if _missing(early, index, case)
            else ""
        )
    if verb == "AUTH" and case.logged_in(index) is not None:
        return "AUTH comes a second time in a session that has logged in."
    if stage == "DATA" and refusal.reply.code in {503, 554} and _no_recipient(case, index):
        return "DATA follows although no recipient was accepted, and the transaction is not reset."
    return ""


def _unasked_refusal(case: Case, index: int) -> bool:
    """Whether something was refused before whose command is not shown."""
    before = (exchange for at, exchange in case.numbered if at < index and exchange.command is None)
    return any(exchange.reply is not None and exchange.reply.code >= 400 for exchange in before)


def _explained(case: Case, refusal: Refusal) -> bool:
    """Whether the words with which the recipients were refused tell why, and DATA only follows from that.

    A command refused after DATA shows that the client goes on without RSET.
    """
    first = case.refused("RCPT", "MAIL")
    if first is None or first.index >= refusal.index or any(each.index > refusal.index for each in case.refusals):
        return False
    said = (weight for slug, weight in case.wordings.items() if slug != "command-sequence-error")
    return any(weight.confidence >= LIKELY and weight.evidence[:1] == first.evidence[-1:] for weight in said)


def _missing(early: tuple[int, Exchange] | None, index: int, case: Case) -> bool:
    whole = case.session.greeting is not None
    return whole and (early is None or early[0] > index)


def _no_recipient(case: Case, index: int) -> bool:
    """Whether every recipient before this DATA was refused, and the client had seen the refusals when it sent DATA."""
    said = [(at, exchange) for at, exchange in case.sent("RCPT") if at < index and exchange.reply is not None]
    if not said or any(exchange.reply.code < 300 for _, exchange in said if exchange.reply):
        return False
    offer = case.offer_before(index)
    mail_refused = any(each.stage == "MAIL" and each.index < index for each in case.refusals)
    return not (offer is not None and offer.has("PIPELINING")) and not mail_refused


def _evidence(case: Case, refusal: Refusal) -> tuple[Evidence, ...]:
    shown = refusal.evidence
    if refusal.stage == "DATA":
        recipient = case.refused("RCPT")
        return (*shown, recipient.evidence[-1]) if recipient else shown
    return shown
