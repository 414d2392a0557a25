"""Bearer tokens after XOAUTH2 and OAUTHBEARER."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.auth import START_NS, b64, credential, masked, text, vectors

from smtptrace.auth import AuthOutcome, Exposure, Login, _jwt, responder
from smtptrace.secret import Secret

NOW = START_NS // 10**9
OUTLOOK = "https://outlook.office365.com"


def _vector(name: str) -> Any:
    found = vectors("oauth")
    return next(each for each in found["vectors"] + found["mistakes"] if each["id"] == name)


def _url64(value: Any) -> str:
    return b64(json.dumps(value)).rstrip("=").replace("+", "-").replace("/", "_")


def _jwt_of(**claims: Any) -> str:
    return f"{_url64({'alg': 'RS256', 'typ': 'JWT'})}.{_url64(claims)}.c2ln"


def _line(token: str, user: str = "a@contoso.com") -> str:
    return b64(f"user={user}\x01auth=Bearer {token}\x01\x01")


def _problems(token: str, **options: Any) -> tuple[str, ...]:
    return credential(f"C: AUTH XOAUTH2 {_line(token)}", "S: 535 no", **options).problems


@pytest.mark.parametrize("name", ["google-xoauth2", "microsoft-xoauth2", "rfc7628-4.1-imap"])
def test_published_responses(name: str) -> None:
    """User and token; who holds the token is the user, until it expires."""
    vector = _vector(name)
    line = f"C: AUTH {vector['mech']} {vector['initial_b64']}"
    found = credential(line, "S: 235 ok")
    assert (found.authcid, text(found.secret)) == (vector["user"], vector["token"])
    assert (found.exposure, found.problems) == (Exposure.BEARER, ())
    assert "revoke" in found.advice
    assert vector["initial_b64"].encode() not in masked(line, "S: 235 ok")
    assert "".join(map(str, found.rounds[0].response or ())) == f"user={vector['user']} auth=Bearer ****"


@pytest.mark.parametrize(("name", "answer"), [("rfc7628-error", "AQ=="), ("google-xoauth2-error", "")])
def test_error_report(name: str, answer: str) -> None:
    """The 334 that holds JSON is the server's no; the client acknowledges it, then the reply comes."""
    vector = _vector(name)
    lines = ("C: AUTH XOAUTH2 " + _line("t0ken"), f"S: 334 {vector['error_b64']}", f"C: {answer}", "S: 535 no")
    found = credential(*lines)
    assert (found.outcome, found.code, found.problems) == (AuthOutcome.REJECTED, 535, ("error-report",))
    shown = {key: vector["error_json"][key] for key in found.details["error"]}
    assert found.details["error"] == shown


def test_hanging_up_after_the_error_report() -> None:
    """There is no final reply, but the server has said no."""
    found = credential(f"C: AUTH XOAUTH2 {_line('t0ken')}", f"S: 334 {_vector('google-xoauth2-error')['error_b64']}")
    assert (found.outcome, found.code) == (AuthOutcome.REJECTED, None)
    assert found.problems == ("error-report", "no-final-reply")


def test_error_report_answered_by_a_command() -> None:
    """QUIT in the place of the acknowledgement."""
    error = _vector("google-xoauth2-error")["error_b64"]
    found = credential(f"C: AUTH XOAUTH2 {_line('t0ken')}", f"S: 334 {error}", "C: QUIT", "S: 535 no")
    assert "error-report-not-answered" in found.problems


@pytest.mark.parametrize(
    ("name", "slug", "user"),
    [
        ("literal-^A", "literal-escape", "a@b.c"),
        ("backslash-1", "literal-escape", "a@b.c"),
        ("missing-second-ctrl-a", "missing-second-control-a", "a@b.c"),
        ("no-bearer", "bearer-scheme-missing", "a@b.c"),
        ("lf-in-base64", "newline-in-base64", "someuser@example.com"),
        ("urlsafe", "url-safe-base64", "ÿÿ@b.c"),
        ("token-double-encoded", "token-double-encoded", "a@b.c"),
    ],
)
def test_published_mistakes(name: str, slug: str, user: str) -> None:
    """Each is named, and what was meant is read."""
    vector = _vector(name)
    found = credential(f"C: AUTH XOAUTH2 {vector.get('initial_b64') or vector['raw']}", "S: 535 no")
    assert found.problems == (slug,)
    assert found.authcid == user
    assert found.secret is not None


