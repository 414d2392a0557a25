"""The login is in order, but this sender address is not allowed to it."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import PLAUSIBLE, Weight, strongest
from smtptrace.findings import Evidence
from smtptrace.findings._evidence import of_reply

FIX = {
    "any": (
        "Look: MAIL FROM and the From field beside the login. Change: send as the login's own address, or have "
        "it permitted."
    ),
    "exchange": (
        "Look: Get-ADPermission MAILBOX | where ExtendedRights -like '*Send-As*'. Change: grant Send As to the "
        "login, or ms-Exch-SMTP-Accept-Any-Sender on the connector, or send as its own address."
    ),
    "exchange-online": (
        "Look: Get-RecipientPermission MAILBOX. Change: Add-RecipientPermission MAILBOX -Trustee USER "
        "-AccessRights SendAs, or send as the login's own address."
    ),
    "postfix": (
        "Look: postconf smtpd_sender_login_maps; postmap -q ADDRESS on that map. Change: map the sender to the "
        "login, or send as its own address."
    ),
    "yandex": "Change: set From and envelope sender to the address that logs in.",
    "qq": "Change: set From and envelope sender to the address that logs in.",
}
REFERENCES = ("RFC 6409, 6.1",)
AT = ("MAIL", "RCPT", "DATA")


def weigh(case: Case) -> Weight | None:
    """Words about the sender, or a refusal of MAIL right after a login."""
    said = case.said("sender-not-permitted")
    refusal = case.refused("MAIL", "DATA", "RCPT")
    login = case.logged_in(refusal.index) if refusal else None
    shown: tuple[Evidence, ...] = (of_reply(login.exchange.reply),) if login and login.exchange.reply else ()
    if said is not None:
        sure = max(said.confidence, 0.94) if login and said.confidence > PLAUSIBLE else said.confidence
        return Weight(sure, (said.evidence[0], *shown, *said.evidence[1:]), said.because, said.fix)
    if refusal is None or login is None or refusal.stage != "MAIL" or refusal.reply.code not in {550, 553, 554, 501}:
        return None
    by_code = refusal.reply.enhanced in {"5.7.1", "5.7.60", "5.7.0"}
    if case.wordings and not by_code:
        return None
    return strongest(Weight(0.3 if refusal.mute else PLAUSIBLE, (*refusal.evidence, *shown)), None)
