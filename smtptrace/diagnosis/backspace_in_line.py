"""A typed line holds editing octets (backspace, delete), which the server takes as part of the command."""

from __future__ import annotations

import re

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import CERTAIN, Weight
from smtptrace.findings._evidence import of_command, of_reply

FIX = {
    "any": (
        "Look: the octets of the line (smtptrace show marks 08 and 7f). Change: type the line anew without "
        "correcting it, or use smtptrace connect, which edits before it sends."
    ),
}
REFERENCES = ("RFC 5321, 2.4 and 4.1.2",)
_EDITED = re.compile(rb"[\x08\x7f]|\x1b\[[0-9;]{0,8}[A-D~]|\^H|\^\?")
_TEXT = re.compile(rb"[\t\r\n\x20-\x7e]*")


def weigh(case: Case) -> Weight | None:
    """Such octets in a command that was refused; in a capture the session tells of them."""
    if not (case.is_text or case.session.anomalies):
        return None
    for refusal in case.refusals:
        command = refusal.exchange.command if refusal.exchange else None
        if command is not None and _is_typed(command.raw):
            return Weight(CERTAIN, (refusal.evidence[-1], of_command(command)))
    told = case.anomaly("backspace", "cursor-keys", "line-kill")
    if told is not None and case.first is not None and told.text.isascii():
        return Weight(0.9, (told, *case.first.evidence[-1:]))
    for _, exchange in case.numbered:
        if exchange.command and _is_typed(exchange.command.raw) and exchange.reply and exchange.reply.code >= 500:
            return Weight(0.85, (of_reply(exchange.reply), of_command(exchange.command)))
    return None


def _is_typed(raw: bytes) -> bool:
    """Whether a line holds editing octets and is text otherwise."""
    return bool(_EDITED.search(raw)) and _TEXT.fullmatch(_EDITED.sub(b"", raw)) is not None
