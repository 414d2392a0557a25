"""The server of a recording and whatever a client says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from replay.scripts import CHUNKED, LOGIN, SENDING
from replay.serving import roster

from smtptrace.replay.serve import MOST_TOLD, Manner, Server, Unrecorded
from smtptrace.replay.serve_action import BeginTls, HearContent, HearLine, Say
from smtptrace.replay.serve_roster import Match
from smtptrace.secret import Secret

TEXTS = (SENDING, LOGIN, CHUNKED, SENDING.replace("S: 250 SIZE", "S: 250 STARTTLS\nC: STARTTLS\nS: 220 go"))
WORDS = (
    b"EHLO a", b"HELO", b"ehlo b", b"LHLO a", b"MAIL FROM:<a@b> PRDR", b"MAIL", b"RCPT TO:<c@d>", b"RCPT", b"DATA",
    b"BDAT 3", b"BDAT 0 LAST", b"BDAT 3 LAST", b"BDAT 99999999999999", b"BDAT -1", b"STARTTLS", b"AUTH LOGIN",
    b"AUTH LOGIN YWxpY2U=", b"AUTH PLAIN AGFsaWNlAHNlY3JldDE=", b"AUTH NTLM", b"AUTH SCRAM-SHA-256 biwsbj1hLHI9eA==",
    b"AUTH SCRAM-SHA-1", b"AUTH CRAM-MD5", b"X-EXPS LOGIN", b"AUTH", b"AUTH=LOGIN", b"*", b"=", b"YWxpY2U=",
    b"c2VjcmV0MQ==",
    b"RSET", b"NOOP", b"VRFY x", b"QUIT", b"", b"\0\xff", b".",
)  # fmt: skip
LINES = st.lists(st.sampled_from(WORDS) | st.binary(max_size=40).map(lambda octets: octets.replace(b"\n", b"")))
MANNERS = st.builds(
    Manner,
    strict=st.booleans(),
    unrecorded=st.sampled_from(Unrecorded),
    secret=st.sampled_from((None, Secret("secret1"), Secret("\udcff"))),
)


@given(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3), st.sampled_from(Match), MANNERS, LINES)
def test_whatever_is_said_it_replies_or_ends(texts, match, manner, lines):
    """It never raises, has an end, replies with whole lines, and keeps what it tells in bounds."""
    server = Server(roster(*texts, match=match).seat(), manner)
    actions, waiting, answer, secured = server.serve(), list(lines), None, 0
    try:
        while True:
            action = actions.send(answer)
            answer = None
            if isinstance(action, Say):
                assert action.octets == b"" or action.octets.endswith(b"\r\n")
            elif isinstance(action, HearContent):
                assert action.size is None or action.size >= 0
                answer = b".\r\n" if action.size is None else b"x" * min(action.size, 9)
            elif isinstance(action, HearLine):
                answer = waiting.pop(0) + b"\r\n" if waiting else None
            else:
                assert isinstance(action, BeginTls)
                secured += 1
    except StopIteration:
        pass
    assert secured <= lines.count(b"STARTTLS")
    assert len(server.deviations()) <= 2 * MOST_TOLD + 3
