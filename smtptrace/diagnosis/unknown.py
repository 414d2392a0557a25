"""Nothing in the session tells why it failed."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import UNKNOWN, Weight
from smtptrace.findings._evidence import of_note

FIX = {
    "any": (
        "To know more: the server's log line of this time and client address, and the whole dialogue from the "
        "greeting on (smtptrace connect, or swaks -tls -a against the same host and port)."
    ),
    "exchange": (
        "To know more: Get-ReceiveConnector | fl Identity,ProtocolLoggingLevel (Set-ReceiveConnector ... Verbose "
        "is a change), then the SmtpReceive log of this session and events 1035 and 4625."
    ),
    "exchange-online": "To know more: the sign-in log of Entra ID for the user, and Get-MessageTrace for the sender.",
    "postfix": "To know more: the lines of postfix/smtpd for this client in the mail log; postconf -n.",
    "exim": (
        "To know more: exigrep CLIENT-ADDRESS on the main and reject log; exim -bh CLIENT-ADDRESS plays the session."
    ),
    "dovecot": "To know more: doveadm log errors, and auth_verbose=yes (a change) for one attempt.",
    "sendmail": "To know more: the lines of sm-mta for this client in the mail log (LogLevel 14 is a change).",
    "hmailserver": "To know more: the SMTP log of the server for this session.",
}
REFERENCES = ("RFC 5321, 4.2",)


def weigh(case: Case) -> Weight | None:
    """What was refused first, or the last that was said."""
    first = case.first
    shown = first.evidence if first else tuple(of_note(note) for note in case.remarks[:1]) or case.last_word
    return Weight(UNKNOWN, tuple(reversed(shown))) if shown else None
