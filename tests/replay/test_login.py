"""A login made anew: lines out, replies in."""

from __future__ import annotations

import base64
import itertools

import pytest

from smtptrace.auth import AuthError, Login
from smtptrace.replay.login import MOST_ROUNDS, talk
from smtptrace.replay.script import LoginAs, Said
from smtptrace.secret import Secret

ALICE = Login("alice", Secret("geheim"), host="mail.test")


def said(text: bytes) -> Said:
    return Said(int(text[:3]), (text,))


def challenge(octets: bytes) -> bytes:
    return b"334 " + base64.b64encode(octets)


def played(how: LoginAs, *replies: bytes, login: Login = ALICE) -> tuple[list[bytes], list[bytes], str]:
    """The lines sent, with base64 undone; the lines as shown; the problem."""
    lines = talk(how, login)
    sent, shown = [], []
    line = next(lines)
    for reply in replies:
        sent.append(plain(line.octets))
        shown.append(line.shown)
        try:
            line = lines.send(said(reply))
        except StopIteration as end:
            return sent, shown, end.value
    raise AssertionError(f"it goes on with {line}")


def plain(line: bytes) -> bytes:
    *words, last = line.split(b" ")
    return b" ".join([*words, last if last in (b"*", b"=") or (not words and not last) else decoded(last)])


def decoded(word: bytes) -> bytes:
    return word if (word.isupper() and b"=" not in word) or word == b"LOGIN" else base64.b64decode(word)


def test_login():
    """Name and password after their prompts, encoded or not."""
    sent, shown, problem = played(LoginAs("LOGIN"), challenge(b"Username:"), b"334 Password:", b"235 ok")
    assert (sent, problem) == ([b"AUTH LOGIN", b"alice", b"geheim"], "")
    assert shown == [b"AUTH LOGIN", b"****", b"****"]


def test_plain_with_and_without_initial_response():
    """On the AUTH line, or after an empty 334."""
    assert played(LoginAs("PLAIN", initial=True), b"235 ok")[0] == [b"AUTH PLAIN \0alice\0geheim"]
    assert played(LoginAs("PLAIN"), b"334 ", b"235 ok")[0] == [b"AUTH PLAIN", b"\0alice\0geheim"]


def test_an_empty_initial_response():
    """Is an equals sign (RFC 4954, 4)."""
    assert played(LoginAs("EXTERNAL", initial=True), b"235 ok")[0] == [b"AUTH EXTERNAL ="]


def test_a_mechanism_in_which_the_server_speaks_first():
    """No initial response, whatever the recording had."""
    sent, _, _ = played(LoginAs("CRAM-MD5", initial=True), challenge(b"<1@a>"), b"235 ok")
    assert sent[0] == b"AUTH CRAM-MD5"
    assert sent[1].startswith(b"alice ")


def test_ntlm_prompt_that_is_text():
    """`334 NTLM supported` asks for the first message."""
    lines = talk(LoginAs("NTLM"), ALICE)
    assert next(lines).octets == b"AUTH NTLM"
    assert base64.b64decode(lines.send(said(b"334 NTLM supported")).octets).startswith(b"NTLMSSP\0\1")


def test_ntlm_challenge_that_is_none():
    """It is cancelled, and said why."""
    sent, _, problem = played(LoginAs("NTLM"), b"334 ", b"334 bm9uZQ==", b"501 cancelled")
    assert sent[-1] == b"*"
    assert problem.startswith("the challenge cannot be answered")


def test_oauth_error_report():
    """It is answered, so that the final reply comes; the token is not shown."""
    report = challenge(b'{"status":"401"}')
    _, shown, problem = played(LoginAs("OAUTHBEARER", initial=True), report, b"535 no")
    assert (shown, problem) == ([b"AUTH OAUTHBEARER ****", b"****"], "")


def test_a_false_server():
    """A SCRAM server that does not know the password is told `*`."""
    lines = talk(LoginAs("SCRAM-SHA-256", initial=True), Login("alice", Secret("geheim"), nonce="abc"))
    next(lines)
    offer = b"r=abcdef,s=" + base64.b64encode(b"salt") + b",i=4096"
    lines.send(said(challenge(offer)))
    assert lines.send(said(challenge(b"v=" + base64.b64encode(b"x" * 32)))).octets == b"*"
    with pytest.raises(StopIteration) as end:
        lines.send(said(b"501 cancelled"))
    assert "SCRAM-SHA-256" in end.value.value


