"""The console as dialogues: what a person types, what the server gets, what is shown."""

from __future__ import annotations

import random

import pytest
from lab import certificates
from replay.consoles import EHLO, person, sent, serving, talking

from smtptrace.replay.console_manners import Manners, State
from smtptrace.replay.console_record import traced
from smtptrace.wire import Gap, Note, Octets, Secured, Side


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return certificates.make(tmp_path_factory.mktemp("tls"))


def server_context(authority):
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certificate, authority.key)
    return context


# ---- commands and replies ------------------------------------------------------------------------


def test_a_command_goes_as_it_is_typed_and_its_answer_is_explained():
    """EHLO's answer means something line by line, and is what Tab completes from."""
    with talking("220 hi", EHLO) as (who, server):
        assert who.says("ehlo me.test") == [
            "C: ehlo me.test",
            "S: 250-server.test",
            "S: 250-SIZE 1000000   = messages of up to 1,000,000 octets (SIZE=)",
            "S: 250-AUTH LOGIN PLAIN CRAM-MD5   = logins with these mechanisms",
            "S: 250-STARTTLS   = TLS can begin: type STARTTLS",
            "S: 250 DSN   = delivery reports as asked for (RET= ENVID= NOTIFY= ORCPT=)",
        ]
        assert [word.text for word in who.console.words("auth c")] == ["cram-md5"]
        assert [word.text for word in who.console.words("EHLO ")] == ["me.test"]
    assert sent(server) == ["ehlo me.test"]


def test_a_refusal_is_explained_with_its_codes_its_cause_and_the_fix():
    """The standards' words for both codes, then the likeliest cause with its confidence."""
    with talking("220 hi ESMTP Postfix", EHLO, "250 ok", "554 5.7.1 <x@far.test>: Relay access denied") as (who, _):
        who.says("EHLO me")
        assert who.says("MAIL FROM:<a@b.test>") == ["C: MAIL FROM:<a@b.test>", "S: 250 ok"]
        seen = who.says("RCPT TO:<x@far.test>")
    assert seen[1] == "S: 554 5.7.1 <x@far.test>: Relay access denied"
    assert seen[2].startswith("   554: ")
    assert seen[3].startswith("   5.7.1: ")
    assert "% relay-denied-unauthenticated: " in seen[4]
    assert seen[5].startswith("        fix: Look: ")


def test_each_refusal_is_explained_by_itself():
    """An earlier refusal that was settled does not take the place of the cause of a later one."""
    unknown = "550 5.1.1 <a@server.test>: Recipient address rejected: User unknown in local recipient table"
    with talking("220 hi ESMTP Postfix", EHLO, *["502 5.5.2 Error: command not recognized"] * 9, unknown) as (who, _):
        who.says("EHLO me")
        for number in range(9):
            who.says(f"FOO{number}")
        seen = who.says("RCPT TO:<a@server.test>")
    assert "recipient-unknown" in "".join(seen)


def test_a_greeting_that_refuses():
    """554 as a greeting is explained too."""
    with serving("554 5.7.1 no service for you") as server, person(server.port) as who:
        seen = who.begins()
    assert seen[0] == "S: 554 5.7.1 no service for you"
    assert seen[1].startswith("   554: ")


def test_what_the_server_says_cannot_harm_the_terminal():
    """Escape sequences of a reply, and of what it offers, are shown as text and never completed."""
    with talking("220 \x1b[2Jhi\x07", "250-x\n250-AUTH PL\x1bAIN LOGIN\n250 \x1b]0;x\x07") as (who, _):
        seen = who.says("EHLO me")
        assert [word.text for word in who.console.words("AUTH ")] == ["LOGIN"]
        assert not any("\x1b" in word.text + word.meaning for word in who.console.words(""))
    assert "\x1b" not in "".join(seen)
    assert r"S: 250 \x1b]0;x\x07" in seen


