"""GSS-SPNEGO: a negotiation, and what it carries."""

from __future__ import annotations

import pytest
from support.auth import credential, masked, session, vectors

from smtptrace.auth import Exposure, Verdict, verify

NTLM_INSIDE = "pyspnego-sspi_ntlm_in_smb_spnego-"


def _token(name: str) -> str:
    return next(str(each["b64"]) for each in vectors("spnego_kerberos")["tokens"] if each["id"] == name)


def test_negotiation_with_ntlm_inside() -> None:
    """What Windows does after AUTH GSSAPI: offers, choice, and the three messages."""
    lines = (
        "C: AUTH GSSAPI",
        "S: 334 GSSAPI supported",
        *(f"{side} {_token(NTLM_INSIDE + str(number))}" for number, side in ((1, "C:"), (2, "S: 334"), (3, "C:"))),
        "S: 235 ok",
    )
    found = credential(*lines)
    assert (found.authcid, found.domain, found.details["ntlm"]) == ("vagrant-domain", "DOMAIN", "NTLMv2")
    assert (found.details["offered"], found.details["chosen"]) == (["NTLM"], "NTLM")
    assert (found.details["carries"], found.exposure) == ("SPNEGO with NTLM", Exposure.GUESSABLE)
    assert "gss-spnego-response-in-gssapi" not in found.problems
    (attempt,) = session(*lines).authentications
    assert verify(attempt, "VagrantPass1").verdict is Verdict.MATCHES
    assert [proof.name for proof in verify(attempt, "VagrantPass1").proofs] == ["nt", "mic"]
    assert verify(attempt, "other").verdict is Verdict.DIFFERS
    left = masked(*lines)
    assert _token(NTLM_INSIDE + "3").encode() not in left
    assert _token(NTLM_INSIDE + "1").encode() in left


@pytest.mark.parametrize("mechanism", ["GSS-SPNEGO", "X-ODD"])
def test_negotiation_under_its_own_name_and_another(mechanism: str) -> None:
    """The octets tell."""
    found = credential(f"C: AUTH {mechanism} {_token(NTLM_INSIDE + '1')}", "S: 535 no")
    assert found.details["offered"] == ["NTLM"]


def test_negotiation_rejected() -> None:
    """No mechanism in common."""
    reject = "oQcwBaADCgEC"
    found = credential(f"C: AUTH GSS-SPNEGO {_token(NTLM_INSIDE + '1')}", f"S: 334 {reject}", "C: ", "S: 535 no")
    assert (found.details["state"], found.problems) == ("reject", ("negotiation-rejected",))
