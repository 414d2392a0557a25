"""The server of a recording: actions out, what the client says in."""

from __future__ import annotations

import base64

import pytest
from replay.scripts import CHUNKED, LOGIN, SENDING
from replay.serving import roster, served

from smtptrace.replay.serve import MOST_CONTENT, MOST_TOLD, Manner, Unrecorded
from smtptrace.replay.serve_roster import Match

HEAD = (b"EHLO x", b"MAIL FROM:<x@y>", b"RCPT TO:<z@w>")
STARTTLS = "S: 220 hi\nC: EHLO a\nS: 250 STARTTLS\nC: STARTTLS\nS: {}\n"


def test_as_recorded():
    """Every command gets its reply, whatever names and content are."""
    replies, server = served(SENDING, *HEAD, b"DATA", b"hi\r\n.", b"QUIT")
    assert replies == [b"220 hi", b"250-hi\r\n250 SIZE", b"250 ok", b"250 ok", b"354 go", b"250 ok", b"221 bye"]
    assert (server.deviations(), server.playing) == ((), "1")


def test_chunks_and_data_serve_each_other():
    """A client may say it otherwise; the reply that counts is that to the last chunk."""
    refused = CHUNKED.replace("C: world\nS: 250 ok", "C: world\nS: 554 no")
    replies, server = served(refused, *HEAD, b"BDAT 3", b"abc", b"BDAT 3 LAST", b"abc", b"QUIT")
    assert replies[-3:] == [b"250 more", b"554 no", b"221 bye"]
    replies, server = served(refused, *HEAD, b"DATA", b"hi\r\n.", b"QUIT")
    assert replies[-3:] == [b"354 go ahead", b"554 no", b"221 bye"]
    assert server.deviations() == ()
    replies, server = served(SENDING, *HEAD, b"BDAT 3", b"abc", b"BDAT 3 LAST", b"abc", b"QUIT")
    assert replies[-3:] == [b"250 2.0.0 OK", b"250 ok", b"221 bye"]
    assert server.deviations() == ()


def test_a_chunk_beyond_measure():
    """Nobody waits for it."""
    replies, server = served(SENDING, *HEAD, b"BDAT %d LAST" % (MOST_CONTENT + 1))
    assert len(replies) == 4
    assert "a chunk of" in server.deviations()[0]


@pytest.mark.parametrize("line", [b"BDAT", b"BDAT -5 LAST", b"BDAT 5 LAST x", b"BDAT 99999999999999999999 LAST"])
def test_a_chunk_without_a_size(line):
    """It is not in the recording, and no content is waited for."""
    replies, server = served(CHUNKED, *HEAD, line, b"QUIT")
    assert replies[-2:] == [b"502 5.5.1 not in the recording", b"221 bye"]
    assert server.deviations()[0] == f"not recorded: {line.decode()}"


def test_data_that_was_refused_at_once():
    """No content is waited for."""
    text = "S: 220 hi\nC: EHLO a\nS: 250 hi\nC: DATA\nS: 503 no\nC: QUIT\nS: 221 bye\n"
    assert served(text, b"EHLO a", b"DATA", b"QUIT")[0][2:] == [b"503 no", b"221 bye"]


def test_a_command_again():
    """The last reply of its kind is said again."""
    replies, server = served(SENDING, b"EHLO a", b"RCPT TO:<a@b>", b"MAIL FROM:<c@d>", b"EHLO a")
    assert replies[2:4] == [b"250 ok", b"250 ok"]
    assert replies[4].startswith(b"250-hi")
    assert server.deviations() == ("never heard: DATA",)


def test_ten_thousand_recipients():
    """Are all answered."""
    many = [b"RCPT TO:<u%d@w>" % number for number in range(10_000)]
    replies, server = served(SENDING, *HEAD[:2], *many, b"QUIT")
    assert replies.count(b"250 ok") == 10_001
    assert server.deviations() == ("never heard: DATA",)


