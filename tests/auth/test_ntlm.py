"""NTLM exchanges, whole and broken."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from support.auth import b64, credential, masked, session, text, vectors

from smtptrace.auth import Exposure, Verdict, _ntlm_proof, _ntlm_reading, _ntlm_response, verify
from smtptrace.auth import _ntlm_message as ntlm
from smtptrace.auth._proof import Identity

SUPPORTED = "S: 334 NTLM supported"
EXCHANGES = range(16)
MALFORMED = range(22)
NEGOTIATE = "TlRMTVNTUAABAAAABoIIAAAAAAAAAAAAAAAAAAAAAAA="


def _exchange(number: int) -> Any:
    return vectors("ntlm")["exchanges"][number]


def _lines(vector: Any, reply: str = "235 ok") -> tuple[str, ...]:
    return (
        "C: AUTH NTLM",
        SUPPORTED,
        f"C: {vector['negotiate_b64'] or NEGOTIATE}",
        f"S: 334 {vector['challenge_b64']}",
        f"C: {vector['authenticate_b64']}",
        f"S: {reply}",
    )


def _parsed(vector: Any, name: str) -> ntlm.NtlmMessage:
    return ntlm.parse(base64.b64decode(vector[f"{name}_b64"]))


@pytest.mark.parametrize("number", EXCHANGES)
def test_published_exchanges_decode_to_their_fields(number: int) -> None:
    """Kind, flags, names, lengths, and the AV pairs octet by octet."""
    vector = _exchange(number)
    expected, message = vector["expect"], _parsed(vector, "authenticate")
    challenge, response = _parsed(vector, "challenge"), _ntlm_response.response_of(message)
    assert response.kind == expected["kind"]
    assert challenge.flags == int(expected["challenge_flags"], 16)
    assert challenge.get("server-challenge").hex() == expected["server_challenge"]
    assert message.flags == int(expected["auth_flags"], 16)
    names = ("domain", "user", "workstation")
    assert [message.text(name) for name in names] == [expected[name] for name in names]
    assert message.payload_starts == expected["payload_starts"]
    assert (len(response.nt), len(response.lm)) == (expected["nt_len"], expected["lm_len"])
    pairs = [[pair.name, pair.octets.hex()] for pair in response.pairs]
    assert pairs == expected.get("av_pairs_in_response", [])
    assert (message.problems, challenge.problems) == ((), ())


@pytest.mark.parametrize("number", EXCHANGES)
def test_published_exchanges_as_dialogues(number: int) -> None:
    """User and domain are the credential's, the proof is its secret, and the last line is masked."""
    vector = _exchange(number)
    found = credential(*_lines(vector))
    assert (found.authcid, found.domain) == (vector["expect"]["user"], vector["expect"]["domain"])
    kind = vector["expect"]["kind"]
    assert found.exposure is (Exposure.GUESSABLE if kind == "NTLMv2" else Exposure.HASH)
    left = masked(*_lines(vector))
    assert vector["authenticate_b64"].encode() not in left
    assert vector["challenge_b64"].encode() in left


@pytest.mark.parametrize("number", EXCHANGES)
def test_verification(number: int) -> None:
    """The known password matches with every proof, the MIC among them; a wrong one matches with none."""
    vector = _exchange(number)
    expected = vector.get("verify")
    if expected is None:
        pytest.skip("the password is not published")
    (attempt,) = session(*_lines(vector)).authentications
    right = verify(attempt, vector["password"])
    proofs = {proof.name: proof.holds for proof in right.proofs}
    if not vector["negotiate_b64"]:
        proofs.pop("mic", None)
    assert right.verdict is Verdict.MATCHES
    assert proofs == {name: expected[name] for name in ("nt", "lm", "lmv2", "mic") if name in expected}
    wrong = verify(attempt, "not this one")
    assert wrong.verdict is Verdict.DIFFERS
    assert not any(proof.holds for proof in wrong.proofs)


