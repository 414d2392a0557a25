"""Laws of replaying what was sent: the octets stay, and nobody gets mail, or is told of it, who was not allowed to.

The servers here differ in what they take for the end of a line and of a message, and in how much of a broken command
they understand; each accepts everything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.dialogue import connection, interleaved, streams

from smtptrace.auth import Login
from smtptrace.redact import forms
from smtptrace.replay.actions import Receive, Rules, Send
from smtptrace.replay.as_sent import script_as_sent
from smtptrace.replay.plan import Permission, Target, refusals
from smtptrace.replay.prepare import Choices, prepared
from smtptrace.replay.script import script_of
from smtptrace.replay.send import player_of
from smtptrace.replay.sender import with_sender
from smtptrace.replay.sent_player import SentPlayer
from smtptrace.replay.step import NotPlayableError, Said
from smtptrace.secret import Secret
from smtptrace.smtp import read_session
from smtptrace.smtp.typing import as_meant
from smtptrace.trace import read_text, trace_session
from smtptrace.wire import Endpoint, Side

THERE = Target(Endpoint("10.0.0.7", 25), loopback=False)
FRAGMENTS = [
    *(
        "EHLO a",
        "MAIL FROM:<s@x.test>",
        "MAIL FROM:<me@ok.test>",
        "mail from: s@x.test",
        "MAIL FROM s@x.test",
        "MIAL FROM:<s@x.test>",
        "s@x.test",
        "RCPT TO:<me@ok.test>",
        "rcpt to: me@ok.test",
        "DATA",
        "RSET",
        "QUIT",
        "NOOP x",
    ),
    *("RCPT TO:<you@evil.test>", "RCPT TO:<me@ok.test", ">@evil.test>", "RCTP TO:<you@evil.test>", "RCPT", "TO:<"),
    *("you@evil.test", "BDAT 9 LAST", "BDAT 40", "AUTH PLAIN", "Subject: s", "text", ".", "..", ".x", "\x08", "\x7f"),
    *("\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "\0", "\r\n.\r\n", "\n.\n", "\r.\r", "\n.\r\n", "\r\n.\n", " ", "\t"),
]
LINES = [
    *("EHLO a\r\n", "MAIL FROM:<s@x.test>\r\n", "RCPT TO:<me@ok.test>\r\n", "DATA\r\n", "x\r\n.\r\n", "NOOP\n"),
    *(
        "rcpt to:<me@ok.test>\n",
        "RCPT TO:<you@evil.test>\r\n",
        "\r\n.\r\n",
        "BDAT 28 LAST\r\nRCPT TO:<you@evil.test>\r\nx",
    ),
]
TALK = st.lists(st.sampled_from(LINES) | st.sampled_from(FRAGMENTS), max_size=30).map(
    lambda each: "".join(each).encode()
)
REPLIES = st.lists(
    st.sampled_from([b"250 ok\r\n", b"354 go\r\n", b"550 no\r\n", b"250-a\r\n250 CHUNKING\r\n", b"334 \r\n"]),
    max_size=14,
)
TURNS = st.lists(st.tuples(st.sampled_from(list(Side)), st.integers(1, 60)), max_size=30)
SMUGGLED = b"EHLO a\r\nDATA\r\nx\n.\nRCPT TO:<you@evil.test>\r\n\r\n.\r\n"


def session(client: bytes, replies: list[bytes], turns):
    """A session of these octets, cut and mixed anyhow."""
    server = b"220 hi\r\n250-a\r\n250 CHUNKING\r\n" + b"".join(replies)
    return trace_session(read_session(connection("", events=interleaved(client, server, turns)), keep_content=True))


@settings(max_examples=150, deadline=None)
@given(TALK, REPLIES, TURNS)
def test_octets_as_sent_are_those_of_the_client(client, replies, turns):
    """All of them, in their order, but for what goes in place of a login."""
    found = session(client, replies, turns)
    try:
        script = script_as_sent(found, "1", recorded=True)
    except NotPlayableError:
        return
    sent = b"".join(part.octets for step in script.steps for part in step.parts)
    assert sent == streams(found.session.connection.events)[0] or any(step.absent for step in script.steps)
    anew = script_as_sent(found, "1")
    assert _octets(anew) == _octets(script)


def _octets(script) -> list[list[bytes]]:
    return [[part.octets for part in step.parts] for step in script.steps if not step.login]


@dataclass
class Lenient:
    """A server that accepts everything; `line` and `end` are what it takes for the end of a line, and of a message."""

    line: re.Pattern[bytes]
    end: re.Pattern[bytes]
    recipients: list[bytes] = field(default_factory=list)
    senders: list[bytes] = field(default_factory=list)
    told: list[bytes] = field(default_factory=list)
    replies: list[bytes] = field(default_factory=lambda: [b"220 hi"])
    waiting: bytes = b""
    inside: bool = False
    counted: int = 0

    def feed(self, octets: bytes) -> None:
        """Take octets as they come."""
        self.waiting += octets
        while self._one():
            pass

    def _one(self) -> bool:
        if self.counted:
            taken = min(self.counted, len(self.waiting))
            self.waiting, self.counted = self.waiting[taken:], self.counted - taken
            return bool(taken)
        if self.inside:
            return self._message()
        found = self.line.search(self.waiting)
        if not found:
            return False
        line, self.waiting = self.waiting[: found.start()], self.waiting[found.end() :]
        self._command(line)
        return True

    def _message(self) -> bool:
        found = self.end.search(b"\r\n" + self.waiting)
        if not found:
            return False
        self.waiting, self.inside = (b"\r\n" + self.waiting)[found.end() :], False
        self.replies.append(b"250 ok")
        self.told += self.senders
        return True

    def _command(self, line: bytes) -> None:
        for way in {line, as_meant(line), re.sub(rb"[^ -~]", b"", line)}:
            named = re.search(rb"(?i)(?:(?:^|[^a-z])RCPT|^[ \t]*RCTP)[ \t]*(?:TO)?[ \t]*:?[ \t]*(.*)", way)
            if named:
                path = re.match(rb"[ \t]*<([^>]*)>?((?:[@.][^ >]*)?)", named[1])
                word, _, rest = named[1].strip().partition(b" ")
                self.recipients.append(path[1] + path[2] if path else rest if re.search(rb"[@<]", rest) else word)
            sender = re.search(rb"(?i)^[ \t]*(?:MAIL|MIAL)[ \t]*(?:FROM)?[ \t]*:?[ \t]*<?([^ >]*)", way)
            self.senders += [sender[1]] if sender else []
        size = re.match(rb"(?i)BDAT ([0-9]+)", line)
        if size:
            self.counted = int(size[1])
        self.inside = line.strip(b" \t").upper() == b"DATA"
        hello = line.strip()[:4].upper() == b"EHLO"
        self.replies.append(b"354 go" if self.inside else b"250-a|250-CHUNKING|250 PIPELINING" if hello else b"250 ok")


SERVERS = {
    "strict": (rb"\r\n", rb"\r\n\.\r\n"),
    "bare LF": (rb"\r?\n", rb"\r?\n\.\r?\n"),
    "bare CR": (rb"\r\n|\r|\n", rb"[\r\n]\.[\r\n]"),
    "NUL": (rb"[\r\n\0]+", rb"[\r\n\0]\.[ \t]*[\r\n\0]+"),
}


def run(script, server: Lenient) -> None:
    """Play it there, until it ends or the server has nothing to say."""
    rules = Rules(lambda how: Login("alice", Secret("geheim")), plain_auth=True)
    actions = SentPlayer(script, rules).play()
    action = next(actions, None)
    while action is not None:
        said = None
        if isinstance(action, Send):
            server.feed(action.octets)
        elif isinstance(action, Receive):
            if not server.replies:
                return
            lines = tuple(server.replies.pop(0).split(b"|"))
            said = Said(int(lines[0][:3]), lines)
        try:
            action = actions.send(said)
        except StopIteration:
            return


@pytest.mark.parametrize("kind", SERVERS)
@settings(max_examples=150, deadline=None)
@given(TALK, REPLIES, TURNS, st.sampled_from(["", "me@ok.test"]))
@example(SMUGGLED, [b"354 go\r\n", b"250 ok\r\n"], [(Side.CLIENT, 8), (Side.SERVER, 99), (Side.CLIENT, 6)], "")
def test_nobody_gets_mail_who_was_not_allowed_to(kind, client, replies, turns, to):
    """Whatever was recorded, whatever the server takes it for, with allowed recipients and with replaced ones."""
    try:
        script = prepared(script_as_sent(session(client, replies, turns), "1"), Choices(to=to, no_auth=True))
    except NotPlayableError:
        return
    allowed = Permission(send=True, recipients=() if to else ("*@ok.test",), rewritten=bool(to), messages=99)
    script = with_sender(script, b"me@ok.test" if to else None, allowed.may_have)
    if any(step.absent for step in script.steps) or refusals([script], THERE, allowed):
        return
    server = Lenient(*(re.compile(each) for each in SERVERS[kind]))
    run(script, server)
    assert all(each.endswith(b"@ok.test") for each in server.recipients), script
    assert all(not each or each.endswith(b"@ok.test") for each in server.told), script


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=4, max_size=30), st.data())
def test_no_secret_of_the_environment_is_shown(secret, data):
    """Whatever the target says it in, as a reply or as what is none."""
    said = data.draw(st.sampled_from(sorted(forms(secret.encode()))).filter(lambda form: len(form) >= 4))
    (found,) = read_text("# session: 1\nC: VRFY ${env:WORD}\nC: QUIT\n")
    for script in (script_of(found, "1"), script_as_sent(found, "1")):
        prepared_one = prepared(script, Choices(environment=("WORD",)))
        rules = Rules(lambda how: Login(), plain_auth=True, values={"env:WORD": Secret(secret)})
        player = player_of(prepared_one, rules)
        actions = player.play()
        sent, reply = b"", None
        while len(player.done) < 2:
            action = actions.send(reply)
            sent += action.octets if isinstance(action, Send) else b""
            reply = Said(250, (b"250 " + said,)) if isinstance(action, Receive) else None
        broken = player.broken(said.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        assert secret.encode() in sent
        assert player.done[1].sent == b"VRFY ****"
        assert said not in player.done[1].received.lines[0] + broken


def test_the_lenient_servers_can_be_fooled():
    """Else the law would hold for nothing: without the refusals, an outsider gets mail."""
    found = session(SMUGGLED, [b"354 go\r\n", b"250 ok\r\n"], [(Side.SERVER, 99), (Side.CLIENT, 14)])
    server = Lenient(*(re.compile(each) for each in SERVERS["bare LF"]))
    run(script_as_sent(found, "1"), server)
    assert server.recipients == [b"you@evil.test"]
    assert server.told == []
    open_one = b"EHLO a\r\nMAIL FROM:<s@x.test>\r\nRCPT TO:<me@ok.test>\r\nDATA\r\nx\r\n.\r\n"
    server = Lenient(*(re.compile(each) for each in SERVERS["strict"]))
    run(script_as_sent(session(open_one, [b"250 ok\r\n"] * 2 + [b"354 go\r\n", b"250 ok\r\n"], []), "1"), server)
    assert server.told == [b"s@x.test"]
