"""The client is to log in as the current user, whose password it cannot read."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._ntlm import has_challenge, is_ntlm
from smtptrace.diagnosis._weight import Weight, strongest
from smtptrace.findings._evidence import of_note, of_reply

FIX = {
    "any": (
        "Look: does the program pass default (current user's) credentials to an NTLM code of its own? Change: "
        "pass user and password, or use an implementation that asks the operating system (SSPI, GSSAPI)."
    ),
}
REFERENCES = ("MS-NLMP, 3.1.5.1.2",)


def weigh(case: Case) -> Weight | None:
    """The exchange ends with the challenge, and the client reports an error of its own."""
    said = case.said("ntlm-default-credentials-unusable")
    for attempt in case.attempts:
        rounds = attempt.exchange.rounds
        unanswered = bool(rounds) and rounds[-1].response is None and rounds[-1].challenge is not None
        if is_ntlm(attempt) and has_challenge(attempt) and attempt.code == 0 and unanswered:
            challenge = rounds[-1].challenge
            assert challenge is not None
            noted = tuple(of_note(note) for note in case.remarks[:1])
            return strongest(Weight(0.8 if noted else 0.45, (of_reply(challenge), *noted)), said)
    return said
