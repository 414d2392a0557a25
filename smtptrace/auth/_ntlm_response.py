"""Which of its responses a client gave, decided from lengths and octets and not from flags ([MS-NLMP] 2.2.2.3 to 8)."""

from __future__ import annotations

from dataclasses import dataclass

from smtptrace.auth import _ntlm_message, _ntlm_names
from smtptrace.auth._credential import Exposure
from smtptrace.auth._ntlm_message import NtlmMessage, Pair

V1, V1_ESS, V2, LM, ANONYMOUS, UNKNOWN = "NTLMv1", "NTLMv1-ESS", "NTLMv2", "LM", "anonymous", "unknown"

_EXPOSURES = {
    V1: Exposure.HASH,
    V1_ESS: Exposure.HASH,
    LM: Exposure.HASH,
    V2: Exposure.GUESSABLE,
    ANONYMOUS: Exposure.NONE,
    UNKNOWN: Exposure.GUESSABLE,
}


@dataclass(slots=True)
class Response:
    """The proofs of an AUTHENTICATE message: their kind, the AV pairs of an NTLMv2 one, and the problems of those."""

    kind: str
    nt: bytes
    lm: bytes
    pairs: tuple[Pair, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def exposure(self) -> Exposure:
        """What a reader gains: DES under the hash can be exhausted, HMAC has to be guessed."""
        return _EXPOSURES[self.kind]

    @property
    def announces_mic(self) -> bool:
        """Whether the client says that the message carries a MIC; no other octets prove that it does."""
        return bool(int.from_bytes(self.pair(6), "little") & 2)

    @property
    def lm_kind(self) -> str:
        """What stands in the LM field."""
        if not self.lm or not any(self.lm):
            return "none"
        if self.kind == V2:
            return "LMv2"
        if self.kind == V1_ESS:
            return "client challenge"
        return "same as NT" if self.lm == self.nt else "LM"

    def pair(self, number: int) -> bytes:
        """The value of an AV pair, empty where it is not there."""
        return next((pair.octets for pair in self.pairs if pair.number == number), b"")


def response_of(message: NtlmMessage) -> Response:
    """The response in an AUTHENTICATE message."""
    nt, lm = message.get("nt-response"), message.get("lm-response")
    kind = UNKNOWN if _is_cut(message) else _kind(nt, lm, message)
    if kind != V2:
        return Response(kind, nt, lm)
    return Response(kind, nt, lm, *_ntlm_message.pairs(nt[44:]))


def _is_cut(message: NtlmMessage) -> bool:
    places = (message.place("nt-response"), message.place("lm-response"))
    return any(place is not None and len(place.octets) < place.declared for place in places)


def _kind(nt: bytes, lm: bytes, message: NtlmMessage) -> str:
    if len(nt) >= 44:
        return V2
    if len(nt) == 24:
        return V1_ESS if len(lm) == 24 and any(lm[:8]) and not any(lm[8:]) else V1
    if not nt and len(lm) == 24:
        return LM
    flags = message.flags or 0
    if not nt and lm in (b"", b"\0") and not message.get("user") and flags & _ntlm_names.ANONYMOUS:
        return ANONYMOUS
    return UNKNOWN