def test_who_was_refused_is_refused():
    """A recipient of the recording gets his own reply, others the next one."""
    text = SENDING.replace("C: DATA", "C: RCPT TO:<no@d>\nS: 550 no\nC: RCPT TO:<e@d>\nS: 251 ok\nC: DATA")
    replies, _ = served(text, *HEAD[:2], b"RCPT TO: <E@d>", b"RCPT TO:<no@d> NOTIFY=NEVER", b"RCPT TO:<c@d>", b"QUIT")
    assert replies[3:6] == [b"251 ok", b"550 no", b"250 ok"]
    replies, _ = served(text, *HEAD[:2], b"RCPT TO:<1@d>", b"RCPT TO:<2@d>", b"RCPT TO:<3@d>", b"RCPT TO:<4@d>")
    assert replies[3:7] == [b"250 ok", b"550 no", b"251 ok", b"251 ok"]


def test_helo_has_no_extensions():
    """The first line alone."""
    assert served(SENDING, b"HELO x", b"QUIT")[0][1] == b"250 hi"


def test_an_attempt_in_vain_is_played_and_may_be_left_out():
    """A client that knows better is not blamed; mistyped commands are none."""
    text = (
        "S: 220 hi\nC: EHLO a\nS: 502 no\nC: ELHO a\nS: 500 what\nC: HELO a\nS: 250 hi\n"
        "C: AUTH NTLM\nS: 504 no\nC: AUTH PLAIN AGEAYg==\nS: 235 ok\nC: QUIT\nS: 221 bye\n"
    )
    replies, server = served(text, b"EHLO a", b"HELO a", b"AUTH NTLM", b"AUTH PLAIN AGEAYg==", b"QUIT")
    assert replies[1:5] == [b"502 no", b"250 hi", b"504 no", b"235 ok"]
    assert server.deviations() == ()
    assert served(text, b"EHLO a", b"AUTH PLAIN AGEAYg==", b"QUIT")[1].deviations() == ()
    assert served(text, b"EHLO a", b"HELO a", b"QUIT")[1].deviations() == (
        "never heard: AUTH NTLM",
        "never heard: AUTH PLAIN",
    )


class TestUnrecorded:
    """What to do with what is not in the recording."""

    def test_it_is_refused_and_told(self):
        """Harmless commands are none; what may be a secret is not shown."""
        said = (b"NOOP", b"RSET", b"VRFY x", b"@@@", b"AUTH PLAIN c2VjcmV0", b"c2VjcmV0c2VjcmV0", b"QUIT")
        replies, server = served(SENDING, *said)
        assert replies[1:] == [b"250 2.0.0 OK"] * 2 + [b"502 5.5.1 not in the recording"] * 4 + [b"221 bye"]
        assert server.deviations()[:4] == (
            "not recorded: VRFY x",
            "not recorded: @@@",
            "not recorded: AUTH PLAIN",
            "not recorded: a response of 16 octets",
        )

    @pytest.mark.parametrize(
        "command", [b"AUTH PLAIN AGEAYg==", b"AUTH=PLAIN AGEAYg==", b"auth\tplain\tAGEAYg==", b"AUTH X"]
    )
    def test_no_secret_is_told(self, command):
        """Nor one that is said though the login was refused, however short."""
        told = " ".join(served(SENDING, command, b"geheim", b"eA==", b"VRFY bob", b"open", b"QUIT")[1].deviations())
        assert "AGEAYg" not in told
        assert "geheim" not in told
        assert "eA==" not in told
        assert "VRFY bob" in told
        assert "not recorded: open" in told

    def test_with_a_reply_of_ones_own(self):
        """421 ends it."""
        assert served(SENDING, b"VRFY x", b"QUIT", manner=Manner(refusal=b"550 no"))[0][1] == b"550 no"
        assert served(SENDING, b"VRFY x", manner=Manner(refusal=b"421 no"))[0][1:] == [b"421 no"]

    def test_the_connection_ends(self):
        """After a reply that says so."""
        replies, server = served(SENDING, b"VRFY x", manner=Manner(unrecorded=Unrecorded.CLOSE))
        assert replies[1:] == [b"421 4.3.2 not in the recording"]
        assert server.deviations()[0] == "not recorded: VRFY x"

    def test_it_is_accepted(self):
        """As another server would, content and all, and does not leave the script."""
        text, manner = "S: 220 hi\nC: EHLO a\nS: 250 hi\nC: QUIT\nS: 221 bye\n", Manner(unrecorded=Unrecorded.ACCEPT)
        said = (*HEAD, b"DATA", b"hi\r\n.", b"BDAT 3 LAST", b"abc", b"VRFY x", b"XYZ", b"@@", b"QUIT")
        replies, server = served(text, *said, manner=manner)
        codes = [250, 250, 250, 354, 250, 250, 252, 250, 500, 221]
        assert [int(reply[:3]) for reply in replies[1:]] == codes
        assert server.deviations() == ()

    def test_logins_are_accepted(self):
        """Where challenges can be made up."""
        text, manner = "S: 220 hi\nC: EHLO a\nS: 250 hi\n", Manner(unrecorded=Unrecorded.ACCEPT)
        said = (b"EHLO a", b"AUTH LOGIN", b"eA==", b"eQ==", b"AUTH PLAIN", b"AGEAYg==", b"AUTH PLAIN AGEAYg==")
        replies, _ = served(text, *said, b"AUTH NTLM", b"AUTH", b"STARTTLS", b"STARTTLS", manner=manner)
        said = b" ".join(reply[:3] for reply in replies[2:])
        assert said == b"334 334 235 334 235 235 504 504 220 TLS 220"

    def test_there_is_an_end_to_telling(self):
        """But not to counting."""
        _, server = served(SENDING, *[b"VRFY x"] * (MOST_TOLD + 5), b"QUIT")
        assert server.deviations()[MOST_TOLD] == "and 5 more of that kind"
        text = "S: 220 hi\n" + "".join(f"C: VRFY {at}\nS: 252 ok\n" for at in range(MOST_TOLD + 7))
        assert served(text, b"QUIT")[1].deviations()[-1] == "and 7 more commands"


