"""SCRAM with both proofs."""

from __future__ import annotations

from typing import Any

import pytest
from support.auth import b64, credential, masked, session, text, vectors

from smtptrace.auth import AuthError, AuthOutcome, Exposure, Login, Verdict, responder, verify
from smtptrace.auth._saslprep import saslprep
from smtptrace.errors import UsageError
from smtptrace.secret import Secret

NAMES = ("SCRAM-SHA-1", "SCRAM-SHA-256")


def _lines(number: int, vector: Any) -> tuple[str, ...]:
    return (
        f"C: AUTH {NAMES[number]} {vector['client_first_b64']}",
        f"S: 334 {vector['server_first_b64']}",
        f"C: {vector['client_final_b64']}",
        f"S: 334 {vector['server_final_b64']}",
        "C: ",
        "S: 235 ok",
    )


@pytest.mark.parametrize("number", [0, 1])
def test_published_exchanges(number: int) -> None:
    """Fields, proofs, and which lines stay readable."""
    vector = vectors("scram")["vectors"][number]
    lines = _lines(number, vector)
    found = credential(*lines)
    assert (found.authcid, found.exposure, found.problems) == (vector["user"], Exposure.GUESSABLE, ())
    assert found.details["hash"] == vector["hash"]
    assert (found.details["iterations"], found.details["server_proof"]) == (4096, True)
    assert found.details["channel_binding"] == "not supported by client"
    (attempt,) = session(*lines).authentications
    assert [(each.name, each.holds) for each in verify(attempt, vector["password"]).proofs] == [
        ("client proof", True),
        ("server signature", True),
    ]
    assert [each.holds for each in verify(attempt, "other").proofs] == [False, False]
    left = masked(*lines)
    assert vector["client_first_b64"].encode() in left
    assert vector["client_final_b64"].encode() not in left
    assert vector["server_final_b64"].encode() not in left


def test_steps_in_plain_words() -> None:
    """Both proofs are hidden, nothing else."""
    vector = vectors("scram")["vectors"][0]
    said = [
        ("".join(map(str, each.challenge or ())), "".join(map(str, each.response or ())))
        for each in credential(*_lines(0, vector)).rounds
    ]
    assert said[0] == ("", vector["client_first"])
    assert said[1] == (vector["server_first"], vector["client_final"].rpartition("p=")[0] + "p=****")
    assert said[2] == ("v=****", "")


def test_one_side_of_the_exchange() -> None:
    """Without the server's messages user and proof are still there, but nothing can be verified."""
    from smtptrace.smtp import Round

    vector = vectors("scram")["vectors"][0]
    made = session(f"C: AUTH SCRAM-SHA-1 {vector['client_first_b64']}")
    (attempt,) = made.authentications
    attempt.rounds = (Round(None, vector["client_final_b64"].encode()),)
    from smtptrace.auth import read_credentials

    (found,) = read_credentials(made)
    assert (found.authcid, found.outcome, found.exposure) == ("user", AuthOutcome.INCOMPLETE, Exposure.GUESSABLE)
    assert text(found.secret) == "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
    assert verify(attempt, "pencil").verdict is Verdict.NOT_PRESENT


def _exchange(first: str, offer: str, final: str | None, *rest: str) -> tuple[str, ...]:
    lines = (f"C: AUTH SCRAM-SHA-256 {b64(first)}", f"S: 334 {b64(offer)}")
    return (*lines, *((f"C: {b64(final)}",) if final is not None else ()), *rest)


@pytest.mark.parametrize(
    ("first", "offer", "final", "slug"),
    [
        ("n,,n=a,r=x", "r=y,s=YWE=,i=4096", "c=biws,r=y,p=YQ==", "server-nonce-mismatch"),
        ("n,,n=a,r=x", "r=xy,s=YWE=,i=4096", "c=biws,r=x,p=YQ==", "client-nonce-mismatch"),
        ("n,,n=a,r=x", "r=xy,s=YWE=,i=4096", "c=eSws,r=xy,p=YQ==", "channel-binding-mismatch"),
        ("n,,n=a,r=x", "r=xy,s=YWE=,i=4096", "c=biws,r=xy", "proof-missing"),
        ("n,,n=a,r=x", "r=xy,s=YWE=,i=10", "c=biws,r=xy,p=YQ==", "few-iterations"),
        ("n,,n=a,r=x", "r=xy,s=YWE=,i=99999999", "c=biws,r=xy,p=YQ==", "too-many-iterations"),
        ("n,,n=a,r=x", "r=xy,s=YWE=,i=" + "9" * 5000, "c=biws,r=xy,p=YQ==", "iterations-unreadable"),
        ("alice", "r=xy,s=YWE=,i=4096", None, "not-a-scram-message"),
    ],
)
def test_mistakes(first: str, offer: str, final: str | None, slug: str) -> None:
    """Each is named."""
    assert credential(*_exchange(first, offer, final, "S: 535 no")).problems == (slug,)


