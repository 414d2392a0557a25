"""How an AUTH exchange ended (RFC 4954, 4 and 6)."""

from __future__ import annotations

from smtptrace.auth import _json
from smtptrace.auth._credential import AuthOutcome
from smtptrace.auth._talk import Talk

_REFUSALS = frozenset((500, 501, 502, 553))


def outcome_of(talk: Talk) -> tuple[AuthOutcome, tuple[str, ...]]:
    """The outcome, and the problem of how it was reached.

    An OAuth error report (RFC 7628, 3.2.3) without a final reply is a rejection: the server has said no, the client
    did not wait for the rest.
    """
    code = final_code(talk)
    if talk.cancelled:
        return AuthOutcome.CANCELLED, ()
    if code is None:
        reported = any(is_error_report(challenge.octets) for challenge in talk.challenges)
        return (AuthOutcome.REJECTED, ("no-final-reply",)) if reported else (AuthOutcome.INCOMPLETE, ())
    if code < 300:
        return AuthOutcome.ACCEPTED, ()
    refused = code in _REFUSALS and len(talk.turns) == 1 and talk.has_initial and _is_well_formed(talk)
    return AuthOutcome.REJECTED, ("initial-response-refused",) if refused else ()


def final_code(talk: Talk) -> int | None:
    """The code of the reply that ended the exchange, None where there was none."""
    return talk.reply.code if talk.reply is not None and not 300 <= talk.reply.code < 400 else None


def is_error_report(octets: bytes | None) -> bool:
    """Whether a challenge is the JSON error report of an OAuth mechanism."""
    report = _json.read_object(octets) if octets else None
    return report is not None and "status" in report


def _is_well_formed(talk: Talk) -> bool:
    initial = talk.turns[0].response
    return initial is not None and initial.octets is not None and not initial.problems
