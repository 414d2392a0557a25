"""The three facts of a verification, and the four ways they combine."""

from __future__ import annotations

import unicodedata

import pytest
from support.auth import b64, session

from smtptrace.auth import AuthOutcome, Verdict, verify
from smtptrace.auth._verify import as_record


def _plain(sent: str | bytes, reply: str = "235 ok") -> tuple[str, ...]:
    octets = sent.encode() if isinstance(sent, str) else sent
    line = f"C: AUTH PLAIN {b64(b'%salice%s' % (bytes(1), bytes(1)) + octets)}"
    return (line, f"S: {reply}") if reply else (line,)


def _check(password: str, *lines: str):  # type: ignore[no-untyped-def]
    return verify(session(*lines).authentications[0], password)


@pytest.mark.parametrize(
    ("password", "reply", "verdict", "words"),
    [
        ("geheim", "235 ok", Verdict.MATCHES, "server took it"),
        ("geheim", "535 no", Verdict.MATCHES, "refused all the same"),
        ("falsch", "535 no", Verdict.DIFFERS, "another password, user or domain"),
        ("falsch", "235 ok", Verdict.DIFFERS, "took another password"),
        ("geheim", "", Verdict.MATCHES, "not in the capture"),
        ("falsch", "", Verdict.DIFFERS, "not in the capture"),
    ],
)
def test_four_combinations_and_no_answer(password: str, reply: str, verdict: Verdict, words: str) -> None:
    """What the proof and the server's answer mean together."""
    found = _check(password, *_plain("geheim", reply))
    assert found.verdict is verdict
    assert words in found.meaning


@pytest.mark.parametrize(
    ("sent", "how", "encoding"),
    [
        ("geheim\n", "with a newline at its end", ""),
        ("geheim\r\n", "with CR LF at its end", ""),
        (b64("geheim"), "as given", "encoded twice"),
    ],
)
def test_variants_of_an_ascii_password(sent: str, how: str, encoding: str) -> None:
    """The variant that matched is named."""
    found = _check("geheim", *_plain(sent))
    assert (found.verdict, found.variant, found.proofs[0].how) == (Verdict.MATCHES, how, encoding)


@pytest.mark.parametrize(
    ("sent", "how", "encoding"),
    [
        ("hünter".encode("latin-1"), "as given", "in Latin-1"),
        ("h€nter".encode("cp1252"), "as given", "in Windows-1252"),
        (unicodedata.normalize("NFD", "hünter").encode(), "in Unicode form D", ""),
        ("hünter".encode().decode("cp1252").encode(), "as UTF-8 read as Windows-1252", ""),
    ],
)
def test_variants_of_other_letters(sent: bytes, how: str, encoding: str) -> None:
    """Encodings and Unicode forms."""
    found = _check("h€nter" if "1252" in encoding else "hünter", *_plain(sent))
    assert (found.verdict, found.variant, found.proofs[0].how) == (Verdict.MATCHES, how, encoding)


def test_spaces_of_an_app_password() -> None:
    """Shown in groups, meant without."""
    assert _check("abcd efgh", *_plain("abcdefgh")).variant == "without spaces in it"
    assert _check(" geheim ", *_plain("geheim")).variant == "without spaces around it"


def test_wrong_case_is_hinted_at() -> None:
    """To the owner of the password."""
    found = _check("Geheim", *_plain("geheim"))
    assert (found.verdict, "case" in found.hint) == (Verdict.DIFFERS, True)


def test_nothing_to_compare_with() -> None:
    """A mechanism without a secret, one that is unknown, a hidden password."""
    for lines in (
        ("C: AUTH EXTERNAL =", "S: 235 ok"),
        ("C: AUTH X-ODD", "S: 504 no"),
        ("C: AUTH PLAIN ****", "S: 235 ok"),
    ):
        found = _check("geheim", *lines)
        assert (found.verdict, found.proofs) == (Verdict.NOT_PRESENT, ())
        assert "nothing" in found.meaning


def test_password_of_a_login_that_strays() -> None:
    """A wrapped line is joined before it is compared."""
    line = b64("\0" + "a" * 30 + "@example.com\0a rather long pass phrase")
    made = session(f"C: AUTH PLAIN {line[:60]}", "S: 501 no", f"C: {line[60:]}", "S: 500 what")
    found = verify(made.authentications[0], "a rather long pass phrase", made.exchanges[1:])
    assert found.verdict is Verdict.MATCHES


def test_record_never_holds_the_password() -> None:
    """Neither the candidate nor what was captured."""
    found = _check("geheim", *_plain("geheim"))
    record = as_record(found)
    assert "geheim" not in str(record)
    assert (record["proof"], record["user"], record["outcome"], record["code"]) == ("matches", "alice", "accepted", 235)
    assert as_record(_check("x", *_plain("geheim")))["variant"] is None


def test_password_that_is_no_valid_text() -> None:
    """A lone surrogate is compared like anything else."""
    found = _check("\ud800", *_plain("geheim"))
    assert (found.verdict, found.outcome) == (Verdict.DIFFERS, AuthOutcome.ACCEPTED)