def test_strict():
    """The very lines in their order, and nothing else."""
    replies, server = served(SENDING, b"EHLO b", b"EHLO a", b"NOOP", manner=Manner(strict=True))
    assert [reply[:3] for reply in replies[1:]] == [b"502", b"250", b"250"]
    assert server.deviations()[:2] == ("not recorded: EHLO b", "not recorded: NOOP")
    accepting = Manner(strict=True, unrecorded=Unrecorded.ACCEPT)
    replies, server = served(SENDING, b"EHLO b", b"BDAT 2", b"ab", b"QUIT", manner=accepting)
    assert [reply[:3] for reply in replies[1:]] == [b"250", b"250", b"221"]
    assert server.deviations()[:3] == ("not recorded: EHLO b", "not recorded: BDAT 2", "not recorded: QUIT")


def test_strict_to_the_end():
    """Secrets are not in the script, and a line after its last one is none of it."""
    manner = Manner(strict=True)
    lines = (b"EHLO a", b"AUTH LOGIN eA==", b"eQ==", b"QUIT")
    replies, server = served(LOGIN, *lines, manner=manner)
    assert (replies[-2:], server.deviations()) == ([b"235 ok", b"221 bye"], ())
    text = "S: 220 hi\nC: EHLO a\nS: 250 hi\n"
    assert served(text, b"EHLO a", b"EHLO a", manner=manner)[1].deviations() == ("not recorded: EHLO a",)


@pytest.mark.parametrize("verb", ["STARTTLS", "X-ANONYMOUSTLS"])
@pytest.mark.parametrize(("reply", "begins"), [("220 go", True), ("454 no", False)])
def test_starttls(reply, begins, verb):
    """TLS begins where it did."""
    replies, _ = served(STARTTLS.format(reply).replace("STARTTLS", verb), b"EHLO a", verb.encode())
    assert (b"TLS" in replies) is begins


def test_inside_tls_and_outside():
    """A command is answered as it was answered on its side of STARTTLS, as far as it was said there."""
    text = STARTTLS.format("220 go") + "# tls: opened=yes\nC: EHLO a\nS: 250 AUTH PLAIN\nC: NOOP\nS: 250 inside\n"
    replies, server = served(text, b"EHLO a", b"EHLO a", b"STARTTLS", b"EHLO a", b"EHLO a", b"NOOP")
    assert replies[1:3] + replies[5:] == [b"250 STARTTLS"] * 2 + [b"250 AUTH PLAIN"] * 2 + [b"250 inside"]
    assert server.deviations() == ()
    replies, server = served(text, b"EHLO a", b"NOOP")
    assert replies[2] == b"250 inside"
    assert server.deviations() == ("never heard: STARTTLS", "never heard: EHLO")


