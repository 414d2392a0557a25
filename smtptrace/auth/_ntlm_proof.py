"""Verification of NTLM: NT and LM proofs, and the MIC over all three messages ([MS-NLMP] 3.3, 3.1.5.1.2)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator

from smtptrace.auth import _ntlm_crypto, _ntlm_response
from smtptrace.auth._ntlm_message import NtlmMessage
from smtptrace.auth._ntlm_reading import NtlmTalk
from smtptrace.auth._ntlm_response import Response
from smtptrace.auth._proof import AS_SENT, Identity, Proof, equal

_CODECS = ("cp437", "cp850", "cp1252", "cp866", "utf-8")


def identities(talk: NtlmTalk) -> tuple[Identity, ...]:
    """User and domain as sent, then the forms that clients and servers mix up; NTLMv1 covers neither."""
    if talk.authenticate is None:
        return (Identity(""),)
    user, domain = talk.authenticate.text("user"), talk.authenticate.text("domain")
    response = talk.response
    if response is None or response.kind != _ntlm_response.V2:
        return (Identity(user, domain),)
    seen: dict[tuple[str, str], Identity] = {}
    for user_how, name in _users(user):
        for domain_how, realm in _domains(talk, user, domain):
            how = " and ".join(each for each in (user_how, domain_how) if each) or AS_SENT
            seen.setdefault((name, realm), Identity(name, realm, how))
    return tuple(seen.values())


def prove(talk: NtlmTalk, password: str, identity: Identity) -> tuple[Proof, ...]:
    """Which proofs hold; empty where the server's challenge or the client's response is not here."""
    message, response = talk.authenticate, talk.response
    challenge = talk.server_challenge
    if message is None or response is None or len(challenge) != 8:
        return ()
    if response.kind == _ntlm_response.V2:
        return tuple(_v2(talk, message, response, password, identity))
    if response.kind in (_ntlm_response.V1, _ntlm_response.V1_ESS, _ntlm_response.LM):
        return tuple(_v1(response, password, challenge))
    return ()


def session_key(talk: NtlmTalk, password: str, identity: Identity) -> bytes | None:
    """The exported session key under this password, None where the messages do not suffice.

    It serves the MIC and is never shown.
    """
    message, response = talk.authenticate, talk.response
    if (
        message is None
        or response is None
        or response.kind not in (_ntlm_response.V1, _ntlm_response.V1_ESS, _ntlm_response.V2)
    ):
        return None
    if response.kind == _ntlm_response.V2:
        key = _ntlm_crypto.v2_key(password, identity.user, identity.domain)
        base = hmac.digest(key, _nt_proof(key, talk.server_challenge, response), "md5")
    else:
        from Cryptodome.Hash import MD4

        base = MD4.new(_ntlm_crypto.nt_hash(password)).digest()  # noqa: S303 - what NTLM is made of
    return _ntlm_crypto.exported_key(base, message, response, talk.server_challenge)


def _users(user: str) -> Iterator[tuple[str, str]]:
    yield "", user
    yield "user before the @", user.partition("@")[0]
    yield "user behind the backslash", user.rpartition("\\")[2]


def _domains(talk: NtlmTalk, user: str, domain: str) -> Iterator[tuple[str, str]]:
    yield "", domain
    yield "no domain", ""
    yield "domain in capitals", domain.upper()
    names = {pair.number: pair.text for pair in talk.target_pairs}
    known = (("NetBIOS domain", 2), ("DNS domain", 4), ("NetBIOS computer", 1), ("DNS forest", 5))
    yield from ((f"the server's {how}", names[number]) for how, number in known if number in names)
    yield "the target's name", talk.challenge.text("target-name") if talk.challenge else ""
    yield "domain behind the @", user.partition("@")[2]
    yield "domain before the backslash", user.rpartition("\\")[0]


def _nt_proof(key: bytes, challenge: bytes, response: Response) -> bytes:
    return hmac.digest(key, challenge + response.nt[16:], "md5")


def _v2(talk: NtlmTalk, message: NtlmMessage, response: Response, password: str, identity: Identity) -> Iterator[Proof]:
    key = _ntlm_crypto.v2_key(password, identity.user, identity.domain)
    yield Proof("nt", equal(_nt_proof(key, talk.server_challenge, response), response.nt[:16]))
    if response.lm_kind == "LMv2" and len(response.lm) == 24:
        expected = hmac.digest(key, talk.server_challenge + response.lm[16:], "md5")
        yield Proof("lmv2", equal(expected, response.lm[:16]))
    mic = message.place("mic")
    if response.announces_mic and mic is not None and talk.negotiate and talk.challenge:
        blank = message.octets[: mic.offset] + bytes(16) + message.octets[mic.offset + 16 :]
        whole = talk.negotiate.octets + talk.challenge.octets + blank
        exported = session_key(talk, password, identity) or b""
        yield Proof("mic", equal(hmac.digest(exported, whole, "md5"), mic.octets))


def _v1(response: Response, password: str, challenge: bytes) -> Iterator[Proof]:
    if response.kind == _ntlm_response.V1_ESS:
        challenge = hashlib.md5(challenge + response.lm[:8], usedforsecurity=False).digest()[:8]
    if response.nt:
        expected = _ntlm_crypto.desl(_ntlm_crypto.nt_hash(password), challenge)
        yield Proof("nt", equal(expected, response.nt))
    if response.lm_kind == "LM" and len(response.lm) == 24:
        hashes = dict.fromkeys(_ntlm_crypto.lm_hash(password, codec) for codec in _CODECS)
        yield Proof("lm", any(equal(_ntlm_crypto.desl(key, challenge), response.lm) for key in hashes))
