"""Verification of what GSS-API tokens carry: only NTLM proves anything by the user's password."""

from __future__ import annotations

from smtptrace.auth import _gss_reading, _ntlm_proof, _ntlm_reading
from smtptrace.auth._proof import Identity, Proof
from smtptrace.auth._talk import Talk


def identities(talk: Talk) -> tuple[Identity, ...]:
    """The names that the NTLM proof may be over."""
    return _ntlm_proof.identities(_ntlm_reading.talk_of(_gss_reading.ntlm_messages(talk)))


def prove(talk: Talk, password: str, identity: Identity) -> tuple[Proof, ...]:
    """The NTLM proofs under this password; empty where there are none, as with Kerberos."""
    return _ntlm_proof.prove(_ntlm_reading.talk_of(_gss_reading.ntlm_messages(talk)), password, identity)