def test_a_refusing_server():
    """It greets with 554 and hears one more line at most; 421 ends it."""
    assert served("S: 554 no\nC: QUIT\nS: 221 bye\n", b"QUIT")[0] == [b"554 no", b"221 bye"]
    assert served("S: 554 no\nC: QUIT\nS: 221 bye\n", b"EHLO a")[0] == [b"554 no", b"502 5.5.1 not in the recording"]
    assert served("S: 220 hi\nC: EHLO a\nS: 421 closing\n", b"EHLO a")[0] == [b"220 hi", b"421 closing"]


CLOSED = "Connection closed by foreign host.\n"


def test_a_server_that_hung_up():
    """It does so again: after its last reply, or where it should have replied."""
    telnet = "Trying 127.0.0.1...\nConnected to localhost.\nEscape character is '^]'.\n"
    text = telnet + "220 mail.test ESMTP\nEHLO a\n250 mail.test\nMAIL FROM:<a@b>\n550 go away\n" + CLOSED
    assert served(text, b"EHLO a", b"MAIL FROM:<c@d>")[0][2:] == [b"550 go away"]


def test_lmtp_replies_to_each_recipient():
    """As many as were accepted, whatever the recording had."""
    text = (
        "S: 220 hi LMTP\nC: LHLO a\nS: 250 hi\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\n"
        "C: RCPT TO:<e@d>\nS: 250 ok\nC: DATA\nS: 354 go\nC: hi\nC: .\nS: 250 c\nS: 452 e\nC: QUIT\nS: 221 bye\n"
    )
    head = (b"LHLO x", b"MAIL FROM:<x@y>")
    for count, replies in ((1, b"250 c"), (2, b"250 c\r\n452 e"), (3, b"250 c\r\n452 e\r\n452 e")):
        rcpt = [b"RCPT TO:<z%d@w>" % at for at in range(count)]
        assert served(text, *head, *rcpt, b"DATA", b"hi\r\n.", b"QUIT")[0][-2] == replies


def test_prdr_for_those_who_ask():
    """Others get the verdict on the whole."""
    text = (
        "S: 220 hi\nC: EHLO a\nS: 250 PRDR\nC: MAIL FROM:<a@b> PRDR\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\n"
        "C: RCPT TO:<e@d>\nS: 250 ok\nC: DATA\nS: 354 go\nC: hi\nC: .\nS: 353 each\nS: 250 c\nS: 550 e\nS: 250 all\n"
        "C: QUIT\nS: 221 bye\n"
    )
    rest = (b"RCPT TO:<z@w>", b"DATA", b"hi\r\n.", b"QUIT")
    assert served(text, b"EHLO x", b"MAIL FROM:<x@y> PRDR", *rest)[0][-2] == b"353 each\r\n250 c\r\n250 all"
    assert served(text, b"EHLO x", b"MAIL FROM:<x@y>", *rest)[0][-2] == b"250 all"


def test_a_login():
    """The recorded challenges; with an initial response one less; `*` ends it and leaves the script."""
    replies, server = served(LOGIN, b"EHLO a", b"AUTH LOGIN", b"eA==", b"eQ==", b"QUIT")
    assert replies[2:] == [b"334 VXNlcm5hbWU6", b"334 UGFzc3dvcmQ6", b"235 ok", b"221 bye"]
    assert server.deviations() == ()
    replies, _ = served(LOGIN, b"EHLO a", b"AUTH LOGIN eA==", b"eQ==", b"QUIT")
    assert replies[2:] == [b"334 UGFzc3dvcmQ6", b"235 ok", b"221 bye"]
    replies, server = served(LOGIN, b"EHLO a", b"AUTH LOGIN", b"*", b"QUIT")
    assert replies[2:] == [b"334 VXNlcm5hbWU6", b"501 5.7.0 cancelled", b"221 bye"]
    assert server.deviations() == ("cancelled: AUTH LOGIN",)