def test_a_slow_reply_is_remarked_on(monkeypatch):
    """How long it took, where it took long."""
    monkeypatch.setattr("smtptrace.replay.console._LONG_NS", 1)
    with talking("220 hi", "250 ok") as (who, _):
        assert who.says("NOOP")[-1].startswith("** the reply took 0.")


# ---- TLS -----------------------------------------------------------------------------------------


def test_starttls_does_the_handshake(authority):
    """With verification; what was offered before counts no more, and credentials may go."""
    with (
        serving("220 hi", EHLO, "tls", EHLO, context=server_context(authority)) as server,
        person(server.port, ca_file=str(authority.authority)) as who,
    ):
        who.begins()
        who.says("EHLO me")
        seen = who.says("starttls")
        assert seen[:3] == ["C: starttls", "S: 220 go", "** TLS: TLS 1.3, TLS_AES_256_GCM_SHA384"]
        assert seen[3].startswith("** certificate of CN=lab.test (lab.test, localhost")
        assert seen[-1].startswith("** say EHLO again")
        assert not who.console.offer.known
        assert "TLS 1.3" in who.console.status
        assert who.says("/tls") == seen[2:5]
        assert who.says("EHLO me")[1] == "S: 250-server.test"
        (agreed,) = (each for each in who.console.link.events if isinstance(each, Secured))
    assert agreed.certificate.subject == "CN=lab.test"


def test_a_certificate_that_does_not_verify_ends_it(authority):
    """And it is said how to go on; nothing is said in clear instead."""
    with serving("220 hi", "tls", "", context=server_context(authority)) as server, person(server.port) as who:
        who.begins()
        seen = who.says("STARTTLS")
        assert "** TLS handshake: the certificate does not verify" in seen[2]
        assert "--ca-file FILE" in seen[2]
        assert who.console.ended
        assert who.says("NOOP") == []
        assert any(isinstance(each, Note) for each in who.console.link.events)


def test_octets_before_tls_end_it():
    """A reply smuggled in behind the 220 is never taken for one of TLS."""
    with talking("220 hi", "220 go\n250 injected") as (who, _):
        seen = who.says("STARTTLS")
    assert seen[2] == "** the server sent octets before TLS began"


def test_starttls_refused():
    """Then the session goes on in clear, and says so."""
    with talking("220 hi", "454 4.7.0 TLS not available") as (who, _):
        assert "S: 454 4.7.0 TLS not available" in who.says("STARTTLS")
        assert who.says("/tls") == ["** no TLS: what is said can be read on the way"]


# ---- messages ------------------------------------------------------------------------------------


def test_a_message_line_by_line_to_a_lone_dot():
    """Dots are doubled and it is said; what the server took is named."""
    with talking("220 hi", "354 go on", "250 2.0.0 Ok: queued as 4ABC12") as (who, server):
        assert who.says("data")[-1] == "** now the message; a line with nothing but a dot ends it"
        assert who.console.state is State.CONTENT
        assert list(who.console.words("EH")) == []
        assert not who.console.remembers("DATA")
        assert who.says("Subject: x") == ["C: Subject: x"]
        assert who.says("") == ["C: "]
        assert who.says(".dot")[1].startswith("** one more dot was sent")
        assert who.says(".") == [
            "C: .",
            "S: 250 2.0.0 Ok: queued as 4ABC12   = the server has taken the message as 4ABC12",
        ]
    assert sent(server) == ["data", "Subject: x", "", "..dot", "."]


def test_leaving_inside_a_message_sends_it_not():
    """The connection is closed without the dot."""
    with talking("220 hi", "354 go on", "250 taken") as (who, server):
        who.says("DATA")
        who.says("half a line")
        assert who.leaves() == ["** the message was not ended, so it is not sent: the connection is closed"]
    assert "." not in sent(server)


# ---- servers that are late, loud or gone ---------------------------------------------------------


