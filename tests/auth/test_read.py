"""Outcome, places and belonging of AUTH exchanges, whatever the mechanism."""

from __future__ import annotations

import pytest
from support.auth import b64, credential, masked, session, text

from smtptrace.auth import AuthOutcome, Exposure, SecretIds, Verdict, read_credentials, stray_spans, verify
from smtptrace.auth._read import named
from smtptrace.redact import mask
from smtptrace.secret import Secret
from smtptrace.trace import Trace

LINE = b64("\0alice\0geheim")


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("235 2.7.0 ok", AuthOutcome.ACCEPTED),
        ("535 5.7.8 no", AuthOutcome.REJECTED),
        ("454 4.7.0 later", AuthOutcome.REJECTED),
        ("421 4.7.0 bye", AuthOutcome.REJECTED),
    ],
)
def test_outcome_is_the_final_reply(reply: str, outcome: AuthOutcome) -> None:
    """4xx and 5xx are rejections."""
    found = credential(f"C: AUTH PLAIN {LINE}", f"S: {reply}")
    assert (found.outcome, found.code) == (outcome, int(reply[:3]))


def test_no_reply_is_incomplete() -> None:
    """The capture ends, the line breaks: nobody knows, but the password was sent."""
    found = credential(f"C: AUTH PLAIN {LINE}")
    assert (found.outcome, found.code, found.exposure) == (AuthOutcome.INCOMPLETE, None, Exposure.CLEAR)


def test_challenge_without_answer_is_incomplete() -> None:
    """334 is no final reply."""
    found = credential("C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6")
    assert (found.outcome, found.code) == (AuthOutcome.INCOMPLETE, None)


def test_every_attempt_counts() -> None:
    """Three attempts in one session are three credentials, in their order."""
    found = read_credentials(
        session(
            f"C: AUTH PLAIN {LINE}",
            "S: 535 no",
            "C: AUTH LOGIN",
            "S: 334 VXNlcm5hbWU6",
            "C: *",
            "S: 501 cancelled",
            f"C: AUTH PLAIN {LINE}",
            "S: 235 ok",
        )
    )
    assert [each.outcome.value for each in found] == ["rejected", "cancelled", "accepted"]


def test_tls_at_the_moment_it_was_sent() -> None:
    """The exposure is the same, the advice says who can read it."""
    found = credential(f"C: AUTH PLAIN {LINE}", "S: 235 ok", tls=True)
    assert (found.tls, found.exposure) == (True, Exposure.CLEAR)
    assert "protected on the wire" in found.advice


def test_lines_that_stray_after_a_refusal() -> None:
    """A client that does not wait sends its name and password as commands: they belong to the attempt."""
    lines = (
        "C: AUTH LOGIN",
        "S: 504 5.7.4 no",
        f"C: {b64('alice')}",
        "S: 500 5.3.3 what",
        f"C: {b64('geheim!')}",
        "S: 500 5.3.3 what",
        "C: MAIL FROM:<a@example.com>",
        "S: 530 5.7.57 no",
    )
    found = credential(*lines)
    assert found.problems == ("stray-lines",)
    assert b64("geheim!").encode() not in masked(*lines)
    assert b"MAIL FROM:<a@example.com>" in masked(*lines)


def test_misspelt_verb_is_no_stray_secret() -> None:
    """What reads like a command stays readable."""
    assert b"QIUT" in masked(f"C: AUTH PLAIN {LINE}", "S: 535 no", "C: QIUT", "S: 500 what")


def test_server_that_repeats_the_parameter() -> None:
    """Sendmail quotes what it cannot decode: the reply is as secret as the line."""
    lines = (f"C: AUTH PLAIN {LINE[:-2]}", f"S: 501 5.5.4 cannot decode AUTH parameter {LINE[:-2]}")
    assert LINE[:-2].encode() not in masked(*lines)


def test_server_that_repeats_a_stray_line() -> None:
    """The same for a line that it took for a command."""
    lines = ("C: AUTH LOGIN", "S: 504 no", "C: Z2VoZWltIQ==", "S: 500 unknown command Z2VoZWltIQ==")
    assert b"Z2VoZWltIQ==" not in masked(*lines)


def test_lone_base64_lines_of_a_session() -> None:
    """Where the capture begins inside AUTH, the password is a line of its own."""
    lines = (f"C: {b64('geheimes Wort')}", "S: 235 ok", "C: NOOP", "S: 250 ok", "C: HELLOWORLD1", "S: 500 what")
    made = session(*lines)
    assert [(span.start, span.stop) for span in stray_spans(made)] == [(0, 22)]
    hidden = mask(Trace(made)).session.exchanges
    assert [each.command.raw.strip() for each in hidden if each.command] == [b"****", b"NOOP", b"HELLOWORLD1"]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"AUHT PLAIN {LINE}", "AUHT PLAIN ****"),
        (f"AUTHPLAIN {LINE}", "AUTHPLAIN ****"),
        (f"plain  {LINE}", "plain  ****"),
        (f"AUTH:LOGIN {b64('geheim')} {b64('geheim')}", "AUTH:LOGIN **** ****"),
        ("XCHECK HELLOWORLD1 password", "XCHECK HELLOWORLD1 password"),
    ],
)
def test_a_misspelt_login(said: str, shown: str) -> None:
    """What it bears is a secret whatever the server made of it; other words stay."""
    made = session(f"C: {said}", "S: 500 what")
    (hidden,) = mask(Trace(made)).session.exchanges
    assert hidden.command and hidden.command.raw.strip() == shown.encode()