def test_iterations_are_capped() -> None:
    """The count comes from the capture: nobody may make a verification last for hours."""
    lines = _exchange("n,,n=a,r=x", "r=xy,s=YWE=,i=99999999", "c=biws,r=xy,p=YQ==", "S: 535 no")
    found = verify(session(*lines).authentications[0], "pw")
    assert (found.verdict, found.proofs) == (Verdict.TOO_COSTLY, ())
    assert "iterations" in found.meaning


def test_many_iterations_allow_one_form_only() -> None:
    """Below the cap, but slow: variants are not tried."""
    lines = _exchange("n,,n=a,r=x", "r=xy,s=YWE=,i=500001", "c=biws,r=xy,p=YQ==", "S: 535 no")
    assert verify(session(*lines).authentications[0], "pw").verdict is Verdict.DIFFERS


@pytest.mark.parametrize(
    ("header", "binding", "authzid"),
    [
        ("y,,", "supported by client, not offered by server", None),
        ("p=tls-exporter,,", "tls-exporter", None),
        ("n,a=bo=2Css,", "not supported by client", "bo,ss"),
    ],
)
def test_gs2_header(header: str, binding: str, authzid: str | None) -> None:
    """Channel binding and the identity to act for stand in front."""
    found = credential(f"C: AUTH SCRAM-SHA-256-PLUS {b64(header + 'n=u=3Dser,r=x')}", "S: 535 no")
    assert (found.details["channel_binding"], found.authzid, found.authcid) == (binding, authzid, "u=ser")


def test_error_of_the_server() -> None:
    """`e=` says why."""
    lines = _exchange("n,,n=a,r=x", "r=xy,s=YWE=,i=4096", "c=biws,r=xy,p=YQ==")
    found = credential(*lines, f"S: 334 {b64('e=invalid-proof')}", "C: ", "S: 535 no")
    assert found.details["server_error"] == "invalid-proof"


def test_undecodable_response_is_hidden() -> None:
    """It may be anything."""
    found = credential("C: AUTH SCRAM-SHA-1 ?!", "S: 501 no")
    assert (found.problems, found.exposure) == (("not-base64",), Exposure.GUESSABLE)
    assert str(found.rounds[0].response) == "(Secret(****),)"


@pytest.mark.parametrize("number", [0, 1])
def test_answering(number: int) -> None:
    """With the published nonce the published messages come out, and the server's proof is checked."""
    vector = vectors("scram")["vectors"][number]
    nonce = vector["client_first"].rpartition("r=")[2]
    answers = responder(NAMES[number], Login("user", Secret("pencil"), nonce=nonce))
    assert next(answers) == vector["client_first"].encode()
    assert answers.send(vector["server_first"].encode()) == vector["client_final"].encode()
    assert answers.send(vector["server_final"].encode()) == b""
    again = responder(NAMES[number], Login("user", Secret("pencil"), nonce=nonce))
    next(again)
    again.send(vector["server_first"].encode())
    with pytest.raises(AuthError, match="did not prove"):
        again.send(b"v=AAAA")


@pytest.mark.parametrize("offer", ["r=other,s=YWE=,i=4096", "r=n,s=,i=1", "", "r=n,s=YWE=,i=99999999"])
def test_answering_a_false_server(offer: str) -> None:
    """A nonce that is not ours, no salt, an absurd count."""
    answers = responder("SCRAM-SHA-1", Login("user", Secret("pencil"), nonce="n"))
    next(answers)
    with pytest.raises(AuthError):
        answers.send(offer.encode())


def test_plus_is_not_answered() -> None:
    """It needs the TLS channel."""
    with pytest.raises(UsageError):
        next(responder("SCRAM-SHA-1-PLUS", Login("user", Secret("pencil"))))


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("\u0007", None),
        ("\u0627\u0031", None),
        ("a\u00a0b", "a b"),
        ("\u0627\u0628", "\u0627\u0628"),
        ("\u0627a\u0628", None),
    ],
)
def test_saslprep(text: str, prepared: str | None) -> None:
    """The examples of RFC 4013, 3, and right-to-left text."""
    assert saslprep(text) == prepared
