"""SCRAM-SHA-1, -256, -512 and their PLUS forms: salted, iterated, proved by both sides (RFC 5802, RFC 7677)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Any

from smtptrace.auth import _base64, _directives, _saslprep, _text, _texts, _variants
from smtptrace.auth._credential import DecodedRound, Exposure
from smtptrace.auth._description import Description, row
from smtptrace.auth._proof import Identity, Proof, equal
from smtptrace.auth._reading import Reading
from smtptrace.auth._respond import AuthError, Login, Responder, Unproven
from smtptrace.auth._talk import Message, Talk, Turn
from smtptrace.errors import UsageError
from smtptrace.secret import Masked, Secret

MOST_ITERATIONS = 5_000_000
"""Iterations that a verification will do; the count comes from the capture, and so from anybody."""

_FEWEST_ITERATIONS = 4096
_GS2 = re.compile(rb"([ny]|p=([A-Za-z0-9.-]{1,64})),(?:a=([^,]*))?,")
_HASH = re.compile(r"SCRAM-SHA-?(1|224|256|384|512)(?:-PLUS)?")
_BY_LENGTH = {20: "sha1", 28: "sha224", 32: "sha256", 48: "sha384", 64: "sha512"}
_BINDINGS = {b"n": "not supported by client", b"y": "supported by client, not offered by server"}
_HIDDEN = frozenset("pv")


@dataclass(slots=True)
class Messages:
    """The four messages of one exchange as sent, empty where one is not here, and their attributes by letter."""

    header: bytes = b""
    client_first: bytes = b""
    server_first: bytes = b""
    client_final: bytes = b""
    server_final: bytes = b""
    first: dict[str, bytes] = field(default_factory=dict)
    offer: dict[str, bytes] = field(default_factory=dict)
    final: dict[str, bytes] = field(default_factory=dict)
    verdict: dict[str, bytes] = field(default_factory=dict)

    @property
    def iterations(self) -> int | None:
        """The iteration count, None where it is missing or absurd."""
        count = self.offer.get("i", b"")
        return int(count) if re.fullmatch(rb"[0-9]{1,9}", count) else None

    @property
    def salt(self) -> bytes:
        """The salt, empty where it is missing."""
        return _base64.decode(self.offer.get("s", b"")).octets or b""

    @property
    def proof(self) -> bytes:
        """The client's proof, empty where it is missing."""
        return _base64.decode(self.final.get("p", b"")).octets or b""


def decode(talk: Talk) -> Reading:
    """User, nonces, salt, iteration count and channel binding, and both proofs."""
    said = messages_of(talk)
    reading = Reading(rounds=tuple(DecodedRound(_shown(turn.challenge), _shown(turn.response)) for turn in talk.turns))
    reading.open_turns = frozenset(at for at, turn in enumerate(talk.turns) if _is_client_first(turn))
    reading.proof_turns = frozenset(at for at, turn in enumerate(talk.turns) if _is_verdict(turn))
    if "n" in said.first:
        reading.authcid = _text.text_of(_directives.sasl_name(said.first["n"]))
    header = _GS2.fullmatch(said.header)
    if header and header.group(3):
        reading.authzid = _text.text_of(_directives.sasl_name(header.group(3)))
    if said.final.get("p"):
        reading.secret, reading.exposure = Secret(said.final["p"]), Exposure.GUESSABLE
    elif any(each.says_something for each in talk.responses) and not said.client_first:
        reading.exposure = Exposure.GUESSABLE
    reading.details = {name: value for name, value in _facts(talk, said).items() if value is not None}
    reading.problems = tuple(_problems(talk, said))
    if not said.client_first and not said.client_final:
        _texts.read_into(reading, talk, "not-a-scram-message")
    return reading


def messages_of(talk: Talk) -> Messages:
    """The messages of the exchange, told apart by what they hold and not by their number."""
    said = Messages()
    for turn in talk.turns:
        _take_challenge(said, turn.challenge.octets or b"" if turn.challenge else b"")
        _take_response(said, turn.response.octets or b"" if turn.response else b"")
    return said


def hash_name(mechanism: str, proof: bytes = b"") -> str | None:
    """The hash in the mechanism's name, else the one whose digest is as long as the proof."""
    found = _HASH.fullmatch(mechanism)
    return f"sha{found.group(1)}" if found else _BY_LENGTH.get(len(proof))


def _take_challenge(said: Messages, octets: bytes) -> None:
    found = _directives.attributes(octets)
    if "r" in found and not said.server_first:
        said.server_first, said.offer = octets, found
    elif "v" in found or "e" in found:
        said.server_final, said.verdict = octets, found


