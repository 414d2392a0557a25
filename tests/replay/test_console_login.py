"""AUTH with the help of the console: what is asked, sent and shown."""

from __future__ import annotations

import pytest
from replay.consoles import EHLO, sent, talking

from smtptrace import net
from smtptrace.replay.console_manners import Manners, State
from smtptrace.replay.console_record import traced
from smtptrace.wire import Octets


def test_auth_login_asks_encodes_and_masks():
    """User and password are asked for before anything is sent; what each line means stands beside it."""
    replies = ("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 2.7.0 welcome, secret1")
    with talking("220 hi", EHLO, *replies) as (who, server):
        who.says("EHLO me")
        assert who.says("auth login", "alice", "secret1") == [
            "C: AUTH LOGIN",
            "S: 334 VXNlcm5hbWU6   = Username:",
            "C: YWxpY2U=   = alice",
            "S: 334 UGFzc3dvcmQ6   = Password:",
            "C: ****   = ****",
            "S: 235 2.7.0 welcome, ****   = The login is accepted.",
        ]
        assert who.asked == ["User", f"Password of alice at localhost:{server.port}"]
        assert not who.console.remembers("NOOP secret1")
    assert sent(server)[1:] == ["AUTH LOGIN", "YWxpY2U=", "c2VjcmV0MQ=="]


def test_the_user_may_be_named_beforehand():
    """Then only the password is asked for."""
    with talking("220 hi", EHLO, "235 ok", manners=Manners(user="alice")) as (who, server):
        who.says("EHLO me")
        assert who.says("AUTH PLAIN", "secret1")[0] == "C: AUTH PLAIN ****   = \\0alice\\0****"
    assert sent(server)[1] == "AUTH PLAIN AGFsaWNlAHNlY3JldDE="


@pytest.mark.parametrize("answers", [(None,), ("alice", None)])
def test_a_login_that_is_left_sends_nothing(answers):
    """Ctrl-C at either question."""
    with talking("220 hi", EHLO) as (who, server):
        who.says("EHLO me")
        assert who.says("auth login", *answers) == ["** no login: nothing was sent"]
    assert sent(server) == ["EHLO me"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("auth", "** AUTH and a mechanism, such as AUTH PLAIN; offered: LOGIN PLAIN CRAM-MD5"),
        ("auth foo", "** foo: cannot log in with this mechanism"),
    ],
)
def test_a_login_that_cannot_be(line, told):
    """It is said what can be done, and nothing is sent."""
    with talking("220 hi", EHLO) as (who, server):
        who.says("EHLO me")
        (seen,) = who.says(line)
        assert seen.lower().startswith(told.lower())
    assert len(server.lines) == 1


def test_a_mechanism_that_is_not_offered_is_tried_with_a_warning():
    """The user named it; the server says what it thinks of it."""
    with talking("220 hi", EHLO, "504 no such mechanism") as (who, _):
        who.says("EHLO me")
        seen = who.says("AUTH ANONYMOUS", "guest")
        assert seen[0] == "** ANONYMOUS is not offered; offered: LOGIN PLAIN CRAM-MD5"
        assert "S: 504 no such mechanism" in seen


def test_a_challenge_without_end_is_cancelled():
    """A server that goes on asking is told `*`."""
    with talking("220 hi", EHLO, *["334 "] * 3, "501 cancelled") as (who, server):
        who.says("EHLO me")
        seen = who.says("auth login", "alice", "secret1")
        assert "** the target asks for more than the mechanism has to say" in seen
    assert sent(server)[-1] == "*"


def test_no_credentials_in_clear_to_another_machine(monkeypatch):
    """Neither by question nor as a raw line, until TLS began or the user allows it."""
    monkeypatch.setattr(net, "is_loopback", lambda address: False)
    with talking("220 hi", EHLO) as (who, server):
        who.says("EHLO me")
        for line in ("auth plain", "AUTH PLAIN AGEAYg==", "/raw AUTH LOGIN", "x-exps login", "AUTH=LOGIN YQ=="):
            (seen,) = who.says(line)
            assert seen.startswith("** not sent: there is no TLS, and credentials do not go in clear")
        assert who.asked == []
    assert sent(server) == ["EHLO me"]
    with talking("220 hi", EHLO, "235 ok", manners=Manners(plain_auth=True)) as (who, server):
        who.says("EHLO me")
        assert who.says("auth plain", "alice", "x")[-1].startswith("S: 235")


def test_a_raw_login_is_masked_and_goes_on_in_base64():
    """What the user encodes is sent as it is; the next line is a response, hidden and never remembered."""
    with talking("220 hi", EHLO, "334 UGFzc3dvcmQ6", "535 5.7.8 no") as (who, server):
        who.says("EHLO me")
        assert not who.console.remembers("AUTH LOGIN YWxpY2U=")
        assert who.says("AUTH LOGIN YWxpY2U=") == [
            "C: AUTH LOGIN ****",
            "S: 334 UGFzc3dvcmQ6   = Password:",
            "** now the response in base64, or * to cancel",
        ]
        assert who.console.state is State.RESPONSE
        assert not who.console.remembers("NOOP")
        seen = who.says("c2VjcmV0MQ==")
        assert seen[:2] == ["C: ****   = ****", "S: 535 5.7.8 no"]
        assert who.console.state is State.COMMAND
    assert sent(server)[1:] == ["AUTH LOGIN YWxpY2U=", "c2VjcmV0MQ=="]


def test_a_server_out_of_its_mind_lets_no_secret_into_the_record():
    """It takes DATA for AUTH, so that the login after it looks like a response to nothing."""
    with talking("220 hi", "334 VXNlcm5hbWU6", "250 x", "250 x", manners=Manners(timeout_s=5)) as (who, _):
        who.says("DATA")
        who.says("auth plain", "alice", "secret1")
        record = who.console.link.connection()
        trace = traced(record, reveal=False, secrets=who.console.secrets)
    assert any(b"AGFsaWNlAHNlY3JldDE=" in each.data for each in record.events if isinstance(each, Octets))
    assert not any(b"lY3JldDE" in each.data for each in trace.session.connection.events if isinstance(each, Octets))
    assert not any(b"lY3JldDE" in each.command.raw for each in trace.session.exchanges if each.command)
