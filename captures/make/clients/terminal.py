"""What stands in a terminal after somebody typed a mail there: PROGRAM ARGUMENT ..."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "tests"))

from lab.terminal import terminal

# Each line with what answers it; the last character of a word is mistyped and erased.
LINES = (
    (b"EHLO client.tesr\x7ft\r", rb"250 HELP"),
    (b"AUTH LOGIN\r", rb"334 .*"),
    (b"YWxpY2U=\r", rb"334 .*"),
    (b"U2VjcmV0MTIzIQ==\r", rb"235 "),
    (b"MAIL FROM:<a@lab.test>\r", rb"250 OK"),
    (b"RCPT TO:<nobody@lab.test>\r", rb"550 "),
    (b"RCPT TO:<bob@lab.test>\r", rb"250 2"),
    (b"DATA\r", rb"354 "),
    (b"Subject: t\r\rhello wrl\x7f\x7forld\r.\r", rb"250 2.0.0"),
    (b"QUIT\r", rb"221 "),
)

with terminal(*sys.argv[1:]) as window:
    window.wait_for(rb"(?:220|250) ")
    for keys, reply in LINES:
        window.type(keys)
        window.wait_for(reply)
    window.drain(1)
sys.stdout.buffer.write(bytes(window.screen))