def _take_response(said: Messages, octets: bytes) -> None:
    header = _GS2.match(octets)
    if header and not said.client_first:
        said.header, said.client_first = header.group(), octets[header.end() :]
        said.first = _directives.attributes(said.client_first)
    elif not header and "c" in (found := _directives.attributes(octets)):
        said.client_final, said.final = octets, found


def _is_client_first(turn: Turn) -> bool:
    octets = turn.response.octets if turn.response else None
    return octets is not None and (not octets or (_GS2.match(octets) is not None and b",p=" not in octets))


def _is_verdict(turn: Turn) -> bool:
    return turn.challenge is not None and (turn.challenge.octets or b"").startswith(b"v=")


def _facts(talk: Talk, said: Messages) -> dict[str, Any]:
    header = _GS2.fullmatch(said.header)
    binding = None
    if header:
        binding = _BINDINGS.get(header.group(1)) or _text.one_line(header.group(2))
    return {
        "hash": hash_name(talk.mechanism, said.proof),
        "iterations": said.iterations,
        "salt_octets": len(said.salt) or None,
        "channel_binding": binding,
        "server_proof": "v" in said.verdict or None,
        "server_error": _text.one_line(said.verdict["e"]) if "e" in said.verdict else None,
    }


def _problems(talk: Talk, said: Messages) -> list[str]:
    found = [slug for each in talk.responses for slug in each.problems]
    if said.client_first and said.server_first and not said.offer["r"].startswith(said.first.get("r", b"\0")):
        found.append("server-nonce-mismatch")
    if said.client_final and said.server_first and said.final.get("r") != said.offer["r"]:
        found.append("client-nonce-mismatch")
    bound = _base64.decode(said.final["c"]).octets if "c" in said.final else None
    if bound is not None and said.header and not bound.startswith(said.header):
        found.append("channel-binding-mismatch")
    if said.client_final and not said.proof:
        found.append("proof-missing")
    if said.server_first and said.iterations is None:
        found.append("iterations-unreadable")
    elif said.iterations is not None and said.iterations < _FEWEST_ITERATIONS:
        found.append("few-iterations")
    elif said.iterations is not None and said.iterations > MOST_ITERATIONS:
        found.append("too-many-iterations")
    return found


def _shown(message: Message | None) -> Masked | None:
    """The message on one line, the proofs hidden."""
    if message is None:
        return None
    octets = message.octets
    if octets is None or not re.match(rb"[nycrvepm](?:=|,)", octets):
        hidden = message.text if octets is None else octets
        return (Secret(hidden),) if hidden and message.span and message.span.side == 0 else (_text.one_line(hidden),)
    parts: list[str | Secret] = []
    for part in octets.split(b",", 16):
        parts.append("," if parts else "")
        is_proof = part[:1].decode("latin-1") in _HIDDEN and part[1:2] == b"=" and not part.startswith(b"p=tls")
        parts += [_text.one_line(part[:2]), Secret(part[2:])] if is_proof else [_text.one_line(part)]
    return tuple(parts)


def identities(talk: Talk) -> tuple[Identity, ...]:
    """The user as sent."""
    return (Identity(decode(talk).authcid or ""),)


def is_too_costly(talk: Talk) -> bool:
    """Whether the iteration count, which anybody may have set, is beyond the cap."""
    return (messages_of(talk).iterations or 0) > MOST_ITERATIONS


def is_slow(talk: Talk) -> bool:
    """Whether one password alone takes long enough."""
    return (messages_of(talk).iterations or 0) > MOST_ITERATIONS // 10


def prove(talk: Talk, password: str, _identity: Identity) -> tuple[Proof, ...]:
    """Whether the client's proof, and the server's where it is here, come from this password."""
    said = messages_of(talk)
    name = hash_name(talk.mechanism, said.proof)
    if name is None or not (said.proof and said.salt and said.iterations and said.client_first):
        return ()
    proofs: tuple[Proof, ...] = ()
    prepared = _saslprep.saslprep(password)
    for form in dict.fromkeys((password if prepared is None else prepared, password)):
        proofs = _proofs(said, name, salted_password(name, form, said.salt, said.iterations))
        if proofs[0].holds:
            break
    return proofs


def salted_password(name: str, password: str, salt: bytes, iterations: int) -> bytes:
    """The password salted and iterated (RFC 5802, 3)."""
    return hashlib.pbkdf2_hmac(name, _variants.octets_of(password), salt, iterations)