def test_unknown_mechanism_is_shown_round_by_round() -> None:
    """Nobody knows what its octets hold, so they are hidden and the rest is said."""
    found = credential("C: AUTH X-ODD", f"S: 334 {b64('who?')}", f"C: {b64('me, geheim')}", "S: 535 no")
    assert (found.mechanism, found.authcid, found.secret, found.code) == ("X-ODD", None, None, 535)
    assert [(str(each.challenge), str(each.response)) for each in found.rounds] == [("('who?',)", "(Secret(****),)")]
    assert found.exposure is Exposure.GUESSABLE


def test_refused_mechanism_exposes_nothing() -> None:
    """No word was said."""
    assert credential("C: AUTH X-ODD", "S: 504 no").exposure is Exposure.NONE


def test_endless_exchange_is_bounded_and_masked() -> None:
    """Only so many steps are decoded; the lines after them are masked all the same."""
    lines = ["C: AUTH X-ODD"]
    for number in range(100):
        lines += ["S: 334 ", f"C: {b64(f'geheim{number:03}')}"]
    found = credential(*lines)
    assert len(found.rounds) == 64
    assert b64("geheim099").encode() not in masked(*lines)


def test_octets_of_another_mechanism() -> None:
    """What the octets are comes before what the command calls them."""
    found = credential(
        f"C: AUTH PLAIN {b64('user=a@example.com' + chr(1) + 'auth=Bearer t0ken' + chr(1) * 2)}", "S: 535 no"
    )
    assert (found.mechanism, found.authcid, found.problems[0]) == (
        "PLAIN",
        "a@example.com",
        "xoauth2-response-in-plain",
    )


@pytest.mark.parametrize(
    ("mechanism", "entry"),
    [
        ("LOGIN", "login"),
        ("PLAIN", "plain"),
        ("PLAIN-CLIENTTOKEN", "plain"),
        ("X-ODD", None),
        ("PLAINER", None),
        ("", None),
    ],
)
def test_which_file_serves_a_mechanism(mechanism: str, entry: str | None) -> None:
    """The longest name that the mechanism's name begins with."""
    assert named(mechanism) == entry


def test_equal_secrets_are_recognised() -> None:
    """Within a run; another run gives other keys, so that nothing can be compared across runs."""
    ids = SecretIds()
    assert [ids.of(Secret("a")), ids.of(Secret("b")), ids.of(Secret(b"a")), ids.of(None)] == ["#1", "#2", "#1", None]


def test_a_secret_never_prints() -> None:
    """Neither as text nor in the record's own form."""
    found = credential(f"C: AUTH PLAIN {LINE}", "S: 235 ok")
    assert "geheim" not in repr(found)
    assert LINE not in repr(found)
    assert text(found.secret) == "geheim"


def test_two_mechanisms_on_the_command_line() -> None:
    """The list of the server's offer, copied as it stands."""
    assert "two-mechanisms-named" in credential("C: AUTH LOGIN PLAIN", "S: 501 no").problems
    assert "two-mechanisms-named" not in credential(f"C: AUTH PLAIN {LINE}", "S: 501 no").problems


@pytest.mark.parametrize("mechanism", ["GSSAPI", "GSS-SPNEGO", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "NTLM"])
def test_credentials_in_clear_whatever_was_asked(mechanism: str) -> None:
    """A name and a password as text are in clear under any mechanism, and can be compared with a password."""
    lines = (f"C: AUTH {mechanism}", "S: 334 PDFAeD4=", f"C: {b64('alice:geheim')}", "S: 535 no")
    found = credential(*lines)
    assert (found.authcid, text(found.secret), found.exposure) == ("alice", "geheim", Exposure.CLEAR)
    assert verify(session(*lines).authentications[0], "geheim").verdict is Verdict.MATCHES
    assert b64("alice:geheim").encode() not in masked(*lines)


def test_response_in_the_place_of_the_mechanism() -> None:
    """`AUTH` with the blob alone: it is read, named and masked."""
    lines = (f"C: AUTH {LINE}", "S: 504 5.5.4 no")
    found = credential(*lines)
    assert (found.mechanism, found.authcid, text(found.secret)) == ("", "alice", "geheim")
    assert "mechanism-missing" in found.problems
    assert LINE.encode() not in masked(*lines)


def test_prompts_in_clear_on_the_wire() -> None:
    """A server that does not encode its prompts is answered in base64 all the same."""
    found = credential(
        "C: AUTH LOGIN", "S: 334 Username:", "C: YWxpY2U=", "S: 334 Password:", "C: Z2VoZWlt", "S: 235 ok"
    )
    assert (found.authcid, text(found.secret), found.problems) == ("alice", "geheim", ())


@pytest.mark.parametrize("mechanism", ["CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "NTLM", "GSSAPI", "XOAUTH2", "X-ODD"])
def test_hidden_responses_expose_nothing(mechanism: str) -> None:
    """What another tool masked cannot be read here."""
    found = credential(f"C: AUTH {mechanism}", "S: 334 PDFAeD4=", "C: ********", "S: 235 ok")
    assert (found.exposure, found.secret, found.authcid) == (Exposure.NONE, None, None)
    assert "masked-by-source" in found.problems


def test_random_octets_are_no_second_encoding() -> None:
    """A name of letters and digits decodes to something; that alone makes it no base64."""
    found = credential(f"C: AUTH PLAIN {b64(chr(0) + 'AKIAEXAMPLEEXAMPLE00' + chr(0) + 'geheim')}", "S: 535 no")
    assert (found.authcid, found.problems) == ("AKIAEXAMPLEEXAMPLE00", ())


def test_short_password_that_a_reply_holds_by_chance() -> None:
    """The server's words stay readable."""
    line = b64(chr(0) + "alice" + chr(0) + "auth")
    assert b"authentication failed" in masked(f"C: AUTH PLAIN {line}", "S: 535 5.7.8 Error: authentication failed")