def scram_offer() -> bytes:
    return challenge(b"r=abcdef,s=" + base64.b64encode(b"salt") + b",i=4096")


@pytest.mark.parametrize("before", [(), (scram_offer(),), (scram_offer(), challenge(b"e=other-error"))])
def test_success_without_proof(before):
    """A SCRAM server that says yes before it proved to know the password is not believed (RFC 5802, 3)."""
    how, login = LoginAs("SCRAM-SHA-256", initial=True), Login("alice", Secret("geheim"), nonce="abc")
    lines = talk(how, login)
    next(lines)
    for reply in before:
        lines.send(said(reply))
    with pytest.raises(StopIteration) as end:
        lines.send(said(b"235 2.7.0 welcome"))
    assert end.value.value == "SCRAM-SHA-256: the server did not prove that it knows the password"


@pytest.mark.parametrize("proof", [b"", b"rspauth=0", b"v=AAAA"])
def test_a_proof_that_is_none(proof):
    """It is told `*` where it is wrong; where it is missing there may be an error to come."""
    login = Login("alice", Secret("geheim"), host="a", nonce="abc")
    for mechanism, offer in ("SCRAM-SHA-1", scram_offer()), ("DIGEST-MD5", challenge(b'nonce="1",qop="auth"')):
        lines = talk(LoginAs(mechanism, initial=mechanism != "DIGEST-MD5"), login)
        next(lines)
        lines.send(said(offer))
        wrong = proof.startswith(b"v" if "SCRAM" in mechanism else b"rspauth")
        assert lines.send(said(challenge(proof))).octets == (b"*" if wrong else b"")


def test_a_refusal_needs_no_proof():
    """535 is what it is."""
    how = LoginAs("SCRAM-SHA-256", initial=True)
    assert played(how, scram_offer().replace(b"abcdef", b"x"), b"501 no")[2].endswith("not in order")
    lines = talk(how, Login("alice", Secret("geheim"), nonce="abc"))
    next(lines)
    lines.send(said(scram_offer()))
    with pytest.raises(StopIteration) as end:
        lines.send(said(b"535 5.7.8 no"))
    assert end.value.value == ""


def test_cancelled_as_recorded():
    """After as many responses as there were."""
    assert played(LoginAs("DIGEST-MD5", cancelled_after=0), challenge(b'nonce="1"'), b"501 no")[0][-1] == b"*"
    assert played(LoginAs("LOGIN", cancelled_after=1), b"334 U", b"334 P", b"501 no")[0] == [
        b"AUTH LOGIN",
        b"alice",
        b"*",
    ]


def test_a_server_that_asks_and_asks():
    """There is an end to it."""
    sent, _, problem = played(LoginAs("LOGIN"), b"334 a", b"334 b", b"334 c", b"501 no")
    assert (sent[-1], "more than the mechanism" in problem) == (b"*", True)


def test_rounds_have_a_bound(monkeypatch):
    """Even where the mechanism would go on for ever."""
    monkeypatch.setattr("smtptrace.replay.login.responder", lambda *_: (b"x" for _ in itertools.count()))
    lines = talk(LoginAs("ANY"), ALICE)
    next(lines)
    monkeypatch.setattr("smtptrace.replay.login._Responses._next", lambda *_: b"x")
    for _ in range(MOST_ROUNDS):
        assert lines.send(said(b"334 ")).octets == b"eA=="
    assert lines.send(said(b"334 ")).octets == b"*"


def test_a_mechanism_that_cannot_begin(monkeypatch):
    """No line is sent, and it is said why; one that the session cancelled at once need not begin."""

    def broken(*_):
        raise AuthError("no ticket")
        yield b""

    monkeypatch.setattr("smtptrace.replay.login.responder", broken)
    for initial in (True, False):
        with pytest.raises(StopIteration) as end:
            next(talk(LoginAs("GSSAPI", initial=initial), ALICE))
        assert end.value.value == "no ticket"
    assert played(LoginAs("GSSAPI", cancelled_after=0), b"334 ", b"501 cancelled")[0] == [b"AUTH GSSAPI", b"*"]