def test_body_of_the_other_mechanism() -> None:
    """`user=` after OAUTHBEARER, a GS2 header after XOAUTH2."""
    assert credential(f"C: AUTH OAUTHBEARER {_line('t')}", "S: 535").problems[-1] == "xoauth2-response-in-oauthbearer"
    line = b64("n,a=x@example.com,\x01auth=Bearer t\x01\x01")
    assert credential(f"C: AUTH XOAUTH2 {line}", "S: 535").problems[-1] == "oauthbearer-response-in-xoauth2"


@pytest.mark.parametrize(
    ("said", "slug"),
    [
        ("user=a@b.c\x01auth=Bearer 't0ken'\x01\x01", "quoted-token"),
        ("user=a@b.c\x01auth=Bearer t0ken\n\x01\x01", "newline-in-token"),
        ("user=a@b.c\x01auth=Bearer  t0ken \x01\x01", "surrounding-space"),
        ("user=\x01auth=Bearer t0ken\x01\x01", "empty-user"),
        ("user=a@b.c\x01auth=Bearer \x01\x01", "empty-token"),
        ("user=a@b.c\x01auth=Bearer undefined\x01\x01", "placeholder-value"),
        ("user=a@b.c\x01auth=Bearer result.AccessToken\x01\x01", "placeholder-value"),
        ("user=a@b.c\x01\x01", "token-missing"),
        ("ya29.abcdef", "token-without-framing"),
        ("user=a@b.c\x01auth=Bearer [redacted]\x01\x01", "masked-by-source"),
        ("user=a@b.c\x01auth=Bearer 1//0abc\x01\x01", "refresh-token"),
    ],
)
def test_mistakes_of_framing(said: str, slug: str) -> None:
    """Each is named."""
    assert credential(f"C: AUTH XOAUTH2 {b64(said)}", "S: 535 no").problems == (slug,)


def test_bare_jwt_on_the_line() -> None:
    """A token as such is no base64 of anything."""
    found = credential(f"C: AUTH XOAUTH2 {b64(_jwt_of(upn='a@b.c'))}", "S: 535 no")
    assert found.problems == ("token-without-framing",)
    assert found.details["token_kind"] == "JWT"


@pytest.mark.parametrize(
    ("name", "slugs"),
    [
        ("jwt-wrong-audience", ("token-expired", "token-for-another-audience")),
        ("jwt-good-shape", ()),
    ],
)
def test_published_tokens(name: str, slugs: tuple[str, ...]) -> None:
    """What the claims say about whether the server will take it."""
    assert _problems(_vector(name)["token"]) == slugs


def test_published_token_of_another_user() -> None:
    """In order for shared mailboxes only."""
    vector = _vector("jwt-user-mismatch")
    found = credential(f"C: AUTH XOAUTH2 {_line(vector['token'], vector['user'])}", "S: 535 no")
    assert found.problems == ("token-of-another-user",)


@pytest.mark.parametrize(
    ("claims", "slugs"),
    [
        ({"aud": OUTLOOK, "scp": "SMTP.Send", "exp": NOW + 60, "nbf": NOW - 60}, ()),
        ({"aud": OUTLOOK, "roles": ["SMTP.SendAsApp"], "exp": NOW + 60}, ()),
        ({"aud": OUTLOOK, "scp": "https://outlook.office.com/SMTP.Send"}, ()),
        ({"aud": OUTLOOK, "scp": "SMTP.Send", "exp": NOW - 1}, ("token-expired",)),
        ({"aud": OUTLOOK, "scp": "SMTP.Send", "nbf": NOW + 3600}, ("token-not-yet-valid",)),
        ({"aud": OUTLOOK, "scp": "Mail.Send"}, ("token-without-smtp-scope",)),
        ({"aud": "00000003-0000-0000-c000-000000000000", "tid": "x"}, ("token-for-another-audience",)),
        ({"aud": "https://mail.example.com", "exp": NOW + 60}, ()),
        ({"aud": "client-1", "nonce": "x", "iss": "https://login.microsoftonline.com/x"}, ("id-token",)),
        ({"exp": "soon", "nbf": True, "aud": 7}, ()),
        ({"exp": 1e300, "iat": -5}, ()),
        ({"exp": float("nan"), "nbf": float("inf")}, ()),
        ({}, ()),
    ],
)
def test_claims(claims: dict[str, Any], slugs: tuple[str, ...]) -> None:
    """Expiry, audience, scope, kind; odd values are no reason to stumble."""
    assert _problems(_jwt_of(**claims)) == slugs