@pytest.mark.parametrize("number", EXCHANGES)
def test_session_keys(number: int) -> None:
    """The key that the MIC rests on is the published one."""
    vector = _exchange(number)
    expected = vector.get("verify", {}).get("session_key")
    if expected is None:
        pytest.skip("no session key is published")
    messages = [_parsed(vector, name) for name in ("negotiate", "challenge", "authenticate") if vector[f"{name}_b64"]]
    talk = _ntlm_reading.talk_of(messages)
    identity = Identity(vector["expect"]["user"], vector["expect"]["domain"])
    key = _ntlm_proof.session_key(talk, vector["password"], identity)
    assert key is not None
    assert key.hex() == expected


@pytest.mark.parametrize(
    ("name", "kind", "problems", "user", "domain"),
    [
        ("anonymous", "anonymous", (), "", ""),
        ("anonymous-empty-lm", "anonymous", (), "", ""),
        ("nt-len-huge", "unknown", ("nt-response-out-of-range", "fields-overlap"), "User", "Domain"),
        ("nt-offset-huge", "unknown", ("nt-response-out-of-range",), "User", "Domain"),
        ("nt-offset-inside-header", "NTLMv2", ("nt-response-overlaps-header", "fields-overlap"), "User", "Domain"),
        ("overlap-user-domain", "NTLMv2", ("fields-overlap",), "Doma", "Domain"),
        ("maxlen-less-than-len", "NTLMv2", (), "User", "Domain"),
        ("odd-unicode-length", "NTLMv2", ("domain-odd-length",), "User", "Domai\\x6e"),
        ("lone-surrogate-user", "NTLMv1", ("user-not-utf-16",), "\\x00\\xd8A", "D"),
        ("truncated-at-24", "unknown", ("lm-response-out-of-range", "truncated-header"), "", ""),
        ("truncated-mid-nt", "unknown", ("nt-response-out-of-range", "session-key-out-of-range"), "User", "Domain"),
        ("nt-len-30", "unknown", (), "U", ""),
        ("nt-av-no-eol", "NTLMv2", (), "U", ""),
        ("av-eol-with-length", "NTLMv2", (), "U", ""),
        ("both-unicode-and-oem", "unknown", (), "U", ""),
        ("neither-unicode-nor-oem", "unknown", ("no-charset-flag",), "user", ""),
    ],
)
def test_malformed_authenticate(name: str, kind: str, problems: tuple[str, ...], user: str, domain: str) -> None:
    """What can be read is read, and every broken rule is named."""
    message = _malformed(name)
    assert (message.type, message.problems) == (ntlm.AUTHENTICATE, problems)
    assert _ntlm_response.response_of(message).kind == kind
    assert (message.text("user"), message.text("domain")) == (user, domain)


def _malformed(name: str) -> ntlm.NtlmMessage:
    (found,) = (each for each in vectors("ntlm")["malformed"] if each["id"] == name)
    return ntlm.parse(base64.b64decode(found["b64"]))


@pytest.mark.parametrize(
    ("name", "kind", "problems"),
    [
        ("type-4", None, ("unknown-message-type",)),
        ("signature-lowercase", None, ("not-ntlm",)),
        ("exim-spa-challenge", ntlm.CHALLENGE, ()),
        ("heimdal-negotiate-bad-offset", ntlm.NEGOTIATE, ("domain-overlaps-header",)),
        ("t1-16-bytes", ntlm.NEGOTIATE, ()),
        ("challenge-32-bytes", ntlm.CHALLENGE, ()),
    ],
)
def test_malformed_and_historic_messages(name: str, kind: int | None, problems: tuple[str, ...]) -> None:
    """Short historic forms are in order; what is no message says so."""
    message = _malformed(name)
    assert (message.type, message.problems) == (kind, problems)


def test_malformed_details() -> None:
    """The figures behind those problems."""
    assert _malformed("heimdal-negotiate-bad-offset").text("domain") == "\0" * 8
    assert _malformed("t1-16-bytes").flags == 0xB203
    assert len(_malformed("challenge-32-bytes").get("server-challenge")) == 8
    assert _malformed("exim-spa-challenge").get("target-info") == b""
    assert _ntlm_response.response_of(_malformed("nt-av-no-eol")).problems == ("av-pair-out-of-range",)
    assert _ntlm_response.response_of(_malformed("av-eol-with-length")).problems == ("av-end-with-length",)
    assert _malformed("nt-offset-inside-header").payload_starts == 72