def test_what_is_said_unasked_is_shown():
    """A 421 while nobody waits, then the end."""
    with talking("220 hi\n421 4.4.2 Timeout exceeded\nclose") as (who, server):
        while not who.console.ended:
            seen = who.waits()
            if seen and seen[0].startswith("S:"):
                assert seen[0] == "S: 421 4.4.2 Timeout exceeded"
                assert seen[1] == "** the server said this without being asked"
        assert who.console.broken == "the server closed the connection"
        assert (who.says("NOOP"), who.leaves()) == ([], [])
    assert server.lines == []


def test_a_late_reply_is_that_of_its_command():
    """It is shown when it comes, and does what it would have done in time."""
    with talking("220 hi", "", "354 go on", manners=Manners(timeout_s=0.05)) as (who, server):
        assert who.says("DATA")[-1] == "** no answer in 0.05 s; the reply is shown when it comes"
        who.console.link.say(b"x\r\n")
        while who.console.state is State.COMMAND:
            who.waits()
        assert who.console.overdue
    assert sent(server) == ["DATA", "x"]


def test_a_login_that_is_late_is_left_to_the_user():
    """The challenge comes when nobody waits any more: the response is the user's."""
    with talking("220 hi", EHLO, "", "334 VXNlcm5hbWU6", manners=Manners(timeout_s=0.2)) as (who, _):
        who.says("EHLO me")
        assert who.says("auth login", "alice", "x")[-1].startswith("** no answer in ")
        who.console.link.say(b"\r\n")
        while who.console.state is State.COMMAND:
            who.waits()
        assert who.console.state is State.RESPONSE


def test_no_greeting():
    """A port for TLS at once waits for the client."""
    with serving("", "") as server, person(server.port, Manners(timeout_s=0.05)) as who:
        seen = who.begins()
        (note,) = (each for each in who.console.link.events if isinstance(each, Note))
    assert note.text == "no greeting in 0.05 s"  # what we advise is no evidence
    assert seen[0] == "** no greeting in 0.05 s; a port for TLS at once, as 465 is, waits for the client: try --tls"


def test_ctrl_c_before_the_greeting_lets_the_user_speak_first(monkeypatch):
    """Whatever waits there may want to be spoken to."""
    with serving("", "220 hi\n250 ok") as server, person(server.port) as who:
        with monkeypatch.context() as patch:
            patch.setattr(type(who.console.link), "wait", interrupted)
            assert who.begins() == ["** no greeting so far; it is shown when it comes"]
        assert who.says("NOOP") == ["C: NOOP", "S: 220 hi", "S: 250 ok"]


@pytest.mark.parametrize("noise", ["HTTP/1.1 400 Bad Request", "250-a\n251 b", "999 x"])
def test_what_is_no_reply_ends_it(noise):
    """With the line that is none."""
    with talking("220 hi", noise) as (who, _):
        assert any(each.startswith("** no SMTP reply: ") for each in who.says("NOOP"))
        assert who.console.broken


def test_a_server_that_does_not_stop_talking():
    """It is cut off."""
    with talking("220 hi\n" + "\n".join(["250 x"] * 5000)) as (who, _):
        seen: list[str] = []
        while not who.console.ended:
            seen += who.waits()
    assert "** the server talks without end" in seen


# ---- leaving -------------------------------------------------------------------------------------


def test_leaving_says_quit():
    """And shows the answer."""
    with talking("220 hi", "221 bye") as (who, server):
        assert who.leaves()[:2] == [
            "C: QUIT",
            "S: 221 bye   = The service closes the connection, as asked by QUIT.",
        ]
        assert who.console.ended
        assert not who.console.broken
    assert sent(server) == ["QUIT"]


def test_leaving_a_login_cancels_it():
    """`*`, then QUIT."""
    with talking("220 hi", "334 ", "501 cancelled", "221 bye") as (who, server):
        who.says("AUTH PLAIN =")
        who.leaves()
    assert sent(server) == ["AUTH PLAIN =", "*", "QUIT"]


def test_a_server_that_is_gone_at_quit_broke_nothing():
    """It closed a little early."""
    with talking("220 hi", "close") as (who, _):
        assert who.leaves() == ["C: QUIT", "** the server closed the connection"]
        assert not who.console.broken


