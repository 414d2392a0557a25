"""CRAM-MD5: challenge, digest, and the ways to get it wrong."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from support.auth import b64, credential, masked, session, text, vectors

from smtptrace.auth import Exposure, Login, Verdict, responder, verify
from smtptrace.secret import Secret

CHALLENGE = "<1896.697170952@postoffice.reston.mci.net>"


def _lines(response: str) -> tuple[str, ...]:
    return "C: AUTH CRAM-MD5", f"S: 334 {b64(CHALLENGE)}", f"C: {b64(response)}", "S: 235 ok"


def _verdict(password: str, *lines: str) -> tuple[Verdict, str]:
    found = verify(session(*lines).authentications[0], password)
    return found.verdict, found.proofs[0].how if found.proofs else ""


def test_published_exchange() -> None:
    """User, challenge and digest; the password verifies, another does not."""
    (vector,) = vectors("cram_md5")["vectors"]
    lines = ("C: AUTH CRAM-MD5", f"S: 334 {vector['challenge_b64']}", f"C: {vector['response_b64']}", "S: 235 ok")
    found = credential(*lines)
    assert (found.authcid, text(found.secret), found.exposure) == (vector["user"], vector["digest"], Exposure.GUESSABLE)
    assert (found.details["challenge"], found.problems) == (vector["challenge"], ())
    assert _verdict(vector["password"], *lines) == (Verdict.MATCHES, "")
    assert _verdict("other", *lines) == (Verdict.DIFFERS, "")
    assert vector["response_b64"].encode() not in masked(*lines)
    assert "".join(map(str, found.rounds[0].response or ())) == "tim ****"


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("digest-over-base64", "digest-over-base64"),
        ("challenge-without-brackets", "challenge-without-brackets"),
        ("swapped-key-and-message", "swapped-key-and-message"),
        ("plain-md5", "plain-hash"),
        ("uppercase-hex", ""),
        ("password-with-newline", ""),
    ],
)
def test_published_mistakes(name: str, how: str) -> None:
    """With the password at hand it can be said what the client did wrong."""
    (mistake,) = (each for each in vectors("cram_md5")["mistakes"] if each["id"] == name)
    assert _verdict("tanstaaftanstaaf", *_lines(f"tim {mistake['digest']}")) == (Verdict.MATCHES, how)


def test_uppercase_digest_is_a_problem() -> None:
    """The standard wants lower case, and servers compare octets."""
    assert credential(*_lines("tim B913A602C7EDA7A495B4E6E7334D3890")).problems == ("uppercase-digest",)


def test_newline_in_the_password_is_named() -> None:
    """It is the password's form that matched."""
    found = verify(session(*_lines("tim 51e086acacb55e175f2000c7618acba9")).authentications[0], "tanstaaftanstaaf")
    assert (found.verdict, found.variant) == (Verdict.MATCHES, "with a newline at its end")


def test_name_with_a_space() -> None:
    """The digest stands behind the last space."""
    assert credential(*_lines("tim smith b913a602c7eda7a495b4e6e7334d3890")).authcid == "tim smith"


@pytest.mark.parametrize(
    ("response", "slug"),
    [
        ("tim b913a602c7eda7a495b4e6e7334d3890\n", "trailing-newline"),
        ("tim b913a602c7eda7a495b4e6e7334d3890 ", "surrounding-space"),
        ("tim b913a602", "digest-of-wrong-length"),
        ("a@example.com", "not-a-cram-response"),
    ],
)
def test_wrong_form(response: str, slug: str) -> None:
    """Each is named; what is no response is hidden whole."""
    assert credential(*_lines(response)).problems == (slug,)


def test_undecodable_response() -> None:
    """The line is masked and said to be no base64."""
    found = credential("C: AUTH CRAM-MD5", f"S: 334 {b64(CHALLENGE)}", "C: ?!", "S: 501 no")
    assert (found.authcid, found.problems) == (None, ("not-base64",))


def test_no_response() -> None:
    """Nothing is exposed before the client speaks."""
    found = credential("C: AUTH CRAM-MD5", f"S: 334 {b64(CHALLENGE)}", "C: *", "S: 501 cancelled")
    assert (found.exposure, found.secret) == (Exposure.NONE, None)
    assert _verdict("x", "C: AUTH CRAM-MD5", f"S: 334 {b64(CHALLENGE)}")[0] is Verdict.NOT_PRESENT


def test_password_in_latin_1() -> None:
    """The encoding that matched is named."""
    digest = hmac.new("hünter".encode("latin-1"), CHALLENGE.encode(), hashlib.md5).hexdigest()
    assert _verdict("hünter", *_lines(f"tim {digest}")) == (Verdict.MATCHES, "in Latin-1")


def test_answering() -> None:
    """What is answered verifies."""
    answers = responder("CRAM-MD5", Login("tim", Secret("tanstaaftanstaaf")))
    assert next(answers) is None
    said = answers.send(CHALLENGE.encode())
    assert said is not None
    assert _verdict("tanstaaftanstaaf", *_lines(said.decode())) == (Verdict.MATCHES, "")