def test_expiry_is_not_judged_without_a_clock() -> None:
    """A source without true times cannot say that a token was expired."""
    assert _problems(_jwt_of(exp=1), time_ns=None) == ()


def test_details_of_a_token() -> None:
    """Header and claims are shown, the signature is not; the expiry goes into the advice."""
    token = _jwt_of(aud=OUTLOOK, scp="SMTP.Send", exp=NOW + 60, iat=NOW, deep={"a": [1]}, upn="a@contoso.com")
    found = credential(f"C: AUTH XOAUTH2 {_line(token)}", "S: 235 ok")
    details = found.details
    assert (details["token_kind"], details["audience"], details["scopes"]) == ("JWT", [OUTLOOK], ["SMTP.Send"])
    assert (details["header"]["alg"], details["claims"]["deep"]) == ("RS256", "{'a': [1]}")
    assert details["expires"] in found.advice
    assert "c2ln" not in repr(details)


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        (b"ya29.x", "Google access token"),
        (b"1//x", "Google refresh token"),
        (b"EwBxx", "Microsoft account token"),
        (b"a.b.c.d.e", "opaque"),
        (f"{_url64({'alg': 'dir'})}.a.b.c.d".encode(), "JWE"),
        (b"eyJ.x.y", "opaque"),
        (b"x" * 100_000, "opaque"),
    ],
)
def test_kinds_of_tokens(token: bytes, kind: str) -> None:
    """As far as it can be told without a key."""
    assert _jwt.read(token).kind == kind


@pytest.mark.parametrize(
    "octets",
    [b'{"a":' * 100_000, b'{"a":' + b"9" * 5000 + b"}", b'{"a":1', b"[]", b"\xff", b"{" + b" " * 70_000 + b"}"],
)
def test_hostile_json(octets: bytes) -> None:
    """Depth, digits, size and nonsense give nothing, and no error."""
    from smtptrace.auth._json import read_object

    assert read_object(octets) is None


def test_undecodable_response_is_hidden() -> None:
    """It may be a token."""
    found = credential("C: AUTH XOAUTH2 ?!", "S: 501 no")
    assert (found.problems, found.exposure) == (("not-base64",), Exposure.BEARER)


def test_nothing_said() -> None:
    """A refused command exposes nothing."""
    assert credential("C: AUTH XOAUTH2", "S: 504 no").exposure is Exposure.NONE


@pytest.mark.parametrize(
    ("mechanism", "said", "acknowledged"),
    [
        ("XOAUTH2", b"user=a@b.c\x01auth=Bearer t0ken\x01\x01", b""),
        ("OAUTHBEARER", b"n,a=a@b.c,\x01host=mail.b.c\x01port=587\x01auth=Bearer t0ken\x01\x01", b"\x01"),
    ],
)
def test_answering(mechanism: str, said: bytes, acknowledged: bytes) -> None:
    """The framing, and the acknowledgement of an error report."""
    answers = responder(mechanism, Login("a@b.c", Secret("t0ken"), host="mail.b.c", port=587))
    assert next(answers) == said
    assert answers.send(b'{"status":"401"}') == acknowledged


def test_text_that_utf8_cannot_write() -> None:
    """JSON can name a lone surrogate; outputs cannot."""
    part = b64('{"aud":"\\ud800","\\udfff":"\\udfff","upn":"\\ud800"}').rstrip("=").replace("+", "-").replace("/", "_")
    found = credential(f"C: AUTH XOAUTH2 {_line(_url64({'alg': 'none'}) + '.' + part + '.x')}", "S: 535 no")
    assert json.dumps(found.details, ensure_ascii=False).encode()
    assert found.details["token_kind"] == "JWT"
