"""AUTH as the server: what is asked, and what is made of the answers; the client's side is our own player's."""

from __future__ import annotations

import base64

import pytest
from replay.scripts import LOGIN
from replay.serving import roster, served

from smtptrace.auth import Login, responder
from smtptrace.replay.serve import Manner, Server
from smtptrace.replay.serve_action import HearLine, Say
from smtptrace.secret import Secret

PASSWORD = "Grüße 7"
RIGHT, WRONG = Secret(PASSWORD), Secret("other")
NTLM_CHALLENGE = (
    "TlRMTVNTUAACAAAADAAMADgAAAAzgoriASNFZ4mrze8AAAAAAAAAACQAJABEAAAABgBwFwAAAA9TAGUAcgB2AGUAcgACAAwARABvAG0AYQBpAG4A"
    "AQAMAFMAZQByAHYAZQByAAAAAAA="
)
DIGEST = 'realm="own.test",nonce="old",qop="auth",charset=utf-8,algorithm=md5-sess'


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def recording(mechanism: str, *challenges: str, initial: str = "", reply: str = "235 ok") -> str:
    """A login with these challenges; what the client said is not looked at."""
    rounds = "".join(f"S: 334 {each}\nC: eA==\n" for each in challenges)
    return f"S: 220 hi\nC: EHLO a\nS: 250 hi\nC: AUTH {mechanism}{initial}\n{rounds}S: {reply}\nC: QUIT\nS: 221 bye\n"


RECORDED = {
    "PLAIN": recording("PLAIN", initial=" AHgAeQ=="),
    "LOGIN": recording("LOGIN", "VXNlcm5hbWU6", "UGFzc3dvcmQ6"),
    "CRAM-MD5": recording("CRAM-MD5", encoded("<1.2@own.test>")),
    "DIGEST-MD5": recording("DIGEST-MD5", encoded(DIGEST), encoded("rspauth=0")),
    "SCRAM-SHA-1": recording("SCRAM-SHA-1", "cj0x", "dj0x", initial=" bixhPXgscj14"),
    "SCRAM-SHA-256": recording("SCRAM-SHA-256", "", "cj0x", "dj0x"),
    "NTLM": recording("NTLM", "NTLM supported", NTLM_CHALLENGE),
}
CHECKED = [*RECORDED]


def log_in(text: str, mechanism: str, here: Secret | None, secret: Secret = RIGHT, *, initial: bool = False):
    """What the server replied at the end, and the server; the client has `secret`, the server `here`."""
    server = Server(roster(text).seat(), Manner(secret=here))
    client = responder(mechanism, Login("alice", secret, host="own.test"))
    words = [b"EHLO a", b"AUTH " + mechanism.encode()]
    first = next(client)
    if initial and first is not None:
        words[1] += b" " + base64.b64encode(first)
        first = None
    actions, answer, said = server.serve(), None, b""
    try:
        while True:
            action = actions.send(answer)
            answer = None
            if isinstance(action, Say):
                said = action.octets.strip()
                if said.startswith(b"334"):
                    response, first = (first, None) if first is not None else (client.send(_challenge(said)), None)
                    words.append(base64.b64encode(response))
                elif said[:3] in (b"235", b"535"):
                    words, last = [b"QUIT"], said
            elif isinstance(action, HearLine):
                answer = words.pop(0) + b"\r\n"
    except StopIteration:
        return last, server


def _challenge(said: bytes) -> bytes:
    try:
        return base64.b64decode(said[4:], validate=True)
    except ValueError:
        return said[4:]


@pytest.mark.parametrize("initial", [False, True])
@pytest.mark.parametrize("mechanism", CHECKED)
def test_the_right_password(mechanism, initial):
    """The login ends as recorded, and the client finds the server's proof right where there is one."""
    reply, server = log_in(RECORDED[mechanism], mechanism, RIGHT, initial=initial)
    assert (reply, server.deviations()) == (b"235 ok", ())


