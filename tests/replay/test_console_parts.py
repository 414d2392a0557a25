"""The pure parts of the console: console_words, console_offer, console_history, console_meaning, console_evidence."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from replay.consoles import EHLO, talking

from smtptrace.replay.console_advice import hint
from smtptrace.replay.console_history import may_be_kept
from smtptrace.replay.console_link import unanswered
from smtptrace.replay.console_manners import Manners
from smtptrace.replay.console_meaning import reply_lines
from smtptrace.replay.console_offer import Offer, extension_meaning, offer_of
from smtptrace.replay.console_record import keep, traced
from smtptrace.replay.console_words import MOST_ADDRESSES, Used, words
from smtptrace.replay.script import Said
from smtptrace.wire import Endpoint, Gap

LINES = (
    b"250-mail.test hello",
    b"250-SIZE 10240000",
    b"250-8BITMIME",
    b"250-SMTPUTF8",
    b"250-DSN",
    b"250-AUTH PLAIN LOGIN",
    b"250-AUTH=PLAIN NTLM",
    b"250-XCLIENT NAME",
    b"250-BINARYMIME",
    b"250 STARTTLS",
)
OFFER = offer_of(LINES)
LOCAL = {"/help": "this", "/tls": "tls"}
USED = Used(["me.test"], ["alice@a.test", "bob@b.test"])


def after(line: str, offer: Offer = OFFER) -> list[str]:
    """The line with each way to go on."""
    return [line[: len(line) - word.replaced] + word.text for word in words(line, offer, USED, LOCAL)]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("ma", ["mail from:<"]),
        ("MA", ["MAIL FROM:<"]),
        ("E", ["EHLO "]),
        ("s", ["starttls"]),
        ("X", ["XCLIENT "]),
        ("/", ["/help ", "/tls "]),
        ("/t", ["/tls "]),
        ("auth ", ["auth PLAIN", "auth LOGIN", "auth NTLM"]),
        ("AUTH n", ["AUTH ntlm"]),
        ("AUTH PLAIN ", []),
        ("MAIL FROM:<", ["MAIL FROM:<alice@a.test>", "MAIL FROM:<bob@b.test>", "MAIL FROM:<>"]),
        ("rcpt to:<B", ["rcpt to:<bob@b.test>"]),
        ("RCPT TO:<", ["RCPT TO:<alice@a.test>", "RCPT TO:<bob@b.test>"]),
        ("VRFY a", ["VRFY alice@a.test"]),
        ("EHLO ", ["EHLO me.test"]),
        ("MAIL FROM:<a@b.c> S", ["MAIL FROM:<a@b.c> SIZE=", "MAIL FROM:<a@b.c> SMTPUTF8"]),
        ("mail from:<> b", ["mail from:<> body=8bitmime", "mail from:<> body=7bit", "mail from:<> body=binarymime"]),
        ("MAIL FROM:<> SIZE=5 SI", []),
        ("MAIL FROM:<> RET=HDRS R", []),
        ("RCPT TO:<a@b.c> O", ["RCPT TO:<a@b.c> ORCPT=rfc822;"]),
        ("RCPT TO:<a@b.c> S", []),
        ("nothing known of", []),
    ],
)  # fmt: skip
def test_a_line_goes_on(line, found):
    """Verbs, mechanisms, addresses and parameters, in the letter case that was begun with."""
    assert after(line) == found


def test_without_an_offer_the_standard_verbs():
    """What is not offered is not completed, once EHLO was answered."""
    assert "AUTH " in after("", Offer())
    assert "STARTTLS" in after("", Offer())
    bare = offer_of((b"250 mail.test",))
    assert not {"AUTH ", "STARTTLS"} & set(after("", bare))
    assert after("MAIL FROM:<> ", bare) == []


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where a command takes one; a folder goes on."""
    (tmp_path / "talk.smtp").touch()
    (tmp_path / "mail").mkdir()
    monkeypatch.chdir(tmp_path)
    assert after(f"/save {tmp_path}/ta") == [f"/save {tmp_path}/talk.smtp"]
    assert after("/data ") == ["/data mail/", "/data talk.smtp"]
    assert after("/data none/such/x") == []


def test_the_last_used_comes_first():
    """Each address once, and not without end."""
    used = Used()
    for number in range(MOST_ADDRESSES + 5):
        used.address(f"MAIL FROM:<a{number}@x.test>")
    used.address("RCPT TO:<a7@x.test> NOTIFY=NEVER")
    used.address("MAIL FROM:<>")
    used.name("EHLO one")
    used.name("EHLO")
    assert used.addresses[:2] == ["a7@x.test", f"a{MOST_ADDRESSES + 4}@x.test"]
    assert len(used.addresses) == MOST_ADDRESSES
    assert used.names == ["one"]


