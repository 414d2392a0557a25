"""What the messages of an NTLM login show."""

from __future__ import annotations

from smtptrace.diagnosis._case import Attempt

_SIGNATURE = b"TlRMTVNTUAA"
"""What base64 of every NTLM message begins with; `CAAAA` follows for the challenge (MS-NLMP, 2.2.1)."""


def is_ntlm(attempt: Attempt) -> bool:
    """Whether the login uses NTLM."""
    return attempt.mechanism in {"NTLM", "SPA", "MSN"}


def kind_of(attempt: Attempt) -> str:
    """The kind of the answer in lower case (`ntlmv1`, `ntlmv1-ess`, `ntlmv2`), "" where there is none."""
    found = attempt.credential.details.get("ntlm") if attempt.credential else None
    return str(found or "").lower()


def challenge_names(attempt: Attempt) -> frozenset[str]:
    """The names the server gives in its challenge, lower case."""
    details = attempt.credential.details if attempt.credential else {}
    server = details.get("server")
    values = [*(server.values() if isinstance(server, dict) else ()), details.get("target")]
    return frozenset(str(value).lower() for value in values if value)


def has_challenge(attempt: Attempt) -> bool:
    """Whether the server sent its challenge (Type 2), and not only a word that it is ready."""
    challenges = (each.challenge for each in attempt.exchange.rounds if each.challenge is not None)
    return any(text.strip().startswith(_SIGNATURE + b"C") for reply in challenges for text in reply.texts)


def sent_kind(attempt: Attempt) -> str:
    """What the client sent last: `negotiate`, `answer`, `other`, or "" where it is hidden or absent."""
    exchange = attempt.exchange
    said = [each.response for each in exchange.rounds if each.response]
    sent = said[-1] if said else exchange.initial
    if not sent or sent == b"*" or attempt.masked:
        return ""
    kinds = {b"B": "negotiate", b"D": "answer"}
    return kinds.get(sent[11:12], "other") if sent.startswith(_SIGNATURE) else "other"