@pytest.mark.parametrize("mechanism", CHECKED)
def test_another_password(mechanism):
    """Is refused, and told without either of them."""
    reply, server = log_in(RECORDED[mechanism], mechanism, RIGHT, WRONG)
    assert reply == b"535 5.7.8 authentication failed"
    assert server.deviations() == ("the password that the client has is not the one given here",)


@pytest.mark.parametrize("secret", [RIGHT, WRONG])
@pytest.mark.parametrize("mechanism", CHECKED)
def test_a_login_that_was_refused(mechanism, secret):
    """Stays refused, whatever the password is, and that is the script."""
    reply, server = log_in(RECORDED[mechanism].replace("235 ok", "535 5.7.3 no"), mechanism, RIGHT, secret)
    assert (reply, server.deviations()) == (b"535 5.7.3 no", ())


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "NTLM"])
def test_without_a_password(mechanism):
    """Any is good, and the challenges are those of the recording."""
    reply, server = log_in(RECORDED[mechanism], mechanism, None, WRONG)
    assert (reply, server.deviations()) == (b"235 ok", ())


def challenges(text: str, mechanism: str, here: Secret | None) -> list[bytes]:
    """What the server asks a client that answers with nothing."""
    server = Server(roster(text).seat(), Manner(secret=here))
    actions, words, found, answer = server.serve(), [b"EHLO a", b"AUTH " + mechanism.encode()], [], None
    try:
        while True:
            action = actions.send(answer)
            answer = (words.pop(0) if words else b"") + b"\r\n" if isinstance(action, HearLine) else None
            if isinstance(action, Say) and action.octets.startswith(b"334"):
                found.append(_challenge(action.octets.strip()))
            elif isinstance(action, Say) and action.octets[:3] in (b"235", b"535"):
                return found
    except StopIteration:
        return found


@pytest.mark.parametrize(("mechanism", "at"), [("CRAM-MD5", 0), ("DIGEST-MD5", 0), ("NTLM", 1)])
def test_challenges_are_never_the_same(mechanism, at):
    """With a password to check against; all else in them is as recorded."""
    text = RECORDED[mechanism]
    old, first, second = (challenges(text, mechanism, each)[at] for each in (None, RIGHT, RIGHT))
    assert len({old, first, second}) == 3
    if mechanism == "NTLM":
        assert first[:24] + first[32:] == old[:24] + old[32:]
    else:
        assert b"own.test" in first


def test_a_challenge_that_is_none():
    """It is said as it stands."""
    for mechanism in ("CRAM-MD5", "NTLM"):
        assert challenges(recording(mechanism, "wh?t"), mechanism, RIGHT) == [b"wh?t"]
    assert challenges(recording("DIGEST-MD5", reply="535 no"), "DIGEST-MD5", RIGHT) == []


def say(text: str, *lines: bytes, secret: Secret | None = RIGHT):
    from replay.serving import talk

    server = Server(roster(text).seat(), Manner(secret=secret))
    return talk(server, b"EHLO a", *lines), server


@pytest.mark.parametrize("mechanism", CHECKED)
@pytest.mark.parametrize("response", [b"", b"=", b"%%%", b"AAAA", b"*"])
def test_nonsense_is_no_password(mechanism, response):
    """It is refused without a word of harm."""
    replies, server = say(RECORDED[mechanism], b"AUTH " + mechanism.encode(), *[response] * 3)
    wanted = b"535" if response in (b"", b"AAAA") else b"501"
    assert wanted in [reply[:3] for reply in replies]
    assert server.deviations()[0]


