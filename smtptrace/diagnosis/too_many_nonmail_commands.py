"""The server closes after many commands that send no mail (NOOP, RSET)."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight, strongest

FIX = {
    "any": (
        "Look: how many NOOP and RSET stand in the session. Change: let the connection pool close idle "
        "connections instead of keeping them alive with NOOP."
    ),
    "exim": (
        "Look: exim -bP smtp_accept_max_nonmail smtp_accept_max_nonmail_hosts. Change: close idle connections in "
        "the client, or raise the limit for it."
    ),
    "postfix": "Look: postconf smtpd_junk_command_limit. Change: close idle connections in the client.",
}
REFERENCES = (
    "Exim specification (smtp_accept_max_nonmail)",
    "https://www.postfix.org/postconf.5.html#smtpd_junk_command_limit",
)
_MANY = 8


def weigh(case: Case) -> Weight | None:
    """Many such commands before the refusal that ends the session."""
    said = case.said("too-many-nonmail-commands")
    first = case.first
    if first is None or len(case.numbered) < _MANY or first.reply.code not in {421, 554, 550, 500, 502}:
        return said
    idle = [index for index, _ in case.sent("NOOP", "RSET", "VRFY", "HELP")]
    run = [index for index in idle if index <= first.index or first.index < 0]
    if len(run) >= _MANY:
        because = f"{len(run)} commands that send no mail came before the refusal."
        return strongest(Weight(0.85, first.evidence, because), said)
    return said
