"""The same NTLM and SPNEGO messages read by pyspnego: where both can read them, they agree."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.auth import vectors

from smtptrace.auth import _gss, _ntlm_message, _ntlm_response

raw = pytest.importorskip("spnego._ntlm_raw.messages")
spnego = pytest.importorskip("spnego._spnego")

NAMES = st.text(st.characters(codec="utf-16-le", exclude_categories=("Cs",)), max_size=20)


@pytest.mark.parametrize("number", range(16))
def test_authenticate(number: int) -> None:
    """Names, responses, flags, key, MIC and version."""
    octets = base64.b64decode(vectors("ntlm")["exchanges"][number]["authenticate_b64"])
    ours, theirs = _ntlm_message.parse(octets), raw.Authenticate.unpack(octets, encoding="cp1252")
    assert (ours.text("user"), ours.text("domain"), ours.text("workstation")) == (
        theirs.user_name or "",
        theirs.domain_name or "",
        theirs.workstation or "",
    )
    assert ours.get("nt-response") == (theirs.nt_challenge_response or b"")
    assert ours.get("lm-response") == (theirs.lm_challenge_response or b"")
    assert ours.get("session-key") == (theirs.encrypted_random_session_key or b"")
    assert ours.flags == int(theirs.flags)
    if _ntlm_response.response_of(ours).announces_mic:
        assert ours.get("mic") == theirs.mic


@pytest.mark.parametrize("number", range(16))
def test_challenge(number: int) -> None:
    """Server challenge, target, flags and target information."""
    octets = base64.b64decode(vectors("ntlm")["exchanges"][number]["challenge_b64"])
    ours, theirs = _ntlm_message.parse(octets), raw.Challenge.unpack(octets, encoding="cp1252")
    assert (ours.get("server-challenge"), ours.flags) == (theirs.server_challenge, int(theirs.flags))
    assert ours.text("target-name") == (theirs.target_name or "")
    pairs, problems = _ntlm_message.pairs(ours.get("target-info"))
    expected = [int(each) for each in theirs.target_info or ()]
    assert [pair.number for pair in pairs if pair.number] == [each for each in expected if each]
    assert problems == (() if ours.get("target-info") else ("av-list-without-end",))


@settings(max_examples=50)
@given(
    user=NAMES,
    domain=NAMES,
    workstation=NAMES,
    nt=st.binary(min_size=44, max_size=90),
    lm=st.binary(min_size=24, max_size=24),
)
def test_messages_that_pyspnego_packs(user: str, domain: str, workstation: str, nt: bytes, lm: bytes) -> None:
    """Whatever it writes, we read back."""
    packed = raw.Authenticate(
        flags=0xE2888235,
        domain_name=domain,
        username=user,
        workstation=workstation,
        nt_challenge_response=nt,
        lm_challenge_response=lm,
    ).pack()
    ours = _ntlm_message.parse(packed)
    assert (ours.text("user"), ours.text("domain"), ours.text("workstation")) == (user, domain, workstation)
    assert (ours.get("nt-response"), ours.get("lm-response")) == (nt, lm)
    assert ours.problems == ()


@pytest.mark.parametrize("number", range(36))
def test_spnego(number: int) -> None:
    """Offered mechanisms, state, chosen mechanism and whether a token is inside."""
    octets = base64.b64decode(vectors("spnego_kerberos")["tokens"][number]["b64"])
    ours = _gss.read(octets)
    assert ours is not None
    if not ours.kind.startswith("SPNEGO"):
        pytest.skip("a bare Kerberos token; pyspnego is asked about SPNEGO here, and test_gssapi reads it")
    theirs = spnego.unpack_token(octets)
    if isinstance(theirs, spnego.NegTokenResp):
        state = "" if theirs.neg_state is None else theirs.neg_state.name.replace("_", "-")
        assert ours.facts.get("state", "").startswith(state)
        assert ("chosen" in ours.facts) == (theirs.supported_mech is not None)
        assert (ours.ntlm or b"") == (
            theirs.response_token if (theirs.response_token or b"").startswith(b"NTLM") else b""
        )
    else:
        assert len(ours.facts["offered"]) == len(theirs.mech_types or ())
        assert (ours.ntlm or b"") == (theirs.mech_token if (theirs.mech_token or b"").startswith(b"NTLM") else b"")