def test_a_server_that_does_not_answer_quit(monkeypatch):
    """Nobody waits long for it."""
    with talking("220 hi", "", "", manners=Manners(timeout_s=0.05)) as (who, _):
        assert who.leaves()[-1] == "** the server does not answer QUIT; the connection is closed"


def test_the_record_holds_what_went_over_the_wire(monkeypatch):
    """Both sides in order; past its bound it says that something is missing."""
    with talking("220 hi", "250 one", "250 two") as (who, _):
        who.says("NOOP")
        monkeypatch.setattr("smtptrace.replay.console_link.MOST_RECORDED", 0)
        who.says("NOOP")
        events = who.console.link.connection().events
    said = [(each.side, each.data) for each in events if isinstance(each, Octets)]
    assert said == [(Side.SERVER, b"220 hi\r\n"), (Side.CLIENT, b"NOOP\r\n"), (Side.SERVER, b"250 one\r\n")]
    assert [(each.side, each.size) for each in events if isinstance(each, Gap)] == [(Side.CLIENT, 6), (Side.SERVER, 9)]


def test_ctrl_c_ends_the_waiting_not_the_session(monkeypatch):
    """The reply is shown when it comes."""
    with talking("220 hi", "", "250 late") as (who, _):
        with monkeypatch.context() as patch:
            patch.setattr(type(who.console.link), "wait", interrupted)
            seen = who.says("NOOP")
        assert seen[-1] == "** not waited for any longer; the reply is shown when it comes"
        assert not who.console.ended


def interrupted(link: object, timeout_s: float) -> None:
    if timeout_s:
        raise KeyboardInterrupt


def test_the_answer_to_quit_may_come_late():
    """Whatever was typed meanwhile, the session is over then."""
    with talking("220 hi", "", "221 bye", manners=Manners(timeout_s=0.05)) as (who, _):
        assert who.says("QUIT")[-1].startswith("** no answer in 0.05 s")
        assert who.says("auth login", "alice", "secret1")[-1].startswith("S: 221 bye")
        assert who.console.ended
        assert not who.console.broken


ANSWERS = (
    *("250 ok", "334 ", "334 VXNlcm5hbWU6", "334 TlRMTVNTUAACAAAA", "354 go", "535 5.7.8 no", "235 ok", "220 go"),
    *("421 bye", "", "250-x\n250 AUTH LOGIN PLAIN NTLM", "250 a\n250 b", "250-x\n251 y", "5", "\x1b[2J"),
)
TYPED = (
    *("EHLO me", "auth login", "auth plain", "AUTH NTLM", "auth cram-md5", "auth scram-sha-256", "AUTH PLAIN AGEAYg=="),
    *("STARTTLS", "DATA", ".", "..x", "MAIL FROM:<a@b.test>", "RCPT TO:<c@d.test>", "QUIT", "*", "AGEAYg==", "\x00"),
    *("/help", "/offer", "/tls", "/explain", "/diagnose", "/raw AUTH", "/raw", "/close", "  ", "?", "\udcff\xe9"),
)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_typed_and_answered(seed):
    """No order of lines and answers makes an error, or lets a secret into what is kept."""
    typing, answering = random.Random(seed), random.Random(-seed - 1)
    answers = answering.choices(ANSWERS, k=60)
    with talking("220 hi", *answers, manners=Manners(timeout_s=0.02)) as (who, _):
        for line in typing.choices(TYPED, k=25):
            seen = who.says(line, "alice", "secret1")
            assert "secret1" not in "".join(seen)
        who.leaves()
        trace = traced(who.console.link.connection(), reveal=False, secrets=who.console.secrets)
    kept = b"".join(each.data for each in trace.session.connection.events if isinstance(each, Octets))
    assert not any(form in kept for form in (b"secret1", b"c2VjcmV0MQ==", b"AGFsaWNlAHNlY3JldDE"))