@pytest.mark.parametrize("number", MALFORMED)
def test_malformed_messages_in_a_dialogue(number: int) -> None:
    """No message breaks the reading of its exchange, and nothing can be verified against what is cut."""
    line = vectors("ntlm")["malformed"][number]["b64"]
    lines = (
        "C: AUTH NTLM",
        SUPPORTED,
        f"C: {NEGOTIATE}",
        f"S: 334 {_exchange(2)['challenge_b64']}",
        f"C: {line}",
        "S: 535",
    )
    found = credential(*lines)
    assert found.code == 535
    (attempt,) = session(*lines).authentications
    assert verify(attempt, "x").verdict in (Verdict.NOT_PRESENT, Verdict.DIFFERS)


def test_details_of_both_sides() -> None:
    """Versions, names, clocks, flags by name, MIC, binding and SPN."""
    found = credential(*_lines(_exchange(8)), time_ns=1_588_861_700 * 10**9)
    details = found.details
    assert details["ntlm"] == "NTLMv2"
    assert details["server_version"] == "10.0.14604" or details["server_version"].startswith("10.0.")
    assert details["server"]["DnsComputerName"] == "DC01.domain.local"
    assert (details["mic"], details["channel_binding"], details["spn"]) == (
        "present",
        "none",
        "HOST\\dc01.domain.local",
    )
    assert "EXTENDED_SESSIONSECURITY" in details["challenge_flags"]
    assert details["server_time"].startswith("2020-05-07T")
    assert (details["workstation"], details["lm"]) == ("SERVER2019", "none")
    assert abs(details["skew_s"]) < 86_400


def test_clock_skew_against_the_capture() -> None:
    """A server clock that is off by more than five minutes is a problem; without true times nothing is said."""
    assert "clock-skew" in credential(*_lines(_exchange(8))).problems
    assert "clock-skew" not in credential(*_lines(_exchange(8)), time_ns=None).problems


def test_steps_in_plain_words() -> None:
    """Each message is one line; the proof is hidden."""
    steps = credential(*_lines(_exchange(2))).rounds
    said = [("".join(map(str, step.challenge or ())), "".join(map(str, step.response or ()))) for step in steps]
    assert said[0] == ("NTLM supported", "NTLM NEGOTIATE")
    assert said[1][0].startswith("NTLM CHALLENGE, 6.0.6000 (Windows Vista or Server 2008) from Server")
    assert said[1][1].endswith(": Domain\\User at COMPUTER, NTLMv2 ****")


def test_initial_response() -> None:
    """The first message may stand on the command line."""
    vector = _exchange(7)
    found = credential(
        f"C: AUTH NTLM {vector['negotiate_b64']}",
        f"S: 334 {vector['challenge_b64']}",
        f"C: {vector['authenticate_b64']}",
        "S: 235 ok",
    )
    assert (found.authcid, found.problems) == ("testuser", ())


@pytest.mark.parametrize("mechanism", ["SPA", "MSN", "X-ODD", "LOGIN"])
def test_under_any_name(mechanism: str) -> None:
    """The octets tell what they are."""
    vector = _exchange(2)
    lines = [line.replace("AUTH NTLM", f"AUTH {mechanism}") for line in _lines(vector)]
    found = credential(*lines)
    assert (found.mechanism, found.authcid, found.details["ntlm"]) == (mechanism, "User", "NTLMv2")
    assert found.problems == (("ntlm-response-in-login",) if mechanism == "LOGIN" else ())


@pytest.mark.parametrize("said", ["SMTPDOM\\jack-secret", "jack:geheim", "jack\\geheim"])
def test_name_and_password_instead_of_the_first_message(said: str) -> None:
    """A server may answer such a line with a real challenge; the part that may be a password stays hidden."""
    lines = ("C: AUTH NTLM", SUPPORTED, f"C: {b64(said)}", "S: 535 5.7.3 Authentication unsuccessful")
    found = credential(*lines)
    assert found.problems == ("text-instead-of-ntlm-message",)
    assert found.exposure is Exposure.CLEAR
    assert text(found.secret) == said.replace(":", "\\").split("\\")[1]
    assert b64(said).encode() not in masked(*lines)
    (attempt,) = session(*lines).authentications
    assert verify(attempt, text(found.secret) or "").verdict is Verdict.MATCHES


