"""The queue id in the reply to a content: how servers name the message they have taken."""

from __future__ import annotations

import re

_ID = rb"([A-Za-z0-9][A-Za-z0-9._+/=@:-]{2,127})"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rb"(?i)\bqueued as " + _ID,  # Postfix, Haraka, Halon, aiosmtpd relays, Exim behind proxies
        rb"\bOK id=" + _ID,  # Exim
        rb"\[InternalId=([0-9]+)",  # Exchange
        rb"(?:^| )([A-Za-z0-9]{8,40}) Message accepted for delivery",  # Sendmail
        rb"(?i)\bok ([0-9]+ qp [0-9]+)",  # qmail
        rb"(?i)^(?:2\.0\.0 )?([0-9a-f]{8,16}) Message accepted",  # OpenSMTPD
        rb"(?i)^(?:2\.0\.0 )?OK +(?:[A-Za-z0-9]+ )?([A-Za-z0-9-]+(?:\.[0-9]+)?) - gsmtp",  # Gmail
        rb"(?i)^(?:2\.0\.0 )?Ok ([0-9a-f]{16}-[0-9a-f-]{20,60})$",  # Amazon SES
        rb"(?i)\b(?:message-?id|queue[ -]?id|id)[ =:]+<?" + _ID,
        rb"(?i)\bqueued \(?([A-Za-z0-9._-]{6,64})\)?$",
    )
)


def queue_id(texts: tuple[bytes, ...]) -> str | None:
    """The id in the text lines of a 2yz reply, None where none is recognised."""
    for text in texts:
        line = text[:1024].rstrip()
        for form in _FORMS:
            found = form.search(line)
            if found:
                return found[1].decode("ascii")
    return None
