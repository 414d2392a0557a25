"""Verification where the password itself was sent: by LOGIN, by PLAIN, or as text in the place of something else."""

from __future__ import annotations

import base64

from smtptrace.auth import _variants
from smtptrace.auth._proof import Proof, equal
from smtptrace.auth._reading import Reading


def prove(reading: Reading, password: str) -> tuple[Proof, ...]:
    """Whether the password sent is this one, in any encoding; one that differs in case only is named."""
    if reading.secret is None:
        return ()
    sent = reading.secret.octets()
    for how, octets in _variants.encodings(password):
        if equal(octets, sent):
            return (Proof("password", True, how),)
        if equal(base64.b64encode(octets), sent):
            return (Proof("password", True, "encoded twice"),)
    near = sent.lower() == _variants.octets_of(password).lower()
    return (Proof("password", False, "the letters are right, but not their case" if near else ""),)