@pytest.mark.parametrize(
    ("said", "user", "secret"),
    [
        (("jack@example.com",), "jack@example.com", None),
        (("jack", "geheim"), "jack", "geheim"),
        (("word",), None, "word"),
    ],
)
def test_other_texts_instead_of_messages(said: tuple[str, ...], user: str | None, secret: str | None) -> None:
    """An address is a name; of two lines the second is the password; a lone word may be either and is hidden."""
    lines = ["C: AUTH NTLM", SUPPORTED, f"C: {b64(said[0])}"]
    for each in said[1:]:
        lines += [f"S: 334 {_exchange(2)['challenge_b64']}", f"C: {b64(each)}"]
    found = credential(*lines, "S: 535 no")
    assert (found.authcid, text(found.secret)) == (user, secret)
    assert "text-instead-of-ntlm-message" in found.problems


def test_credentials_typed_without_base64() -> None:
    """As they stand, they are the password's all the same."""
    lines = ("C: AUTH NTLM", SUPPORTED, "C: CORP\\geheim", "S: 501 5.5.2 no")
    found = credential(*lines)
    assert (found.authcid, text(found.secret)) == ("CORP", "geheim")
    assert found.problems == ("text-instead-of-ntlm-message", "not-base64")
    assert b"geheim" not in masked(*lines)


def test_plain_response_in_ntlm() -> None:
    """Three fields between NULs are PLAIN's, whoever asked."""
    found = credential("C: AUTH NTLM", SUPPORTED, f"C: {b64(chr(0) + 'jack' + chr(0) + 'geheim')}", "S: 535 no")
    assert (found.authcid, text(found.secret), found.exposure) == ("jack", "geheim", Exposure.CLEAR)
    assert found.problems == ("plain-response-in-ntlm",)


def test_double_base64_and_wrong_signature() -> None:
    """Mistakes of encoding are named."""
    once = _exchange(2)["negotiate_b64"] or NEGOTIATE
    assert credential("C: AUTH NTLM", SUPPORTED, f"C: {b64(once)}", "S: 535 no").problems[0] == "double-base64"
    lower = b64(base64.b64decode(NEGOTIATE).lower())
    assert "wrong-signature" in credential("C: AUTH NTLM", SUPPORTED, f"C: {lower}", "S: 535 no").problems


def test_messages_out_of_order() -> None:
    """AUTHENTICATE first, NEGOTIATE twice."""
    vector = _exchange(2)
    assert (
        "negotiate-missing"
        in credential("C: AUTH NTLM", SUPPORTED, f"C: {vector['authenticate_b64']}", "S: 535").problems
    )
    twice = credential("C: AUTH NTLM", SUPPORTED, f"C: {NEGOTIATE}", "S: 334 ", f"C: {NEGOTIATE}", "S: 535 no")
    assert twice.problems == ("negotiate-twice",)


@pytest.mark.parametrize(
    ("user", "domain", "slug"),
    [
        ("CORP\\jack", "", "domain-inside-user"),
        ("jack@example.com", "CORP", "domain-and-address"),
        ("jack", "", "missing-domain"),
        ("jack", "ELSEWHERE", "domain-unknown-to-server"),
        ("jack", "Domain", None),
        ("jack@example.com", "", None),
        ("", "", None),
    ],
)
def test_names_that_may_be_why_it_was_refused(user: str, domain: str, slug: str | None) -> None:
    """Compared with what the server says of itself, and only after a refusal."""
    message = authenticate(user, domain)
    challenge = _exchange(2)["challenge_b64"]
    lines = ("C: AUTH NTLM", SUPPORTED, f"C: {NEGOTIATE}", f"S: 334 {challenge}", f"C: {b64(message)}")
    assert credential(*lines, "S: 535 no").problems == ((slug,) if slug else ())
    assert credential(*lines, "S: 235 ok").problems == ()


