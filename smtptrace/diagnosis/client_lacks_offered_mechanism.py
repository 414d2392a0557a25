"""The server offers only mechanisms the client cannot or will not use: it gives up or goes on anonymous."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import PLAUSIBLE, Weight, strongest
from smtptrace.findings._evidence import of_note, of_reply

FIX = {
    "any": (
        "Look: the AUTH line of the EHLO reply beside the mechanisms the client knows. Change: set the client to "
        "an offered mechanism, install the missing SASL plug-in, or let the server offer one the client has."
    ),
    "exchange": (
        "Look: Get-ReceiveConnector | fl Identity,AuthMechanism. Change: add BasicAuth (with TLS) or Integrated "
        "on the connector that serves this client, or set the client to a mechanism that is offered."
    ),
}
REFERENCES = ("RFC 4954, 4",)
_COMMON = frozenset(("PLAIN", "LOGIN", "CRAM-MD5"))


def weigh(case: Case) -> Weight | None:
    """A client that says so, or one that never logs in where only uncommon mechanisms are offered."""
    said = case.said("client-lacks-offered-mechanism")
    offer = case.offers[-1] if case.offers else None
    if offer is None or not offer.mechanisms or case.attempts:
        return said
    shown = of_reply(offer.reply, b"AUTH")
    if said is not None:
        return Weight(said.confidence, (*said.evidence, shown), said.because)
    if _COMMON & set(offer.mechanisms) or case.succeeded or not case.is_text:
        return None
    trouble = tuple(of_note(note) for note in case.remarks[:1]) or (case.first.evidence if case.first else ())
    return strongest(None, Weight(PLAUSIBLE - 0.1, (*trouble, shown)))
