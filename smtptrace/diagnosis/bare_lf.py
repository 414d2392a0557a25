"""Lines of the client end in LF without CR, or hold a stray CR."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight, strongest
from smtptrace.findings._evidence import of_intermediate

FIX = {
    "any": (
        "Look: the octets of the content (smtptrace check names the line). Change: end every line in CR LF, "
        "once: mend the program, or pass the message through unix2dos."
    ),
    "postfix": (
        "Look: postconf smtpd_forbid_bare_newline smtpd_forbid_bare_newline_exclusions. Change: mend the client; "
        "only for a known one add an exclusion."
    ),
    "qmail": "Change: mend the client; fixcrio in front of qmail-smtpd mends what cannot be changed.",
}
REFERENCES = ("RFC 5321, 2.3.8", "https://www.postfix.org/smtp-smuggling.html")
AT = ("DATA",)


def weigh(case: Case) -> Weight | None:
    """The words, or such a line end in what was refused."""
    said = case.said("bare-lf")
    refusal = case.refused("DATA", "OTHER", "UNASKED")
    bare = case.anomaly("bare-lf", "bare-cr")
    if (
        refusal is not None
        and bare is not None
        and refusal.stage == "DATA"
        and of_intermediate(refusal.exchange)
        and refusal.reply.code in {451, 521, 550, 554, 500, 501}
    ):
        worded = bool(set(case.wordings) - {"bare-lf", "greylisting"})
        return strongest(Weight(0.5 if worded or refusal.mute else 0.85, (refusal.evidence[-1], bare)), said)
    return said
