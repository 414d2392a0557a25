"""A limit on connections, messages or recipients in a time is reached."""

from __future__ import annotations

FIX = {
    "any": (
        "Look: the provider's limits beside the number of connections and messages of the last minute, hour and "
        "day. Change: reuse connections, send slower, retry later with growing pauses."
    ),
    "amazon-ses": (
        "Look: aws ses get-send-quota. Change: send within the rate, retry with growing pauses, ask for a higher quota."
    ),
    "exchange-online": (
        "Look: at most 3 sessions and 30 messages a minute for one mailbox. Change: send one after the other, or "
        "spread over mailboxes."
    ),
    "gmail": "Look: the sending limits of the account. Change: send slower, wait a day, or use the relay service.",
    "postfix": (
        "Look: postconf smtpd_client_connection_rate_limit smtpd_client_message_rate_limit. Change: send slower, "
        "or exempt the client."
    ),
}
REFERENCES = ("RFC 5321, 4.2.5",)