def test_a_long_line_is_looked_at_in_no_time():
    """However it is made."""
    begun = time.process_time()
    for line in ("MAIL FROM:<> " + "a " * 5000, "MAIL FROM:<" + "<" * 10000, "/data " + "a/" * 500):
        list(words(line, OFFER, USED, LOCAL))
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        (b"250-SIZE 35882577", "messages of up to 35,882,577 octets (SIZE=)"),
        (b"250-SIZE 0", "messages of any size (SIZE=)"),
        (b"250-SIZE", "the size is told beforehand (SIZE=)"),
        (b"250-SIZE 999999999999999999999999", "the size is told beforehand (SIZE=)"),
        (b"250-size x", "the size is told beforehand (SIZE=)"),
        (b"250-AUTH=LOGIN", "the same for clients of old"),
        (b"250-X-UNKNOWN 1", ""),
        (b"250 ", ""),
        (b"250-\xff\x1b", ""),
    ],
)
def test_an_extension_means(line, meaning):
    assert extension_meaning(line) == meaning


def test_an_offer():
    """Keywords with their parameters; mechanisms of both spellings, each once."""
    assert OFFER.mechanisms == ("PLAIN", "LOGIN", "NTLM")
    assert OFFER.keywords["SIZE"] == ("10240000",)
    assert not offer_of((b"250-x", b"250-\x1b[2J", b"250 ")).keywords


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("EHLO me", True),
        ("mail from:<a@b.c>", True),
        ("/help", True),
        ("auth login", True),
        ("auth login YWxpY2U=", False),
        ("AUTH=LOGIN", True),
        ("AUTH=LOGIN YWxpY2U=", False),
        ("AUTH", False),
        ("x-exps ntlm TlRM", False),
        ("/raw AUTH PLAIN AGEAYg==", False),
        ("/raw auth plain", True),
        ("/raw EHLO me", True),
        ("UGFzc3dvcmQ=", False),
        ("hunter2", False),
        ("XFOO bar", True),
        ("", False),
    ],
)
def test_a_history_holds_no_secret(line, kept):
    """Commands that are known, and nothing behind the mechanism of a login."""
    assert may_be_kept(line, {"XFOO"}) is kept


def test_replies_that_need_no_words():
    """250 says enough; other codes are told."""
    assert [each.meaning for each in reply_lines(Said(250, (b"250 2.1.0 ok",)), "MAIL")] == [""]
    (told,) = reply_lines(Said(252, (b"252 cannot verify",)), "VRFY")
    assert told.meaning.startswith("The server does not verify")
    (taken,) = reply_lines(Said(250, (b"250 fine",)), "CONTENT")
    assert taken.meaning == "the server has taken the message"


def test_hints():
    """What may help after a connection broke."""
    assert "--insecure" in hint("TLS handshake: the certificate does not verify: expired", implicit=False)
    assert "type STARTTLS" in hint("TLS handshake: TLS failed: wrong version number", implicit=True)
    assert "--tls" in hint("no greeting in 60 s", implicit=False)
    assert hint("no greeting in 60 s", implicit=True) == ""


def test_the_evidence_is_bounded(monkeypatch):
    """A long session is looked at with a gap in its middle, and still explained."""
    monkeypatch.setattr("smtptrace.replay.console_evidence.MOST_EVENTS", 8)
    monkeypatch.setattr("smtptrace.replay.console_evidence._FIRST", 3)
    monkeypatch.setattr("smtptrace.replay.console_evidence._LAST", 2)
    replies = ["250 ok"] * 8
    with talking("220 hi Postfix", EHLO, *replies, "554 5.7.1 <x@y.test>: Relay access denied") as (who, _):
        for line in ("EHLO me", *["NOOP"] * 8):
            who.says(line)
        evidence = who.console._evidence.connection()
        assert len(evidence.events) <= 8 + 2
        assert any(isinstance(each, Gap) for each in evidence.events)
        assert "relay-denied" in "".join(who.says("RCPT TO:<x@y.test>"))
        assert not any(isinstance(each, Gap) for each in who.console.link.events)


def test_large_content_is_no_evidence(monkeypatch):
    """Once it was taken it explains nothing."""
    monkeypatch.setattr("smtptrace.replay.console_evidence.MOST_OCTETS", 100)
    with talking("220 hi", "250 ok", "250 " + "x" * 200) as (who, _):
        who.says("NOOP")
        before = len(who.console._evidence.connection().events)
        who.says("NOOP")
        assert len(who.console._evidence.connection().events) == before


def test_a_connection_that_did_not_come_about():
    """Its record says so."""
    trace = traced(unanswered(Endpoint("mail.test", 25)), reveal=False)
    assert trace.session.opened is not None


@pytest.mark.parametrize(("reveal", "there"), [(False, False), (True, True)])
@pytest.mark.parametrize("suffix", [".smtp", ".pcapng"])
def test_what_is_kept_holds_secrets_only_where_asked(tmp_path: Path, suffix, reveal, there):
    """In both forms."""
    path = tmp_path / f"talk{suffix}"
    with talking("220 hi", EHLO, "235 ok", manners=Manners()) as (who, _):
        who.says("EHLO me")
        who.says("auth plain", "alice", "secret1")
        keep(who.console.link.connection(), path, reveal=reveal)
    assert (b"AGFsaWNlAHNlY3JldDE=" in path.read_bytes()) is there
