"""What AUTH exchanges say, with other names and without secrets."""

from __future__ import annotations

import base64
import json

import pytest

from smtptrace.pseudonymize import Names
from smtptrace.pseudonymize._text import Sweeper
from smtptrace.pseudonymize._tokens import Tokens


@pytest.fixture
def tokens() -> Tokens:
    names = Names()
    return Tokens(names, Sweeper(names))


def encoded(token: bytes) -> bytes:
    return base64.b64encode(token)


@pytest.mark.parametrize(
    ("token", "secret", "expected"),
    [
        (b"\0alice\0Winter2024!", True, b"\0person1\0s1xxxxxxxxx"),
        (b"root\0alice@corp.net\0", True, b"person1\0person2@site1.net\0"),
        (b"alice", False, b"person1"),
        (b"CORP\\alice", False, b"SITE1\\person1"),
        (b"Winter2024!", True, b"s1xxxxxxxxx"),
        (b"Username:", False, b"Username:"),
        (b"alice 0123456789abcdef0123456789abcdef", True, b"person1 " + b"0" * 32),
        (b"<1896.697170952@mail.corp.net>", False, b"<person1@mail.site1.net>"),
        (b"n,,n=alice,r=fyko+d2lbbFgONRv", False, b"n,,n=person1,r=fyko+d2lbbFgONRv"),
        (b"c=biws,r=fyko,p=v0X8v3Bz2T0=", True, b"c=biws,r=fyko,p=00000000000="),
        (b"v=rmF9pqV8S7s=", True, b"v=00000000000="),
        (b'realm="corp.net",nonce="OA6MG9",qop="auth"', False, b'realm="site1.net",nonce="OA6MG9",qop="auth"'),
        (
            b'username="alice",realm="corp.net",digest-uri="smtp/ex01.corp.net",response=d388dad9',
            True,
            b'username="person1",realm="site1.net",digest-uri="smtp/site2.site1.net",response=00000000',
        ),
        (b"user=alice@corp.net\x01auth=Bearer ya29.abc\x01\x01", True,
         b"user=person1@site1.net\x01auth=Bearer s1xxxxxx\x01\x01"),
        (b"n,a=alice@corp.net,\x01host=ex01.corp.net\x01port=587\x01auth=Bearer x1\x01\x01", True,
         b"n,a=person1@site1.net,\x01host=site2.site1.net\x01port=587\x01auth=Bearer s1\x01\x01"),
        (b'{"status":"400","schemes":"Bearer"}', False, b'{"status":"400","schemes":"Bearer"}'),
        (b"\x05\x04\x04\xff\x00\x0c\x00\x00rest of it", False, b"\x05\x04\x04\xff\x00\x0c\x00\x00" + b"\x11" * 10),
    ],
)  # fmt: skip
def test_a_token_keeps_its_shape(tokens: Tokens, token: bytes, secret: bool, expected: bytes) -> None:
    """Every mechanism's fields are where they were."""
    assert tokens.token(token, secret) == expected
    assert base64.b64decode(tokens.encoded(encoded(token), secret)) == expected


def test_an_access_token_still_tells_what_it_was_for(tokens: Tokens) -> None:
    """Audience, scope and times stay; who it is for and the signature do not."""
    claims = {"aud": "https://outlook.office365.com", "exp": 1700000000, "upn": "alice@corp.net", "name": "Alice M",
              "scp": "SMTP.Send", "groups": ["x"]}  # fmt: skip
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in ({"alg": "RS256"}, claims)]
    new = tokens.token(
        b"user=alice@corp.net\x01auth=Bearer " + b".".join([*parts, b"c2lnbmF0dXJl"]) + b"\x01\x01", True
    )
    _, payload, signature = new.split(b"Bearer ")[1].split(b"\x01")[0].split(b".")
    told = json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
    assert (told["aud"], told["exp"], told["scp"]) == (claims["aud"], claims["exp"], claims["scp"])
    assert (told["upn"], told["name"]) == ("person1@site1.net", "xxxxx x")
    assert signature == b"A" * 12


@pytest.mark.parametrize("line", [b"", b"=", b"*"])
def test_what_is_no_token_stays(tokens: Tokens, line: bytes) -> None:
    """An empty response, and a cancel."""
    assert tokens.encoded(line, secret=True) == line


def test_what_cannot_be_read_is_filled_and_said(tokens: Tokens) -> None:
    """No base64, or octets of no known kind; the length stays."""
    assert tokens.encoded(b"p@ssw0rd!", secret=True) == b"x@xxx0xx!"
    assert tokens.unread
    assert tokens.encoded(encoded(b"\x01\x02\x03\x04\x05\x06"), secret=False) == encoded(b"\x11" * 6)
    assert tokens.unread
    tokens.encoded(encoded(b"alice"), secret=False)
    assert not tokens.unread


def test_base64_that_was_cut_off_is_read_as_far_as_it_goes(tokens: Tokens) -> None:
    """A snap length cuts anywhere."""
    whole = encoded(b"\0alice\0Winter2024!")
    new = tokens.encoded(whole[:22], secret=True)
    assert base64.b64decode(new[: len(new) // 4 * 4]).startswith(b"\0person1\0s1")


@pytest.mark.parametrize("mark", [b"PROVIDED_BUT_REMOVED", b"********", b"[credentials hidden]", b"<password>"])
def test_what_a_source_hid_stays_a_mark(tokens: Tokens, mark: bytes) -> None:
    """So that nobody takes it for what was sent."""
    assert tokens.encoded(mark, secret=True) == mark
    assert not tokens.unread
