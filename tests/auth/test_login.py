"""LOGIN as clients and servers really speak it."""

from __future__ import annotations

import pytest
from support.auth import b64, credential, masked, text, vectors

from smtptrace.auth import AuthOutcome, Exposure

USER, PASSWORD = "334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"


def test_name_and_password_in_two_steps() -> None:
    """The prompts are decoded, the name is shown, the password is hidden."""
    found = credential(
        "C: AUTH LOGIN", f"S: {USER}", f"C: {b64('alice')}", f"S: {PASSWORD}", f"C: {b64('geheim')}", "S: 235 ok"
    )
    assert (found.mechanism, found.authcid, text(found.secret)) == ("LOGIN", "alice", "geheim")
    assert (found.outcome, found.code, found.exposure) == (AuthOutcome.ACCEPTED, 235, Exposure.CLEAR)
    assert [
        ("".join(map(str, each.challenge or ())), "".join(map(str, each.response or ()))) for each in found.rounds
    ] == [
        ("Username:", "alice"),
        ("Password:", "****"),
    ]
    assert found.problems == ()
    assert "rotate" in found.advice


def test_only_the_password_line_is_secret() -> None:
    """The name stays readable in the raw lines."""
    left = masked(
        "C: AUTH LOGIN", f"S: {USER}", f"C: {b64('alice')}", f"S: {PASSWORD}", f"C: {b64('geheim')}", "S: 235 ok"
    )
    assert b64("alice").encode() in left
    assert b64("geheim").encode() not in left


@pytest.mark.parametrize("vector", [0, 1])
def test_published_exchanges(vector: int) -> None:
    """Both forms of the specification give the name and the password."""
    expected = vectors("login")["vectors"][vector]
    found = credential(*expected["smtp"])
    assert (found.authcid, text(found.secret)) == (expected["username"], expected["password"])
    assert found.outcome is AuthOutcome.ACCEPTED


def test_any_prompt_will_do() -> None:
    """Prompts are free text; where they say nothing the order decides."""
    for asked in vectors("login")["prompts"]:
        if "user" not in asked["text"].lower():
            continue
        found = credential(
            "C: AUTH LOGIN", f"S: 334 {asked['b64']}", f"C: {b64('eva')}", "S: 334 Pw", "C: cHc=", "S: 235"
        )
        assert (found.authcid, text(found.secret)) == ("eva", "pw")


def test_password_is_asked_first() -> None:
    """A prompt that asks for a password is believed."""
    found = credential(
        "C: AUTH LOGIN", f"S: {PASSWORD}", f"C: {b64('geheim')}", f"S: {USER}", f"C: {b64('alice')}", "S: 235 ok"
    )
    assert (found.authcid, text(found.secret)) == ("alice", "geheim")


@pytest.mark.parametrize(
    ("said", "authcid", "slug"),
    [
        (b64(b64("user@example.com")), "user@example.com", "double-base64"),
        ("user@example.com", "user@example.com", "plain-text-instead-of-base64"),
        ("test", "test", "plain-text-instead-of-base64"),
        (b64("alice\n"), "alice", "trailing-newline"),
        (b64("alice\r\n"), "alice", "trailing-newline"),
        (b64("alice".encode("utf-16-le")), "alice", "utf-16"),
        (b64(b"j\xf6rg"), "j\ufffdrg", "not-utf-8"),
        (b64("\ufeffalice"), "alice", "byte-order-mark"),
        (b64("alice "), "alice ", "surrounding-space"),
        (b64("undefined"), "undefined", "placeholder-value"),
        (b64("jo\u0308rg"), "jo\u0308rg", "not-normalised"),
        ("YWxpY2U", "alice", "missing-base64-padding"),
        ("Pz8_YWJj", "???abc", "url-safe-base64"),
        ("YWxp\\nY2U=", "alice", "newline-in-base64"),
        ("!!!", None, "not-base64"),
        ("abcde", None, "truncated-base64"),
        ("=", None, "empty-user"),
        ("[credentials hidden]", None, "masked-by-source"),
    ],
)
def test_mistakes_in_the_name(said: str, authcid: str | None, slug: str) -> None:
    """Each mistake is named, and the name is read as it was meant."""
    found = credential("C: AUTH LOGIN", f"S: {USER}", f"C: {said}", "S: 535 5.7.3 Authentication unsuccessful")
    assert (found.authcid, found.problems) == (authcid, (slug,))


@pytest.mark.parametrize(
    ("said", "slug"),
    [
        (b64("secret\n"), "trailing-newline"),
        (b64(b64("geheimes Wort")), "double-base64"),
        (b64("secret".encode("utf-16-le")), "utf-16"),
        (b64("abcd efgh ijkl mnop"), "app-password-with-spaces"),
        (b64("it\u2019s"), "invisible-character"),
        (b64("${PASSWORD}"), "placeholder-value"),
        ("=", "empty-password"),
        (b64("a\\0b"), "literal-escape"),
    ],
)
def test_mistakes_in_the_password(said: str, slug: str) -> None:
    """The mistake is named without showing the password."""
    found = credential("C: AUTH LOGIN", f"S: {USER}", f"C: {b64('alice')}", f"S: {PASSWORD}", f"C: {said}", "S: 535 no")
    assert (found.authcid, found.problems) == ("alice", (slug,))


def test_swapped_name_and_password() -> None:
    """An address in the place of the password is the name; neither line stays readable."""
    lines = (
        "C: AUTH LOGIN",
        f"S: {USER}",
        f"C: {b64('Winter2024')}",
        f"S: {PASSWORD}",
        f"C: {b64('a@example.com')}",
        "S: 535 5.7.8 no",
    )
    found = credential(*lines)
    assert found.problems == ("user-and-password-swapped",)
    assert (found.authcid, text(found.secret)) == ("a@example.com", "Winter2024")
    assert b64("Winter2024").encode() not in masked(*lines)


