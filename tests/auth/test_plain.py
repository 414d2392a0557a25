"""PLAIN in both its forms, and as it goes wrong."""

from __future__ import annotations

import pytest
from support.auth import b64, credential, masked, text, vectors

from smtptrace.auth import AuthOutcome, Exposure


def _said(response: str, reply: str = "535 5.7.8 no") -> tuple[str, str]:
    return f"C: AUTH PLAIN {response}", f"S: {reply}"


@pytest.mark.parametrize("vector", range(4))
def test_published_responses(vector: int) -> None:
    """Every field comes out, with the response on the command line or after an empty challenge."""
    expected = vectors("plain")["vectors"][vector]
    lines = expected.get("smtp") or _said(expected["response_b64"], "235 2.7.0 ok")
    found = credential(*lines)
    assert (found.authzid or "", found.authcid, text(found.secret)) == (
        expected["authzid"],
        expected["authcid"],
        expected["password"],
    )
    assert (found.outcome, found.exposure, found.problems) == (AuthOutcome.ACCEPTED, Exposure.CLEAR, ())


@pytest.mark.parametrize(
    ("name", "slug", "password"),
    [
        ("no-nul-colon", "basic-style-credentials", "pass"),
        ("one-nul", "missing-authzid-nul", "pass"),
        ("three-nul", "too-many-nuls", "pa\0ss"),
        ("literal-backslash-0", "literal-escape", "pass"),
        ("percent-00", "literal-escape", "pass"),
        ("trailing-newline", "trailing-newline", "pass\n"),
        ("trailing-crlf", "trailing-newline", "pass\r\n"),
        ("utf16", "utf-16", "pass"),
        ("latin1", "not-utf-8", "p\\xe4ss"),
        ("double", "double-base64", "pass"),
        ("bom", "byte-order-mark", "pass"),
        ("username-only", "login-style-response", None),
    ],
)
def test_published_mistakes(name: str, slug: str, password: str | None) -> None:
    """Each mistake is named, and what was meant is read."""
    (mistake,) = (each for each in vectors("plain")["mistakes"] if each["id"] == name)
    found = credential(*_said(mistake["response_b64"]))
    assert found.problems == (slug,)
    assert found.authcid == ("user@example.com" if password is None else "user")
    assert text(found.secret) == password


def test_response_line_is_masked_whole() -> None:
    """The line holds the password, so nothing of it stays."""
    line = b64("\0alice\0geheim")
    assert line.encode() not in masked(*_said(line))
    assert masked(*_said(line)).startswith(b"AUTH PLAIN \0")


def test_steps_in_plain_words() -> None:
    """The names are shown, the password is not."""
    (step,) = credential(*_said(b64("boss\0alice\0geheim"))).rounds
    assert (step.challenge, "".join(map(str, step.response or ()))) == (None, "boss\\0alice\\0****")


def test_cancelled_before_anything_was_said() -> None:
    """`*` ends the exchange; there is no credential."""
    found = credential("C: AUTH PLAIN", "S: 334 ", "C: *", "S: 501 cancelled")
    assert (found.outcome, found.authcid, found.secret, found.exposure) == (
        AuthOutcome.CANCELLED,
        None,
        None,
        Exposure.NONE,
    )


def test_name_and_password_as_in_login() -> None:
    """Two lines without NUL are LOGIN's way."""
    found = credential("C: AUTH PLAIN", "S: 334 ", f"C: {b64('alice')}", "S: 334 ", f"C: {b64('geheim')}", "S: 535 no")
    assert (found.authcid, text(found.secret), found.problems) == ("alice", "geheim", ("login-style-response",))


def test_response_sent_twice() -> None:
    """A server that ignores the initial response asks for it again."""
    line = b64("\0alice\0geheim")
    found = credential(f"C: AUTH PLAIN {line}", "S: 334 ", f"C: {line}", "S: 235 ok")
    assert (found.authcid, found.problems) == ("alice", ("initial-response-ignored",))


def test_wrapped_response() -> None:
    """The second half of a line that the encoder broke belongs to the attempt, is joined to it and masked."""
    line = b64("\0" + "a" * 30 + "@example.com\0a rather long pass phrase")
    lines = (
        f"C: AUTH PLAIN {line[:60]}",
        "S: 501 5.5.2 no",
        f"C: {line[60:]}",
        "S: 500 5.5.1 what",
        "C: QUIT",
        "S: 221 bye",
    )
    found = credential(*lines)
    assert (found.authcid, text(found.secret)) == ("a" * 30 + "@example.com", "a rather long pass phrase")
    assert found.problems == ("wrapped-line", "stray-lines")
    assert line[60:].encode() not in masked(*lines)


@pytest.mark.parametrize("mark", ["****", "[credentials hidden]", "********", "REDACTED", "xxxx", "<snip>", "[...]"])
def test_marks_of_other_tools(mark: str) -> None:
    """What stands where a secret was is no secret."""
    found = credential(*_said(mark, "235 ok"))
    assert (found.authcid, found.secret, found.problems) == (None, None, ("masked-by-source",))


@pytest.mark.parametrize("hidden", ["/* secret */", "PROVIDED_BUT_REMOVED"])
def test_encoded_marks_of_other_tools(hidden: str) -> None:
    """nodemailer and swaks encode their mark: the name beside it is real."""
    found = credential(*_said(b64(f"\0alice\0{hidden}"), "235 ok"))
    assert (found.authcid, found.secret, found.problems) == ("alice", None, ("masked-by-source",))
    assert found.rounds[0].response == ("\\0alice\\0", hidden)


def test_fields_shown_with_escapes_by_the_source() -> None:
    """swaks shows the decoded response with `\\0` written out."""
    found = credential(*_said("\\0alice\\0geheim", "235 ok"))
    assert (found.authcid, text(found.secret), found.problems) == ("alice", "geheim", ())


@pytest.mark.parametrize(
    ("said", "slug"),
    [
        ("!!!notbase64", "not-base64"),
        (b64("nothing"), "no-nul"),
        ("A" * 70_000, "over-long"),
        ("=", "no-nul"),
    ],
)
def test_responses_without_fields(said: str, slug: str) -> None:
    """Nothing is guessed, and everything is masked."""
    found = credential(*_said(said))
    assert found.authcid is None
    assert found.problems == ((slug,) if said != "=" else ())
    assert len(said) < 2 or said.encode() not in masked(*_said(said))


def test_swapped_fields() -> None:
    """The address is the name, wherever it stands."""
    found = credential(*_said(b64("\0Winter2024\0a@example.com")))
    assert (found.authcid, text(found.secret)) == ("a@example.com", "Winter2024")
    assert str(found.rounds[0].response) == "(Secret(****),)"


def test_user_that_is_no_utf8_stands_beside_in_base64() -> None:
    """The text is lossy, the octets are not."""
    found = credential(*_said(b64(b"\0j\xf6rg\0pw")))
    assert (found.authcid, found.details["authcid_b64"]) == ("j\ufffdrg", b64(b"j\xf6rg"))


def test_acting_for_oneself() -> None:
    """The same name as both identities is legal, and said."""
    assert credential(*_said("dGVzdAB0ZXN0ADEyMzQ=")).details["authzid_is_authcid"] is True


def test_credentials_typed_without_base64() -> None:
    """`user:password` as it is."""
    found = credential(*_said("alice:geheim"))
    assert (found.authcid, text(found.secret), found.exposure) == ("alice", "geheim", Exposure.CLEAR)
    assert found.problems == ("plain-text-instead-of-base64",)
