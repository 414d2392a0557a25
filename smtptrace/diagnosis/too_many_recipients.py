"""The message has more recipients than the server takes in one transaction."""

from __future__ import annotations

FIX = {
    "any": (
        "Look: how many RCPT were accepted before the refusal. Change: split the message into several transactions."
    ),
    "postfix": "Look: postconf smtpd_recipient_limit. Change: split the message, or raise the limit.",
    "exchange": (
        "Look: Get-ReceiveConnector | fl Identity,MaxRecipientsPerMessage. Change: split the message, or raise "
        "the limit."
    ),
}
REFERENCES = ("RFC 5321, 4.5.3.1.8 and 4.5.3.1.10",)