def authenticate(user: str, domain: str, nt: bytes = b"\x11" * 24, lm: bytes = b"\x22" * 24) -> bytes:
    """An AUTHENTICATE message with these names and responses."""
    fields = [lm, nt, domain.encode("utf-16-le"), user.encode("utf-16-le"), b"", b""]
    head, payload = b"NTLMSSP\0" + (3).to_bytes(4, "little"), b""
    for field in fields:
        size = len(field).to_bytes(2, "little")
        head += size + size + (64 + len(payload)).to_bytes(4, "little")
        payload += field
    return head + (0x201).to_bytes(4, "little") + payload


def test_right_letters_in_the_wrong_case() -> None:
    """LM knows no case: it matches where NT does not."""
    (attempt,) = session(*_lines(_exchange(5))).authentications
    found = verify(attempt, "TESTPASS")
    assert found.verdict is Verdict.DIFFERS
    assert "case" in found.hint


def test_lm_alone_and_responses_that_hide_it() -> None:
    """What stands in the LM field is told."""
    assert _ntlm_response.response_of(ntlm.parse(authenticate("a", "", b""))).kind == "LM"
    same = _ntlm_response.response_of(ntlm.parse(authenticate("a", "", b"\x11" * 24, b"\x11" * 24)))
    assert (same.kind, same.lm_kind) == ("NTLMv1", "same as NT")


def test_lost_challenge_cannot_be_verified() -> None:
    """Without the server's octets no proof can be computed."""
    lines = (
        "C: AUTH NTLM",
        SUPPORTED,
        f"C: {NEGOTIATE}",
        "S: 334 ",
        f"C: {_exchange(2)['authenticate_b64']}",
        "S: 535",
    )
    (attempt,) = session(*lines).authentications
    assert verify(attempt, "Password").verdict is Verdict.NOT_PRESENT


def test_domain_that_the_client_left_out() -> None:
    """The variant that matched is named."""
    vector = _exchange(2)
    (attempt,) = session(*_lines(vector)).authentications
    message = attempt.rounds[1].response or b""
    raw = bytearray(base64.b64decode(message))
    raw[28:36] = bytes(8)
    attempt.rounds = (attempt.rounds[0], type(attempt.rounds[1])(attempt.rounds[1].challenge, b64(bytes(raw)).encode()))
    found = verify(attempt, "Password")
    assert found.verdict is Verdict.MATCHES
    assert found.identity is not None
    assert (found.identity.domain, found.identity.how) == ("Domain", "the server's NetBIOS domain")


def test_over_long_message_is_cut() -> None:
    """64 KiB are read, and it is said."""
    message = ntlm.parse(base64.b64decode(NEGOTIATE) + bytes(70_000))
    assert message.problems == ("over-long",)
    assert len(message.octets) == ntlm.LONGEST


def test_endless_pairs() -> None:
    """A list of thousands of pairs is read to its bound."""
    found, problems = ntlm.pairs(b"\x01\0\0\0" * 1000)
    assert (len(found), problems) == (ntlm.MOST_PAIRS, ("too-many-av-pairs",))
    assert found[0].name == "MsvAvNbComputerName"
    assert ntlm.pairs(b"\x99\0\0\0\0\0\0\0")[0][0].name == "MsvAv153"


@pytest.mark.parametrize("codec", ["utf-16-le", "ascii"])
def test_historic_form_without_flags(codec: str) -> None:
    """A header of 52 octets: what stands where flags would be is payload, and the character set is guessed."""
    fields = [b"\x22" * 24, b"\x11" * 24, "DOM".encode(codec), "jack".encode(codec), b""]
    head, payload = b"NTLMSSP\0" + (3).to_bytes(4, "little"), b""
    for at in (2, 3, 0, 1, 4):
        payload += fields[at]
    places = {2: 0, 3: len(fields[2]), 0: len(fields[2] + fields[3]), 1: len(fields[2] + fields[3]) + 24, 4: 0}
    for at, field in enumerate(fields):
        size = len(field).to_bytes(2, "little")
        head += size + size + (52 + places[at]).to_bytes(4, "little")
    message = ntlm.parse(head + payload)
    assert (message.flags, message.text("user"), message.text("domain")) == (None, "jack", "DOM")
    assert (message.payload_starts, message.problems) == (52, ())
    assert _ntlm_response.response_of(message).kind == "NTLMv1"