def normal(password: str) -> str:
    """The password as both sides hash it (RFC 5802, 5.1), as it is where SASLprep does not allow it."""
    return _saslprep.saslprep(password) or password


def client_proof(name: str, salted: bytes, message: bytes) -> bytes:
    """ClientProof over an AuthMessage (RFC 5802, 3)."""
    key = hmac.digest(salted, b"Client Key", name)
    signature = hmac.digest(hashlib.new(name, key).digest(), message, name)
    return bytes(first ^ second for first, second in zip(key, signature, strict=True))


def server_signature(name: str, salted: bytes, message: bytes) -> bytes:
    """ServerSignature over an AuthMessage (RFC 5802, 3)."""
    return hmac.digest(hmac.digest(salted, b"Server Key", name), message, name)


def _proofs(said: Messages, name: str, salted: bytes) -> tuple[Proof, ...]:
    without_proof = said.client_final.rpartition(b",p=")[0]
    message = b",".join((said.client_first, said.server_first, without_proof))
    proofs: tuple[Proof, ...] = (Proof("client proof", equal(client_proof(name, salted, message), said.proof)),)
    verdict = _base64.decode(said.verdict["v"]).octets if "v" in said.verdict else None
    if verdict is None:
        return proofs
    return (*proofs, Proof("server signature", equal(server_signature(name, salted, message), verdict)))


def respond(login: Login, mechanism: str) -> Responder:
    """The first and the final message, then silence to the server's proof once it is found right.

    The PLUS forms need the TLS channel and are not answered.
    """
    name = hash_name(mechanism)
    if name is None or mechanism.endswith("-PLUS"):
        raise UsageError(f"{mechanism}: cannot log in with this mechanism")
    user = (_saslprep.saslprep(login.user) or login.user).replace("=", "=3D").replace(",", "=2C")
    header = f"n,{'a=' + login.authzid if login.authzid else ''},".encode()
    first = f"n={user},r={login.fresh_nonce()}".encode()
    offer = yield Unproven(header + first)
    said = Messages(server_first=offer, offer=_directives.attributes(offer))
    if not said.offer.get("r", b"").startswith(first.rpartition(b"r=")[2]) or not said.iterations or not said.salt:
        raise AuthError(f"{mechanism}: the server's first message is not in order")
    if said.iterations > MOST_ITERATIONS:
        raise AuthError(f"{mechanism}: the server asks for {said.iterations} iterations")
    salted = salted_password(name, normal(login.password), said.salt, said.iterations)
    final = b"c=" + base64.b64encode(header) + b",r=" + said.offer["r"]
    message = b",".join((first, offer, final))
    proof = base64.b64encode(client_proof(name, salted, message))
    verdict = _directives.attributes((yield Unproven(final + b",p=" + proof)))
    if "v" not in verdict:
        yield Unproven()
    elif not equal(verdict["v"], base64.b64encode(server_signature(name, salted, message))):
        raise AuthError(f"{mechanism}: the server did not prove that it knows the password")
    yield b""


_KINDS = (
    (re.compile(rb"(?:[ny]|p=[A-Za-z0-9.-]+),(?:a=[^,]*)?,(?:m=[^,]*,)?n=[^,]*,r="), "SCRAM client-first message"),
    (re.compile(rb"(?:m=[^,]*,)?r=[^,]+,s=[A-Za-z0-9+/=]+,i=[0-9]+"), "SCRAM server-first message"),
    (re.compile(rb"c=[A-Za-z0-9+/=]+,r=[^,]+"), "SCRAM client-final message"),
    (re.compile(rb"v=[A-Za-z0-9+/]{20,}={0,2}$|e=[a-z-]+$"), "SCRAM server-final message"),
)
_ATTRIBUTES = {
    "n": "user", "r": "nonce", "s": "salt", "i": "iterations", "c": "channel binding", "p": "proof",
    "v": "server signature", "e": "error", "m": "extension",
}  # fmt: skip


def describe(octets: bytes) -> Description | None:
    """One of the four messages, attribute by attribute."""
    kind = next((kind for form, kind in _KINDS if form.match(octets)), None)
    if kind is None:
        return None
    header = _GS2.match(octets) if "client-first" in kind else None
    first = (row("gs2 header", header.group()),) if header else ()
    found = _directives.attributes(octets[header.end() if header else 0 :])
    hidden = {name: Secret(value) if name in _HIDDEN else value for name, value in found.items()}
    return Description(kind, (*first, *(row(_ATTRIBUTES.get(name, name), value) for name, value in hidden.items())))
