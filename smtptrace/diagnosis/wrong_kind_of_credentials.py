"""Credentials of another kind were sent: an access key or console login where SMTP credentials belong."""

from __future__ import annotations

import re

from smtptrace.diagnosis._case import Attempt, Case
from smtptrace.diagnosis._weight import Weight, strongest
from smtptrace.findings._evidence import of_responses

FIX = {
    "any": "Look: which kind of key the provider names for SMTP. Change: create its SMTP credentials and set those.",
    "amazon-ses": (
        "Look: in the SES console, SMTP settings. Change: create SMTP credentials there (or derive the password "
        "from the IAM secret for the region in use); the secret access key itself is not the SMTP password."
    ),
    "sendgrid": (
        "Change: user name apikey, literally, and as the password a whole API key (SG. and so on) with Mail Send."
    ),
}
REFERENCES = ("https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html",)
AT = ("AUTH",)
_ACCESS_KEY = re.compile(rb"(?:AKIA|ASIA)[A-Z0-9]{8,}")
_SECRET_KEY = re.compile(rb"[A-Za-z0-9/+]{40}")


def weigh(case: Case) -> Weight | None:
    """The shape of what was sent to a provider that wants its own kind."""
    said = case.said("wrong-kind-of-credentials")
    if case.flavour not in {"amazon-ses", "sendgrid"}:
        return said
    for attempt in case.refused_attempts:
        if attempt.refusal is not None and _foreign(case.flavour, attempt):
            evidence = (attempt.refusal.evidence[-1], *of_responses(attempt.exchange)[1:3])
            return strongest(Weight(0.92, evidence, "The password has the shape of another kind of key."), said)
    return said


def _foreign(flavour: str | None, attempt: Attempt) -> bool:
    if attempt.masked or attempt.mechanism not in {"PLAIN", "LOGIN"}:
        return False
    values = attempt.values if attempt.mechanism == "LOGIN" else b"".join(attempt.values).split(b"\0")[1:]
    if len(values) != 2:
        return False
    user, secret = values
    if flavour == "sendgrid":
        return user != b"apikey" or not secret.startswith(b"SG.")
    return _ACCESS_KEY.fullmatch(user) is not None and _SECRET_KEY.fullmatch(secret) is not None