def test_a_login_that_ends_in_the_middle():
    """The client has gone, and nothing is said to it."""
    replies, server = served(LOGIN, b"EHLO a", b"AUTH LOGIN", b"eA==")
    assert replies[-1] == b"334 UGFzc3dvcmQ6"
    assert server.deviations() == ("broken off: AUTH LOGIN",)


def test_a_message_without_end():
    """Was not sent, nor is it answered."""
    replies, server = served(SENDING, *HEAD, b"DATA")
    assert (replies[-1], server.deviations()) == (b"354 go", ("broken off: DATA",))


def test_exchange_says_it_otherwise():
    """X-EXPS is AUTH, whichever was recorded."""
    text = LOGIN.replace("AUTH LOGIN\n", "X-EXPS LOGIN\n")
    assert served(text, b"EHLO a", b"AUTH LOGIN", b"eA==", b"eQ==", b"QUIT")[0][4] == b"235 ok"
    assert served(LOGIN, b"EHLO a", b"X-EXPS LOGIN", b"eA==", b"eQ==", b"QUIT")[0][4] == b"235 ok"


class TestMatching:
    """Which session a client gets, where it is told apart by what it says."""

    FIRST = SENDING.replace("EHLO a", "EHLO one").replace("250 SIZE", "250 ONE")
    SECOND = SENDING.replace("EHLO a", "EHLO Two").replace("250 SIZE", "250 TWO")

    def test_by_its_name(self):
        """A name that is not known gets the next session."""
        sessions = roster(self.FIRST, self.SECOND, match=Match.HELO)
        for name, reply, playing in ((b"two", b"TWO", "2"), (b"two", b"TWO", "2"), (b"x", b"ONE", "1")):
            replies, server = served(sessions, b"NOOP", b"EHLO " + name, b"QUIT")
            assert replies[2].endswith(reply)
            assert server.playing == playing
        assert sessions.left() == ()

    def test_by_its_login(self):
        """The reply is that of the user who logs in, and what follows."""
        bob = LOGIN.replace("YWxpY2U=", "Ym9i").replace("235 ok", "535 no")
        without = SENDING.replace("220 hi", "220 three")
        sessions = roster(LOGIN, bob, without, match=Match.LOGIN)
        for user, reply, playing in ((b"Bob", b"535 no", "2"), (b"alice", b"235 ok", "1")):
            word = base64.b64encode(user)
            replies, server = served(sessions, b"EHLO a", b"AUTH LOGIN", word, b"eQ==", b"QUIT")
            assert (replies[4], server.playing, server.deviations()) == (reply, playing, ())
        server = served(sessions, b"EHLO a", b"AUTH LOGIN", base64.b64encode(b"eve"), b"eQ==", b"QUIT")[1]
        assert (server.playing, sessions.left()) == ("3", ())

    def test_by_its_mechanism_until_it_tells_who_it_is(self):
        """A session in which somebody logs in offers it, and one with this mechanism asks."""
        plain = SENDING.replace("C: MAIL", "C: AUTH PLAIN AGJvYgB4\nS: 235 bob\nC: MAIL", 1).replace(
            "250 SIZE", "250 AUTH"
        )
        for order in ((SENDING, plain, LOGIN), (LOGIN, SENDING, plain)):
            sessions = roster(*order, match=Match.LOGIN)
            replies, server = served(sessions, b"EHLO a", b"AUTH PLAIN AGJvYgB4", *HEAD[1:], b"QUIT")
            assert b"AUTH" in replies[1]
            assert (replies[2], server.playing) == (b"235 bob", str(order.index(plain) + 1))
            assert server.deviations() == ("never heard: DATA",)

    def test_without_a_login(self):
        """A session in which nobody logged in."""
        _, server = served(roster(LOGIN, SENDING, match=Match.LOGIN), *HEAD, b"QUIT")
        assert (server.playing, server.deviations()) == ("2", ("never heard: DATA",))

    def test_a_client_that_never_tells(self):
        """Has what was next; after many lines nobody waits for it any more."""
        sessions = roster(self.FIRST, self.SECOND, match=Match.HELO)
        assert served(sessions, b"NOOP")[1].playing == "1"
        assert served(sessions, *[b"NOOP"] * MOST_TOLD, b"EHLO one", b"QUIT")[1].playing == "2"
