"""Lone tokens and lines, recognised by themselves."""

from __future__ import annotations

import base64
from itertools import pairwise

import pytest
from support.auth import b64, vectors

from smtptrace.auth import Description, decode_token
from smtptrace.redact import reveal_description


def _fields(found: Description) -> dict[str, str]:
    return {row.name.strip(): "".join(map(str, row.value)) for row in found.rows}


@pytest.mark.parametrize(
    ("text", "kind", "encodings"),
    [
        ("VXNlcm5hbWU6", "LOGIN prompt", ("base64",)),
        ("334 VXNlcm5hbWU6", "LOGIN prompt", ("334", "base64")),
        ("S: 334 UGFzc3dvcmQA", "LOGIN prompt", ("334", "base64")),
        ("AHRpbQB0YW5zdGFhZnRhbnN0YWFm", "PLAIN response", ("base64",)),
        ("auth plain AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n", "PLAIN response", ("AUTH PLAIN", "base64")),
        ("C: AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm", "PLAIN response", ("AUTH PLAIN", "base64")),
        ("QUhWelpYSUFjR0Z6Y3c9PQ==", "PLAIN response", ("base64", "base64")),
        ("00616c69636500676568656d", "PLAIN response", ("hex",)),
        ("PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+", "CRAM challenge", ("base64",)),
        ("dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw", "CRAM response", ("base64",)),
        ("cj14eSxzPVlXRT0saT00MDk2", "SCRAM server-first message", ("base64",)),
        (b64("n,a=b,n=u,r=x"), "SCRAM client-first message", ("base64",)),
        (b64("c=biws,r=xy,p=YQ=="), "SCRAM client-final message", ("base64",)),
        (b64("v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), "SCRAM server-final message", ("base64",)),
        (b64("e=invalid-proof"), "SCRAM server-final message", ("base64",)),
        (b64('realm="x",nonce="y"'), "DIGEST-MD5 challenge", ("base64",)),
        (b64('username="x",nonce="y",response=00'), "DIGEST-MD5 response", ("base64",)),
        (b64("rspauth=00"), "DIGEST-MD5 server proof", ("base64",)),
        (b64('{"status":"401"}'), "OAuth error report", ("base64",)),
        (b64("user=a@b.c\x01auth=Bearer t\x01\x01"), "XOAUTH2 response", ("base64",)),
        (b64("n,a=a@b.c,\x01host=h\x01auth=Bearer t\x01\x01"), "OAUTHBEARER response", ("base64",)),
        ("ya29.abc", "bearer token", ()),
        ("****", "hidden by the source", ()),
        ("AUTH LOGIN", "nothing said", ("AUTH LOGIN",)),
        ("X-EXPS EXTERNAL =", "empty response", ("X-EXPS EXTERNAL",)),
        ("YWxpY2U=", "text", ("base64",)),
        ("616c696365204241", "text", ("hex",)),
        (b64("geheim".encode("utf-16-le")), "text in UTF-16", ("base64",)),
        ("user@example.com", "text", ()),
        ("AAECAwQF", "binary", ("base64",)),
        ("\x01\x02", "binary", ()),
        ("", "binary", ("base64",)),
    ],
)
def test_what_it_is(text: str, kind: str, encodings: tuple[str, ...]) -> None:
    """Kind, and how it was wrapped."""
    found = decode_token(text)
    assert (found.kind, found.encodings) == (kind, encodings)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Pz8_YWJjZGVm", "url-safe-base64"),
        ("YWxpY2U", "missing-base64-padding"),
        (b64(b64("user@example.com")), "double-base64"),
        ("dXNlckBleGFtcGxl\r\nLmNvbQ==", "wrapped-line"),
        (b64("alice\n"), "trailing-newline"),
        (b64("user=a@b.c^Aauth=Bearer t^A^A"), "literal-escape"),
    ],
)
def test_what_is_wrong(text: str, problem: str) -> None:
    """Named as in an exchange."""
    assert problem in decode_token(text).problems


def test_ntlm_field_by_field() -> None:
    """Every field lies where its offset and length say, and no two of them pretend to overlap."""
    vector = vectors("ntlm")["exchanges"][8]
    octets = base64.b64decode(vector["authenticate_b64"])
    found = decode_token(vector["authenticate_b64"])
    assert found.kind == "NTLM AUTHENTICATE"
    places = {row.name: (row.offset, row.length) for row in found.rows}
    assert places["user"] == (88 + 0, 54)
    start, size = places["user"]
    assert octets[start : start + size].decode("utf-16-le") == vector["expect"]["user"] == _fields(found)["user"]
    top = sorted((row.offset, row.length) for row in found.rows if row.offset is not None and row.name[0] != " ")
    assert all(first[0] + first[1] <= second[0] for first, second in pairwise(top))
    assert top[-1][0] + top[-1][1] <= len(octets)
    hidden = {name for name, value in _fields(found).items() if value == "****"}
    assert hidden == {"mic", "lm-response", "nt-response", "session-key", "proof"}


def test_every_pair_of_target_information_has_its_place() -> None:
    """Within the message, not within the list."""
    vector = vectors("ntlm")["exchanges"][8]
    octets = base64.b64decode(vector["challenge_b64"])
    pairs = [row for row in decode_token(vector["challenge_b64"]).rows if row.name.startswith("  Msv")]
    for row in pairs:
        assert int.from_bytes(octets[row.offset + 2 : row.offset + 4], "little") == row.length - 4
    assert [row.name.strip() for row in pairs][-1] == "MsvAvEOL"


@pytest.mark.parametrize("number", range(36))
def test_gss_tokens(number: int) -> None:
    """Each is named, with the message inside."""
    vector = vectors("spnego_kerberos")["tokens"][number]
    found = decode_token(vector["b64"])
    assert found.kind.startswith(("SPNEGO", "Kerberos"))
    octets = base64.b64decode(vector["b64"])
    inside = [row for row in found.rows if row.name == "NTLM message"]
    assert [row.offset for row in inside] == ([octets.find(b"NTLMSSP\0")] if b"NTLMSSP\0" in octets else [])


@pytest.mark.parametrize("number", range(22))
def test_malformed_ntlm(number: int) -> None:
    """Never an error; the problems are those of the exchange."""
    found = decode_token(vectors("ntlm")["malformed"][number]["b64"])
    assert found.kind.startswith("NTLM") or found.kind == "binary"


def test_secrets_show_only_when_revealed() -> None:
    """As everywhere."""
    found = decode_token("AHRpbQB0YW5zdGFhZnRhbnN0YWFm")
    assert _fields(found)["password"] == "****"
    assert _fields(reveal_description(found))["password"] == "tanstaaftanstaaf"


def test_input_is_bounded() -> None:
    """A megabyte is cut, not digested."""
    assert decode_token("A" * 1_000_000).problems == ("over-long",)
