"""telnet under script(1), with backspaces that are sent and backspaces that the terminal takes back: FILE."""

import os
import pty
import select
import sys
import time

KEYS = [
    b"EHLO app01\r", b"mail frrom\x08\x08\x08om:<a@lab.test>\r", b"mail frrom\x7f\x7f\x7f\x7fom:<a@lab.test>\r",
    b"RCPT TO:<bob@lab.test>\r", b"DATA\r", b"Subject: x\r\rhello wrl\x7f\x7forld\r.\r", b"QUIT\r",
]  # fmt: skip


def wait(terminal: int, seconds: float) -> None:
    end = time.time() + seconds
    while time.time() < end:
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                os.read(terminal, 4096)
            except OSError:
                return


child, terminal = pty.fork()
if child == 0:
    os.execvp("script", ["script", "-f", "-c", "telnet 127.0.0.1 22525", sys.argv[1]])
wait(terminal, 1)
for key in KEYS:
    os.write(terminal, key)
    wait(terminal, 0.4)
wait(terminal, 1)
