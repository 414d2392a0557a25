"""The client greets with HELO, so it is shown no extensions (AUTH among them), or the server takes no HELO."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import STRONG, Weight
from smtptrace.findings import Evidence
from smtptrace.findings._evidence import of_command, of_note

FIX = {
    "any": (
        "Look: the first command of the session. Change: set the client to EHLO (extended SMTP); the AUTH line "
        "stands in the reply to EHLO only."
    ),
}
REFERENCES = ("RFC 5321, 3.2 and 4.1.1.1",)


def weigh(case: Case) -> Weight | None:
    """HELO without any EHLO, and a failure that a login would have prevented."""
    helo = case.first_sent("HELO")
    if helo is None or helo[1].command is None or case.first_sent("EHLO") is not None:
        return None
    shown = of_command(helo[1].command)
    reply = helo[1].reply
    first = case.first
    if reply is not None and reply.code >= 500 and first is not None and first.index == helo[0]:
        known = reply.code in {500, 502, 504} or case.said("helo-instead-of-ehlo") is not None
        return Weight(STRONG if known else 0.3, first.evidence) if known else None
    refusal = case.refused("AUTH", "MAIL", "RCPT", "STARTTLS", "DATA")
    if refusal is not None:
        return _after(case, refusal.reply.code, (shown, *refusal.evidence))
    wanted = (
        case.said("auth-not-advertised")
        or case.said("client-lacks-offered-mechanism")
        or case.said("starttls-not-offered")
    )
    if wanted is not None:
        return Weight(0.95, (shown, *wanted.evidence))
    noted = tuple(of_note(note) for note in case.remarks[:1])
    return Weight(0.5, (shown, *noted)) if noted else None


def _after(case: Case, code: int, evidence: tuple[Evidence, ...]) -> Weight | None:
    stage = case.refused("AUTH", "MAIL", "RCPT", "STARTTLS", "DATA")
    assert stage is not None
    if stage.stage in {"AUTH", "STARTTLS"}:
        return Weight(STRONG, evidence)
    if case.said("mail-from-syntax") or case.said("recipient-unknown"):
        return None
    needs = code in {503, 530} or case.said("auth-not-attempted") is not None
    return Weight(STRONG if needs else 0.35, evidence) if stage.stage == "MAIL" or needs else Weight(0.35, evidence)
