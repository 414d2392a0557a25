"""A line of the message is longer than 998 octets."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight, strongest

FIX = {
    "any": (
        "Look: the longest line of the message (awk 'length > 998'). Change: send the body as quoted-printable "
        "or base64 and fold long header fields."
    ),
    "exim": "Look: exim -bP message_linelength_limit. Change: encode the body in the client.",
}
REFERENCES = ("RFC 5321, 4.5.3.1.6", "RFC 5322, 2.1.1")
AT = ("DATA",)


def weigh(case: Case) -> Weight | None:
    """The words, or a long line in a content that was refused."""
    said = case.said("line-too-long")
    refusal = case.refused("DATA")
    long = case.anomaly("over-long-line")
    if refusal is not None and long is not None and refusal.reply.code in {500, 501, 550, 552, 554, 555}:
        worded = bool(set(case.wordings) - {"line-too-long"})
        return strongest(Weight(0.5 if worded or refusal.mute else 0.8, (*refusal.evidence[-1:], long)), said)
    return said
