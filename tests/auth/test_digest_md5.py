"""DIGEST-MD5, both proofs."""

from __future__ import annotations

from typing import Any

import pytest
from support.auth import b64, credential, masked, session, text, vectors

from smtptrace.auth import AuthError, Exposure, Login, Verdict, responder, verify
from smtptrace.secret import Secret

CHALLENGE = 'realm="example.com",nonce="OA6MG9tEQGm2hh",qop="auth,auth-int,auth-conf",algorithm=md5-sess,charset=utf-8'


def _lines(vector: Any) -> tuple[str, ...]:
    return (
        "C: AUTH DIGEST-MD5",
        f"S: 334 {vector['challenge_b64']}",
        f"C: {vector['response_b64']}",
        f"S: 334 {b64('rspauth=' + vector['rspauth'])}",
        "C: ",
        "S: 235 ok",
    )


@pytest.mark.parametrize("number", [0, 1])
def test_published_exchanges(number: int) -> None:
    """Every field, both proofs with the right password, neither with a wrong one."""
    vector = vectors("digest_md5")["vectors"][number]
    found = credential(*_lines(vector))
    assert (found.authcid, text(found.secret)) == (vector["user"], vector["response_digest"])
    assert (found.details["realm"], found.details["digest_uri"]) == (vector["realm"], vector["digest_uri"])
    assert (found.details["qop"], found.details["nc"], found.details["server_proof"]) == ("auth", "00000001", True)
    assert (found.exposure, found.problems) == (Exposure.GUESSABLE, ("digest-uri-of-another-service",))
    (attempt,) = session(*_lines(vector)).authentications
    assert [(each.name, each.holds) for each in verify(attempt, vector["password"]).proofs] == [
        ("response", True),
        ("rspauth", True),
    ]
    assert [each.holds for each in verify(attempt, "other").proofs] == [False, False]
    left = masked(*_lines(vector))
    assert b64("rspauth=" + vector["rspauth"]).encode() not in left
    assert vector["response_b64"].encode() not in left


def test_quoted_strings_with_escapes() -> None:
    """The digest runs over the unescaped strings."""
    quirk = vectors("digest_md5")["curl_quirk"]
    said = (
        f'username="us\\"er",realm="{quirk["realm_wire"]}",nonce="{quirk["nonce"]}",cnonce="{quirk["cnonce"]}",'
        f'nc={quirk["nc"]},digest-uri="{quirk["digest_uri"]}",response={quirk["response_digest"]},qop=auth'
    )
    asked = f'realm="{quirk["realm_wire"]}",nonce="{quirk["nonce"]}",qop="auth",algorithm="md5-sess"'
    lines = ("C: AUTH DIGEST-MD5", f"S: 334 {b64(asked)}", f"C: {b64(said)}", "S: 235 ok")
    found = credential(*lines)
    assert (found.authcid, found.details["realm"], found.problems) == ('us"er', 'cu"rl', ())
    assert verify(session(*lines).authentications[0], "secret").verdict is Verdict.MATCHES


def _said(login: Login) -> tuple[str, ...]:
    answers = responder("DIGEST-MD5", login)
    assert next(answers) is None
    said = answers.send(CHALLENGE.encode())
    assert said is not None
    return "C: AUTH DIGEST-MD5", f"S: 334 {b64(CHALLENGE)}", f"C: {b64(said)}"


def test_answering() -> None:
    """What is answered verifies, and a server that proves nothing is caught."""
    login = Login("jörg", Secret("geheim"), authzid="boss", host="mail.example.com")
    lines = (*_said(login), "S: 535 no")
    found = credential(*lines)
    assert (found.authcid, found.authzid, found.details["digest_uri"]) == ("jörg", "boss", "smtp/mail.example.com")
    assert verify(session(*lines).authentications[0], "geheim").verdict is Verdict.MATCHES
    answers = responder("DIGEST-MD5", login)
    next(answers)
    answers.send(CHALLENGE.encode())
    with pytest.raises(AuthError, match="did not prove"):
        answers.send(b"rspauth=00000000000000000000000000000000")


def test_answering_to_a_right_proof() -> None:
    """The server's proof is answered by silence."""
    login = Login("chris", Secret("secret"), host="x", nonce="n0nce")
    answers = responder("DIGEST-MD5", login)
    next(answers)
    answers.send(b'nonce="a"')
    assert answers.send(b"") == b""


def test_security_layer_makes_the_rest_opaque() -> None:
    """After auth-int the stream is wrapped, if the server took it."""
    line = b64('username="a",realm="r",nonce="n",cnonce="c",nc=00000001,qop=auth-conf,digest-uri="smtp/x",response=00')
    asked = b64('nonce="n",qop="auth-conf"')
    found = credential("C: AUTH DIGEST-MD5", f"S: 334 {asked}", f"C: {line}", "S: 235 ok")
    assert found.details["security-layer"] == "confidentiality"
    assert "security-layer" not in credential("C: AUTH DIGEST-MD5", f"S: 334 {asked}", f"C: {line}", "S: 535").details


def test_last_step_cancelled() -> None:
    """A client that answers the server's proof with `*` throws its login away."""
    vector = vectors("digest_md5")["vectors"][0]
    found = credential(*_lines(vector)[:4], "C: *", "S: 501 5.7.0 no")
    assert "cancelled-after-proof" in found.problems


@pytest.mark.parametrize(
    ("said", "slug"),
    [
        ('username="a",nonce="other",realm="r",digest-uri="smtp/x",response=00', "nonce-mismatch"),
        ('username="a",nonce="n",realm="s",digest-uri="smtp/x",response=00', "realm-not-offered"),
        ('username="a",nonce="n",realm="r",digest-uri="smtp/x"', "proof-missing"),
        ("a:geheim", "not-a-digest-response"),
    ],
)
def test_mistakes(said: str, slug: str) -> None:
    """Each is named."""
    lines = ("C: AUTH DIGEST-MD5", f"S: 334 {b64('realm=r,nonce=n')}", f"C: {b64(said)}", "S: 535 no")
    assert credential(*lines).problems == (slug,)
    assert "geheim" not in str(credential(*lines).rounds)


def test_undecodable_and_missing_responses() -> None:
    """The line is masked; without a line there is nothing."""
    found = credential("C: AUTH DIGEST-MD5", f"S: 334 {b64(CHALLENGE)}", "C: ?!", "S: 501 no")
    assert found.problems == ("not-base64",)
    empty = credential("C: AUTH DIGEST-MD5", "S: 504 no")
    assert (empty.exposure, empty.problems) == (Exposure.NONE, ())
    attempt = session("C: AUTH DIGEST-MD5", f"S: 334 {b64(CHALLENGE)}").authentications[0]
    assert verify(attempt, "x").verdict is Verdict.NOT_PRESENT


def test_realm_variant_is_named() -> None:
    """A client that hashes without its realm."""
    from smtptrace.auth.digest_md5 import digest, key_of

    said = {"nonce": b"n", "cnonce": b"c", "nc": b"1", "qop": b"auth", "digest-uri": b"smtp/x"}
    response = digest(key_of(b"a", b"", b"pw"), said, b"AUTHENTICATE").decode()
    line = f'username="a",realm="r",nonce="n",cnonce="c",nc=1,qop=auth,digest-uri="smtp/x",response={response}'
    lines = ("C: AUTH DIGEST-MD5", f"S: 334 {b64('realm=r,nonce=n')}", f"C: {b64(line)}", "S: 535 no")
    found = verify(session(*lines).authentications[0], "pw")
    assert found.identity is not None
    assert (found.verdict, found.identity.how) == (Verdict.MATCHES, "without a realm")
