"""Laws of decoding logins: any octets are borne, nothing grows without bound, no secret stays readable."""

from __future__ import annotations

import base64

import pytest
from fuzz.seeds import SEEDS
from fuzz.targets import NAMES, TARGETS, exchange_of
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.auth import b64, credential, masked, session

from smtptrace.auth import Login, Verdict, responder, verify
from smtptrace.secret import Secret

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=5, max_size=30)
SAFE = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=':\\@"'), min_size=5, max_size=20)


@pytest.mark.parametrize("group", list(TARGETS))
@given(octets=st.binary(max_size=600))
@example(octets=b"")
def test_any_octets(group: str, octets: bytes) -> None:
    """No target raises."""
    TARGETS[group](octets)


@pytest.mark.parametrize("group", list(TARGETS))
@given(data=st.data())
def test_any_damage(group: str, data: st.DataObject) -> None:
    """Nor for messages that were in order before some octets of them were changed, added or cut."""
    octets = bytearray(data.draw(st.sampled_from(SEEDS[group])))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(octets)))
        octets[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    TARGETS[group](bytes(octets[: data.draw(st.integers(0, len(octets)))]))


@given(
    mechanism=st.sampled_from(NAMES), lines=st.lists(st.binary(max_size=80), max_size=8), encoding=st.integers(0, 255)
)
def test_rounds_stand_for_lines(mechanism: str, lines: list[bytes], encoding: int) -> None:
    """One decoded step for each line pair, none invented, none lost."""
    from smtptrace.auth._read import read_exchange

    exchange = exchange_of(mechanism, encoding, b"\n".join(lines))
    found = read_exchange(exchange)
    assert len(found.rounds) == len(exchange.rounds) + (exchange.initial is not None)
    for step, each in zip(found.rounds[exchange.initial is not None :], exchange.rounds, strict=True):
        assert (step.response is None) == (each.response is None or each.response == b"*")


@given(user=SAFE, password=WORDS)
def test_plain_and_login_give_back_what_was_sent(user: str, password: str) -> None:
    """Whatever it is, and verify it."""
    line = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    lines = (f"C: AUTH PLAIN {line}", "S: 235 ok")
    found = credential(*lines)
    if found.secret is not None:
        assert found.secret.octets() == password.encode()
        assert verify(session(*lines).authentications[0], password).verdict is Verdict.MATCHES
    assert line.encode() not in masked(*lines)


@settings(max_examples=30)
@given(user=SAFE, password=SAFE, mechanism=st.sampled_from(["CRAM-MD5", "CRAM-SHA256", "DIGEST-MD5"]))
def test_what_is_answered_verifies(user: str, password: str, mechanism: str) -> None:
    """The answering side and the verifying side agree, and no other password does."""
    challenge = "<1@x.example>" if mechanism.startswith("CRAM") else 'realm="r",nonce="n",qop="auth",charset=utf-8'
    answers = responder(mechanism, Login(user, Secret(password), host="x.example"))
    assert next(answers) is None
    said = answers.send(challenge.encode())
    assert said is not None
    lines = (f"C: AUTH {mechanism}", f"S: 334 {b64(challenge)}", f"C: {b64(said)}", "S: 235 ok")
    attempt = session(*lines).authentications[0]
    assert credential(*lines).authcid == user
    assert verify(attempt, password).verdict is Verdict.MATCHES
    assert verify(attempt, password + "x").verdict is Verdict.DIFFERS


@given(
    rest=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=4, max_size=24), tail=st.integers(0, 2)
)
def test_no_secret_stays_readable(rest: str, tail: int) -> None:
    """Refused, strayed or echoed: neither the line nor its text is left in the octets that are not masked."""
    secret = "q7Zx" + rest  # stands nowhere by chance
    line = b64(secret)
    ends = (
        ("S: 535 no",),
        ("S: 501 cannot decode AUTH parameter " + line,),
        ("S: 504 no", f"C: {line}", f"S: 500 what is {line}"),
    )[tail]
    lines = ("C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "C: YWxpY2U=", "S: 334 UGFzc3dvcmQ6", f"C: {line}", *ends)
    if tail == 2:
        lines = ("C: AUTH LOGIN", *ends)
    left = masked(*lines)
    assert line.encode() not in left
    assert not any(found in str(credential(*lines)) for found in (line, secret) if len(found) > 7)
