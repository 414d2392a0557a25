"""Is this the password? One candidate that the user owns, against one captured exchange."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from smtptrace.auth import _clear_proof, _outcome, _read, _variants
from smtptrace.auth._credential import AuthOutcome, Exposure
from smtptrace.auth._proof import AS_GIVEN, Identity, Proof, Verdict
from smtptrace.auth._reading import Reading
from smtptrace.auth._talk import Talk, talk_of
from smtptrace.smtp import AuthExchange, Exchange

_MEANINGS = {
    (Verdict.MATCHES, AuthOutcome.ACCEPTED): "The password is right and the server took it.",
    (Verdict.MATCHES, AuthOutcome.REJECTED): (
        "The password is right, and the server refused all the same: look for a locked, disabled or expired account, "
        "logon restrictions, a mechanism or NTLM version that policy refuses, channel binding or SPN checks; the "
        "server's own log says which."
    ),
    (Verdict.DIFFERS, AuthOutcome.REJECTED): (
        "The client did not use this password: the application holds another password, user or domain."
    ),
    (Verdict.DIFFERS, AuthOutcome.ACCEPTED): (
        "The server took another password than this one: the one given here is not the one in use, or the capture "
        "joins pieces of two attempts."
    ),
}
_NO_VERDICT = {
    Verdict.NOT_PRESENT: "The capture holds nothing that this password could be compared with.",
    Verdict.TOO_COSTLY: "The server asks for more iterations than a verification will do.",
    Verdict.MATCHES: "The password is right; the server's answer is not in the capture.",
    Verdict.DIFFERS: "The client did not use this password; the server's answer is not in the capture.",
}


@dataclass(slots=True)
class Verification:
    """Three facts, kept apart: does the proof match, over which identity, and what did the server say.

    `variant` and `identity` tell which variant matched; where none did, the identity as sent. `hint` names what
    nearly matched.
    """

    mechanism: str
    verdict: Verdict
    proofs: tuple[Proof, ...] = ()
    variant: str = AS_GIVEN
    identity: Identity | None = None
    outcome: AuthOutcome = AuthOutcome.INCOMPLETE
    code: int | None = None
    hint: str = ""

    @property
    def meaning(self) -> str:
        """What the facts mean together, in a sentence."""
        return _MEANINGS.get((self.verdict, self.outcome)) or _NO_VERDICT[self.verdict]


def verify(exchange: AuthExchange, password: str, strays: Sequence[Exchange] = ()) -> Verification:
    """Whether the password matches what the exchange shows, tried over a fixed list of variants.

    Args:
        exchange: the captured exchange.
        password: one candidate.
        strays: exchanges after it that belong to it.
    """
    talk = talk_of(exchange, strays)
    module = _read.module_for(talk)
    outcome, _ = _outcome.outcome_of(talk)
    found = Verification(talk.mechanism, Verdict.NOT_PRESENT, outcome=outcome, code=_outcome.final_code(talk))
    if getattr(module, "is_too_costly", _never)(talk):
        found.verdict = Verdict.TOO_COSTLY
        return found
    for how, identity, proofs in _attempts(module, talk, password):
        if not proofs:
            break
        if not found.proofs or proofs[0].holds:
            found.verdict, found.proofs = Verdict.DIFFERS, proofs
            found.variant, found.identity = how, identity
        if proofs[0].holds:
            found.verdict = Verdict.MATCHES
            break
    if found.verdict is Verdict.DIFFERS:
        found.hint = _hint(found.proofs)
    return found


def _never(_talk: Talk) -> bool:
    return False


def _attempts(module: ModuleType, talk: Talk, password: str) -> Iterator[tuple[str, Identity, tuple[Proof, ...]]]:
    """Every combination of password form and identity, the likeliest first.

    A password in clear is compared as it is, whatever mechanism it was said to.
    """
    reading: Reading = module.decode(talk)
    in_clear = reading.exposure is Exposure.CLEAR
    if not in_clear and not hasattr(module, "prove"):
        return
    identities = (Identity(reading.authcid or ""),) if in_clear else module.identities(talk)
    for at, (how, form) in enumerate(_variants.passwords(password)):
        if at and getattr(module, "is_slow", _never)(talk):
            return
        for identity in identities:
            proofs = _clear_proof.prove(reading, form) if in_clear else module.prove(talk, form, identity)
            yield how, identity, proofs


def _hint(proofs: tuple[Proof, ...]) -> str:
    if any(proof.name == "lm" and proof.holds for proof in proofs):
        return "the letters are right, but not their case: the LM proof matches, which knows no case"
    return next((proof.how for proof in proofs if proof.how), "")


def as_record(found: Verification) -> dict[str, Any]:
    """The facts for JSON, without the password."""
    identity = found.identity
    return {
        "mechanism": found.mechanism,
        "proof": found.verdict.value,
        "proofs": [{"name": each.name, "holds": each.holds, "how": each.how or None} for each in found.proofs],
        "variant": found.variant if found.verdict is Verdict.MATCHES else None,
        "user": identity.user if identity else None,
        "domain": identity.domain if identity else None,
        "identity": identity.how if identity else None,
        "outcome": found.outcome.value,
        "code": found.code,
        "meaning": found.meaning,
        "hint": found.hint or None,
    }
