"""AUTH as the server (RFC 4954): challenges as recorded, or made anew where a password is given to check against."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import time
from dataclasses import dataclass, field

from smtptrace.auth import Credential, Verdict, read_credentials, verify
from smtptrace.auth.digest_md5 import rspauth
from smtptrace.grammar import is_base64
from smtptrace.replay.scram_server import ScramServer
from smtptrace.replay.serve_action import Course, Say, hear_line
from smtptrace.replay.serve_script import octets_of
from smtptrace.secret import Secret
from smtptrace.smtp import AuthExchange, Command, Reply, Round, Session
from smtptrace.wire import Connection, Endpoint, Origin, Side, Span

CANCELLED = b"501 5.7.0 cancelled"
REFUSED = b"535 5.7.8 authentication failed"
GARBLED = b"501 5.5.2 a response is no base64"

_NOWHERE = Span(Side.CLIENT, 0, 0)
_NTLM_CHALLENGE = b"NTLMSSP\0\2\0\0\0"
_NONCE = re.compile(rb'(?<![A-Za-z0-9_-])nonce="[^"]*"')
_PROVED = ("CRAM-", "DIGEST-MD5", "SCRAM-", "NTLM", "GSS-SPNEGO", "PLAIN", "LOGIN")
"""What can be checked against a password: mechanisms by the beginning of their names."""
_SERVER_FIRST = ("CRAM-", "DIGEST-")


@dataclass(slots=True)
class Attempt:
    """One login as it was heard: `problem` is why it is refused, with `refusal`, where the recorded one was not."""

    mechanism: str
    initial: bytes | None
    rounds: list[Round] = field(default_factory=list)
    cancelled: bool = False
    problem: str = ""
    refusal: bytes = REFUSED

    @property
    def credential(self) -> Credential:
        """It decoded."""
        session = Session(Connection(_HERE, _HERE, Origin("", "")), authentications=(self.exchange(),))
        return read_credentials(session)[0]

    def exchange(self) -> AuthExchange:
        """It as a record, without a reply."""
        line = b"AUTH " + self.mechanism.encode() + (b"" if self.initial is None else b" " + self.initial)
        command = Command("AUTH", line + b"\r\n", _NOWHERE)
        return AuthExchange(command, None, False, (), self.mechanism, self.initial, tuple(self.rounds))


_HERE = Endpoint("localhost", 0)


def login(recorded: AuthExchange, initial: bytes | None, secret: Secret | None) -> Course[Attempt]:
    """The challenges of one login, up to where the final reply is due.

    Args:
        recorded: the login that is played.
        initial: the client's initial response in base64, None where it gave none.
        secret: the password to check against; without it the recorded challenges are said, whatever is answered.
    """
    name = recorded.mechanism.upper()
    attempt = Attempt(name, initial)
    secret = secret if name.startswith(_PROVED) else None
    scram = ScramServer.of(recorded, secret)
    if scram is not None:
        yield from _scram(scram, attempt, accepted=_accepted(recorded))
    elif name.startswith("DIGEST-MD5") and secret is not None:
        yield from _digest(recorded, attempt, secret)
    else:
        yield from _plainly(recorded, attempt, fresh=secret is not None)
        if secret is not None and not attempt.cancelled and _accepted(recorded):
            attempt.problem = _judged(attempt, secret)
    if _garbled(attempt.exchange()) and not (attempt.cancelled or _garbled(recorded)):
        attempt.problem, attempt.refusal = "a response is no base64 (RFC 4954, 4)", GARBLED
    return attempt


def _garbled(exchange: AuthExchange) -> bool:
    """Whether the client said what is no base64; a source that masks what it said does so too."""
    initial = exchange.initial if exchange.initial != b"=" else b""
    words = (initial or b"", *(each.response or b"" for each in exchange.rounds))
    return any(word and not is_base64(word) for word in words)


def _accepted(recorded: AuthExchange) -> bool:
    return recorded.reply is not None and recorded.reply.code < 300


def _plainly(recorded: AuthExchange, attempt: Attempt, *, fresh: bool) -> Course[None]:
    """The recorded challenges one after the other; an initial response is asked for where the client gave none."""
    challenges = [each.challenge for each in recorded.rounds if each.challenge]
    client_first = not attempt.mechanism.startswith(_SERVER_FIRST)
    if attempt.initial is not None and recorded.initial is None and client_first:
        challenges = challenges[1:]
    elif attempt.initial is None and recorded.initial is not None and client_first:
        challenges = [_challenge(b"334 "), *challenges]
    for challenge in challenges:
        yield from _ask(_renewed(challenge, attempt.mechanism) if fresh else challenge, attempt)
        if attempt.cancelled:
            return


def _ask(challenge: Reply, attempt: Attempt) -> Course[bytes]:
    """Say a challenge and hear the response, decoded."""
    yield Say(octets_of(challenge))
    response = (yield from hear_line()).strip()
    attempt.rounds.append(Round(challenge, response, _NOWHERE))
    attempt.cancelled = response == b"*"
    return _decoded(response)


def _challenge(line: bytes) -> Reply:
    return Reply(334, (line,), _NOWHERE)


def _encoded(octets: bytes) -> Reply:
    return _challenge(b"334 " + base64.b64encode(octets))


def _renewed(challenge: Reply, mechanism: str) -> Reply:
    """The challenge with a nonce that was never used; what is no such challenge stays as it is."""
    octets = _decoded(challenge.lines[-1][4:].strip())
    if mechanism.startswith("CRAM-") and octets:
        host = octets.rpartition(b"@")[2] if b"@" in octets else b"localhost>"
        return _encoded(b"<%d.%d@%s" % (secrets.randbits(48), time.time_ns(), host))
    at = octets.find(_NTLM_CHALLENGE)
    if at >= 0 and len(octets) >= at + 32:  # ServerChallenge ([MS-NLMP] 2.2.1.2)
        return _encoded(octets[: at + 24] + secrets.token_bytes(8) + octets[at + 32 :])
    return challenge


_TOLERATED = ("as given", "in Unicode form C", "in Unicode form KC")


def _judged(attempt: Attempt, secret: Secret) -> str:
    """Why a server that has this password would refuse, "" where it would not."""
    password = secret.octets().decode("utf-8", "surrogateescape")
    found = verify(attempt.exchange(), password)
    if found.verdict is Verdict.NOT_PRESENT:
        return "nothing was sent that could be the password"
    if "nonce-mismatch" in attempt.credential.problems:
        return "the response answers another challenge"
    first = found.proofs[0]
    whole = all(each.holds for each in found.proofs if each.name == "mic")
    as_sent = found.identity is None or found.identity.how == "as sent"
    if found.verdict is not Verdict.MATCHES or first.how or not as_sent or not whole:
        return _wrong(found.hint or first.how or (found.identity.how if found.identity and not as_sent else ""))
    return "" if found.variant in _TOLERATED else _wrong(f"it matches {found.variant}")


def _wrong(hint: str = "") -> str:
    return "the password that the client has is not the one given here" + (f" ({hint})" if hint else "")


def _digest(recorded: AuthExchange, attempt: Attempt, secret: Secret) -> Course[None]:
    """DIGEST-MD5 with a nonce of its own, and the server's proof where it was accepted (RFC 2831)."""
    first = next((each.challenge for each in recorded.rounds if each.challenge), None)
    if first is None:
        return
    asked = _decoded(first.lines[-1][4:].strip())
    fresh = b'nonce="%s"' % secrets.token_urlsafe(24).encode()
    yield from _ask(_encoded(_NONCE.sub(fresh, asked, count=1)), attempt)
    if attempt.cancelled or not _accepted(recorded):
        return
    attempt.problem = _judged(attempt, secret)
    if not attempt.problem:
        proof = rspauth(_decoded(attempt.rounds[0].response or b""), secret)
        yield from _ask(_encoded(proof), attempt)


def _scram(scram: ScramServer, attempt: Attempt, *, accepted: bool) -> Course[None]:
    """SCRAM, whose challenges hold the client's nonce and are therefore always made anew."""
    first = _decoded(attempt.initial or b"")
    if attempt.initial is None:
        first = yield from _ask(_challenge(b"334 "), attempt)
    if attempt.cancelled:
        return
    final = yield from _ask(_encoded(scram.first(first)), attempt)
    if attempt.cancelled or not accepted or not scram.knows:
        return
    verdict = scram.final(final)
    if verdict is None:
        attempt.problem = _wrong()
        return
    yield from _ask(_encoded(verdict), attempt)


def _decoded(word: bytes) -> bytes:
    try:
        return base64.b64decode(word, validate=True)
    except (binascii.Error, ValueError):
        return b""
