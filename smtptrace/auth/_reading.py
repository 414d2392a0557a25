"""What a mechanism makes of an exchange, before outcome and places are added."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from smtptrace.auth._credential import DecodedRound, Exposure
from smtptrace.secret import Secret


@dataclass(slots=True)
class Reading:
    """The decoded part of a Credential.

    `rounds` has one entry for each turn of the talk. `open_turns` are the indexes of turns whose response shows no
    secret; every other response line is masked. `proof_turns` are those whose challenge proves the secret to the
    client (SCRAM's `v=`), and so is masked too.
    """

    authcid: str | None = None
    authzid: str | None = None
    domain: str | None = None
    secret: Secret | None = None
    exposure: Exposure = Exposure.NONE
    rounds: tuple[DecodedRound, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    open_turns: frozenset[int] = frozenset()
    proof_turns: frozenset[int] = frozenset()
