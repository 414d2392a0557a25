"""The NTLM answer names a domain that the server does not know."""

from __future__ import annotations

from smtptrace.diagnosis._case import Attempt, Case
from smtptrace.diagnosis._ntlm import challenge_names, is_ntlm
from smtptrace.diagnosis._weight import Weight
from smtptrace.findings._evidence import of_responses

FIX = {
    "any": (
        "Look: the domain in the answer beside the names in the challenge (smtptrace show). Change: set the "
        "account's own domain in the client, or log in as user@domain."
    ),
    "exchange": (
        "Look: nltest /dsgetdc: on the server names the domain. Change: set the NetBIOS domain of the account in "
        "the client (DOMAIN\\user), or log in as user@domain."
    ),
}
REFERENCES = ("MS-NLMP, 2.2.1.3 and 3.3.2",)
AT = ("AUTH",)


def weigh(case: Case) -> Weight | None:
    """A domain in the answer that is not among the names of the challenge."""
    for attempt in case.refused_attempts:
        if not is_ntlm(attempt) or attempt.refusal is None or attempt.credential is None:
            continue
        domain, names = (attempt.credential.domain or ""), challenge_names(attempt)
        if _unknown(attempt, domain, names):
            because = f"The client answers for the domain {domain}; the server is of {', '.join(sorted(names)[:3])}."
            sure = 0.55 if _is_alone(attempt) else 0.94
            return Weight(sure, (*of_responses(attempt.exchange)[-1:], attempt.refusal.evidence[-1]), because)
    return None


def _is_alone(attempt: Attempt) -> bool:
    """Whether the server says that it is of no domain (TARGET_TYPE_SERVER): it then takes any name for its own."""
    flags = attempt.credential.details.get("challenge_flags", ()) if attempt.credential else ()
    return "TARGET_TYPE_SERVER" in flags and "TARGET_TYPE_DOMAIN" not in flags


def _unknown(attempt: Attempt, domain: str, names: frozenset[str]) -> bool:
    if "domain-unknown-to-server" in attempt.problems:
        return True
    return bool(domain and names) and domain.lower() not in names and "@" not in domain
