"""Sessions for the tests of replay, written as dialogues."""

from __future__ import annotations

from smtptrace.replay.prepare import Choices, prepared
from smtptrace.replay.script import Script, script_of
from smtptrace.trace import Trace, read_text

SENDING = """\
S: 220 hi
C: EHLO a
S: 250-hi
S: 250 SIZE
C: MAIL FROM:<a@b>
S: 250 ok
C: RCPT TO:<c@d> NOTIFY=FAILURE ORCPT=rfc822;c@d
S: 250 ok
C: DATA
S: 354 go
C: Subject: s
C:
C: text
C: .
S: 250 ok
C: QUIT
S: 221 bye
"""
CHUNKED = """\
S: 220 hi
C: EHLO a
S: 250 hi
C: MAIL FROM:<a@b>
S: 250 ok
C: RCPT TO:<c@d>
S: 250 ok
C: BDAT 8
C: hello.
S: 250 more
C: BDAT 7 LAST
C: world
S: 250 ok
C: QUIT
S: 221 bye
"""
DELIVERY = """\
S: 220 hi
C: LHLO a
S: 250-hi
S: 250 PIPELINING
C: MAIL FROM:<a@b>
S: 250 ok
C: RCPT TO:<c@d>
S: 250 ok
C: RCPT TO:<no@d>
S: 550 no
C: RCPT TO:<e@d>
S: 250 ok
C: DATA
S: 354 go
C: text
C: .
S: 250 ok
S: 550 full
C: QUIT
S: 221 bye
"""
LOGIN = """\
S: 220 hi
C: EHLO a
S: 250-hi
S: 250-STARTTLS
S: 250 AUTH LOGIN
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: YWxpY2U=
S: 334 UGFzc3dvcmQ6
C: c2VjcmV0MQ==
S: 235 ok
C: QUIT
S: 221 bye
"""


def trace(text: str) -> Trace:
    """The only session of a text."""
    (found,) = read_text("# session: 1\n" + text)
    return found


def script(text: str, **choices) -> Script:
    """The text as a script, prepared with these choices."""
    return prepared(script_of(trace(text), "1"), Choices(**choices))


def sent(found: Script) -> list[bytes]:
    """The commands of a script."""
    return [step.line for step in found.steps if step.verb]