def test_password_that_looks_like_an_address_was_right() -> None:
    """What the server accepted stood in its place."""
    found = credential(
        "C: AUTH LOGIN", f"S: {USER}", f"C: {b64('alice')}", f"S: {PASSWORD}", f"C: {b64('p@ss.com')}", "S: 235 ok"
    )
    assert (found.authcid, found.problems) == ("alice", ())


def test_initial_response_that_the_server_ignores() -> None:
    """Asked for the name again, a simple client answers with the password; it must not be shown as a name."""
    lines = ("C: AUTH LOGIN YWxpY2U=", f"S: {USER}", f"C: {b64('geheim')}", f"S: {PASSWORD}", "C: *", "S: 501 no")
    found = credential(*lines)
    assert found.problems == ("initial-response-ignored",)
    assert (found.authcid, text(found.secret), found.outcome) == ("alice", "geheim", AuthOutcome.CANCELLED)
    assert b64("geheim").encode() not in masked(*lines)


def test_name_repeated_after_an_ignored_initial_response() -> None:
    """A careful client says the name again."""
    found = credential(
        "C: AUTH LOGIN YWxpY2U=", f"S: {USER}", "C: YWxpY2U=", f"S: {PASSWORD}", f"C: {b64('geheim')}", "S: 235 ok"
    )
    assert found.problems == ("initial-response-ignored",)
    assert (found.authcid, text(found.secret)) == ("alice", "geheim")


def test_initial_response_that_the_server_refuses() -> None:
    """A syntax error in answer to a well-formed initial response is about its form, not its content."""
    assert credential("C: AUTH LOGIN YWxpY2U=", "S: 553 Initial data not expected").problems == (
        "initial-response-refused",
    )


def test_both_in_one_field() -> None:
    """`user:password` in answer to the first prompt: the password is found and hidden."""
    line = b64("alice@example.com:geheim")
    lines = ("C: AUTH LOGIN", f"S: {USER}", f"C: {line}", "S: 535 no")
    found = credential(*lines)
    assert (found.authcid, text(found.secret)) == ("alice@example.com", "geheim")
    assert found.problems == ("user-and-password-in-one-field",)
    assert line.encode() not in masked(*lines)


def test_plain_response_in_login() -> None:
    """Three fields with NULs are PLAIN's."""
    found = credential("C: AUTH LOGIN", f"S: {USER}", f"C: {b64(chr(0) + 'alice' + chr(0) + 'pw12')}", "S: 535 no")
    assert (found.authcid, text(found.secret), found.problems) == ("alice", "pw12", ("plain-response-in-login",))


def test_steps_shown_decoded_by_the_source() -> None:
    """`334 Username:` in clear means that the source decoded the lines: they are no mistakes."""
    found = credential("C: AUTH LOGIN", "S: 334 Username:", "C: alice", "S: 334 Password:", "C: geheim", "S: 235 ok")
    assert (found.authcid, text(found.secret), found.problems) == ("alice", "geheim", ())


def test_hidden_by_the_source() -> None:
    """The mark that swaks puts in the place of a password is no password."""
    found = credential(
        "C: AUTH LOGIN",
        f"S: {USER}",
        f"C: {b64('alice')}",
        f"S: {PASSWORD}",
        f"C: {b64('PROVIDED_BUT_REMOVED')}",
        "S: 235 ok",
    )
    assert (found.secret, found.problems, found.exposure) == (None, ("masked-by-source",), Exposure.NONE)


def test_refused_before_anything_was_said() -> None:
    """No secret was sent, so nothing is exposed."""
    found = credential("C: AUTH LOGIN", "S: 504 5.7.4 Unrecognized authentication type")
    assert (found.outcome, found.exposure, found.advice) == (AuthOutcome.REJECTED, Exposure.NONE, "")


@pytest.mark.parametrize("line", ["alice geheim", f"{b64('alice')} {b64('geheim')}"])
def test_both_on_the_command_line(line: str) -> None:
    """Encoded or not: both are read, and the line is masked."""
    lines = (f"C: AUTH LOGIN {line}", "S: 501 5.5.4 no")
    found = credential(*lines)
    assert (found.authcid, text(found.secret), found.problems) == ("alice", "geheim", ("credentials-on-one-line",))
    assert line.encode() not in masked(*lines)


def test_password_typed_without_base64() -> None:
    """It was in clear on the wire, encoded or not."""
    lines = ("C: AUTH LOGIN", f"S: {USER}", f"C: {b64('alice')}", f"S: {PASSWORD}", "C: Winter-2024!", "S: 501 no")
    found = credential(*lines)
    assert (text(found.secret), found.exposure, found.problems) == ("Winter-2024!", Exposure.CLEAR, ("not-base64",))
    assert b"Winter-2024!" not in masked(*lines)


def test_maybe_swapped() -> None:
    """A word and then an address: either may be the password, so neither is shown."""
    lines = (
        "C: AUTH LOGIN",
        f"S: {USER}",
        f"C: {b64('alice')}",
        f"S: {PASSWORD}",
        f"C: {b64('my@pass.com')}",
        "S: 535 no",
    )
    found = credential(*lines)
    assert (found.authcid, found.problems) == (None, ("user-and-password-swapped",))
    assert b64("alice").encode() not in masked(*lines)
    assert b64("my@pass.com").encode() not in masked(*lines)
    assert "my@pass.com" not in str(found)
