"""The accidents that must not happen: each refusal, and the option that lifts it."""

from __future__ import annotations

import pytest
from replay.scripts import LOGIN, SENDING, script, trace

from smtptrace.replay.as_sent import script_as_sent
from smtptrace.replay.plan import Permission, Target, plain_auth_allowed, refusals
from smtptrace.replay.script import secrets_of
from smtptrace.wire import Endpoint

HERE = Target(Endpoint("127.0.0.1", 2525), loopback=True)
THERE = Target(Endpoint("10.0.0.7", 25), loopback=False)


def refused(text: str, target: Target = THERE, choices=None, **allowed) -> str:
    """Why it is refused, in one string."""
    return "\n".join(refusals([script(text, **(choices or {}))], target, Permission(**allowed)))


def test_this_machine_needs_no_permission():
    """What is all there goes to loopback."""
    assert refused(SENDING, HERE) == ""
    assert refused(LOGIN, HERE) == ""


def test_nothing_goes_elsewhere_without_send():
    """A private address is elsewhere too."""
    assert "--send" in refused("S: 220 hi\nC: QUIT\nS: 221 bye\n")
    assert refused("S: 220 hi\nC: QUIT\nS: 221 bye\n", send=True) == ""


@pytest.mark.parametrize(
    ("patterns", "goes"),
    [
        ((), False),
        (("c@d",), True),
        (("*@d",), True),
        (("C@D",), True),
        (("*@dd",), False),
        (("x@d", "c@*"), True),
    ],
)
def test_recipients_must_be_allowed(patterns, goes):
    """By a pattern of the whole address."""
    assert ("recipient 'c@d'" not in refused(SENDING, send=True, recipients=patterns)) is goes


@pytest.mark.parametrize(
    "path", ['<"x@d>"@evil.test>', "<c@d>@evil.test", "<@relay.test:c@evil.test>", "<c@d", "c@d@evil"]
)
def test_no_address_hides_behind_an_allowed_one(path):
    """A path that cannot be read is never allowed."""
    text = SENDING.replace("<c@d> NOTIFY=FAILURE ORCPT=rfc822;c@d", path)
    assert "recipient" in refused(text, send=True, recipients=("*@d",))


@pytest.mark.parametrize(
    "path", ["@x.test:c@d", "e@x.test,c@d", "e%x.test@d", "x.test!e@d", '"e@x.test"@d', "e@x.test@d", "g:e@x.test;c@d"]
)
def test_an_address_that_may_be_passed_on_needs_its_whole_name(path):
    """Routes, lists and quotes lead servers elsewhere, which a star must not allow, as sent or as meant."""
    text = SENDING.replace("<c@d> NOTIFY=FAILURE ORCPT=rfc822;c@d", f"<{path}>")
    sent = script_as_sent(trace(text), "1")
    for allowed, goes in ((Permission(True, ("*@d",)), False), (Permission(True, (path,)), True)):
        assert ("recipient" not in "".join(refusals([sent], THERE, allowed))) is goes
        assert ("recipient" not in refused(text, send=True, recipients=allowed.recipients)) is goes


def test_an_unreadable_path_is_not_allowed_by_any_pattern():
    """Not even by a star."""
    text = SENDING.replace("<c@d> NOTIFY=FAILURE ORCPT=rfc822;c@d", "<c@d")
    assert "recipient" in refused(text, send=True, recipients=("*",))


def test_rewritten_recipients_go():
    """`--to` is permission enough."""
    assert refused(SENDING, choices={"to": "me@test"}, send=True, rewritten=True) == ""


def test_credentials_need_tls():
    """Or the option that says otherwise."""
    assert "--allow-plaintext-auth" in refused(LOGIN, send=True)
    assert refused(LOGIN, send=True, plain_auth=True) == ""
    assert refused(LOGIN, choices={"tls": "starttls"}, send=True) == ""
    assert refused(LOGIN, choices={"tls": "implicit"}, send=True) == ""
    assert plain_auth_allowed(HERE, Permission())
    assert not plain_auth_allowed(THERE, Permission())


def test_values_that_are_missing():
    """Placeholders and messages, wherever it goes to."""
    text = SENDING.replace("C: Subject: s\nC:\nC: text\n", "C: ${MESSAGE}\n").replace("EHLO a", "EHLO ${NAME}")
    found = refused(text, HERE)
    assert "--content" in found
    assert "--set" in found


def test_secrets_of_the_trace_stay_here():
    """In a message, and in a command where the password was typed."""
    text = LOGIN.replace("C: QUIT\nS: 221 bye\n", "C: VRFY secret1\nS: 252 no\nC: QUIT\nS: 221 bye\n")
    assert refused(text, HERE, secrets=secrets_of(trace(text)))
    masked = LOGIN.replace("C: QUIT\nS: 221 bye\n", "") + SENDING.partition("S: 250 SIZE\n")[2]
    assert "repeats a secret" in refused(masked.replace("C: text", "C: secret1"), HERE)
    found = script("S: 220 hi\nC: NOOP secret1\nS: 250 ok\n")
    assert "holds a secret" in refusals([found], HERE, Permission(secrets=frozenset({b"secret1"})))[0]


def test_mechanisms_that_cannot_be_answered():
    """It is said before anything is sent."""
    found = refused(LOGIN, HERE, choices={"mechanism": "GSS-SPNEGO"})
    assert "GSS-SPNEGO" in found
    assert "--no-auth" in found


def test_a_cap_on_messages():
    """Of one run over all sessions."""
    many = [script(SENDING)] * 3
    assert refusals(many, HERE, Permission(messages=3)) == ()
    assert "--max-messages 3" in refusals(many, HERE, Permission(messages=2))[0]


def test_a_login_of_the_trace_needs_no_mechanism_of_ours():
    """Its octets are there, whatever they are."""
    text = LOGIN.replace("AUTH LOGIN\nS", "AUTH X-OWN\nS")
    assert "X-OWN" in "\n".join(refusals([script_as_sent(trace(text), "1")], HERE, Permission()))
    assert refusals([script_as_sent(trace(text), "1", recorded=True)], HERE, Permission()) == ()