def test_a_response_to_another_challenge():
    """Its proof may hold, and it is refused."""
    import hashlib

    said = {"username": "alice", "realm": "own.test", "nonce": "old", "cnonce": "c", "nc": "00000001"}
    said |= {"qop": "auth", "digest-uri": "smtp/own.test"}
    inner = hashlib.md5(f"alice:own.test:{PASSWORD}".encode()).digest() + b":old:c"
    outer = ":".join(
        (hashlib.md5(inner).hexdigest(), "old:00000001:c:auth", hashlib.md5(b"AUTHENTICATE:smtp/own.test").hexdigest())
    )
    said["response"] = hashlib.md5(outer.encode()).hexdigest()
    line = ",".join(f'{name}="{value}"' for name, value in said.items())
    _, server = say(RECORDED["DIGEST-MD5"], b"AUTH DIGEST-MD5", encoded(line).encode(), b"QUIT")
    assert server.deviations() == ("the response answers another challenge",)


def test_a_mistake_is_named():
    """What nearly was the password."""
    _, server = say(
        RECORDED["PLAIN"],
        b"AUTH PLAIN " + base64.b64encode(b"\0alice\0" + PASSWORD.replace("G", "g").encode()),
        b"QUIT",
    )
    assert "(the letters are right, but not their case)" in server.deviations()[0]
    _, server = say(RECORDED["PLAIN"], b"AUTH PLAIN " + base64.b64encode(f"\0alice\0{PASSWORD}\n".encode()), b"QUIT")
    assert "(it matches with a newline at its end)" in server.deviations()[0]


def test_cancelled_as_recorded():
    """Is no deviation."""
    text = LOGIN.replace("C: c2VjcmV0MQ==\nS: 235 ok", "C: *\nS: 501 gone")
    replies, server = say(text, b"AUTH LOGIN", b"eA==", b"*", b"QUIT")
    assert replies[-2:] == [b"501 gone", b"221 bye"]
    assert server.deviations() == ()


def test_a_bearer_token_is_not_the_password():
    """It is taken as recorded."""
    text = recording("XOAUTH2", initial=" dXNlcj1h")
    assert say(text, b"AUTH XOAUTH2 dXNlcj1i", b"QUIT")[1].deviations() == ()


def test_scram_without_the_password():
    """It ends as recorded: a client that wants a proof will not be content, and was told so."""
    first = base64.b64encode(b"n,,n=alice,r=abc")
    replies, server = say(RECORDED["SCRAM-SHA-1"], b"AUTH SCRAM-SHA-1 " + first, b"Yz1iaXdz", b"QUIT", secret=None)
    assert base64.b64decode(replies[2][4:]).startswith(b"r=abc")
    assert (replies[3], server.deviations()) == (b"235 ok", ())


@pytest.mark.parametrize("said", [b"!!!!", b"alice", b"\xff", b"YWxpY2U"])
@pytest.mark.parametrize("here", [None, RIGHT])
def test_what_is_no_base64_is_refused(said, here):
    """As any server would (RFC 4954, 4), whatever the recorded one was told."""
    words = (b"EHLO a", b"AUTH LOGIN", said, b"eA==", b"QUIT")
    replies, server = served(RECORDED["LOGIN"], *words, manner=Manner(secret=here))
    assert replies[-2] == b"501 5.5.2 a response is no base64"
    assert "a response is no base64 (RFC 4954, 4)" in server.deviations()


def test_what_was_recorded_so_is_taken_so():
    """A server that took it takes it again; a refusal stays as it was; an empty response is one."""
    text = RECORDED["LOGIN"].replace("C: eA==", "C: x")
    assert served(text, b"EHLO a", b"AUTH LOGIN", b"x", b"!", b"QUIT")[0][-2] == b"235 ok"
    refused = RECORDED["LOGIN"].replace("235 ok", "535 no")
    assert served(refused, b"EHLO a", b"AUTH LOGIN", b"x", b"!", b"QUIT")[0][-2] == b"535 no"
    assert served(RECORDED["LOGIN"], b"EHLO a", b"AUTH LOGIN", b"", b"eA==", b"QUIT")[0][-2] == b"235 ok"
    assert served(RECORDED["PLAIN"], b"EHLO a", b"AUTH PLAIN =", b"QUIT")[0][-2] == b"235 ok"
