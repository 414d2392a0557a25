"""The messages that are sent, and how."""

from __future__ import annotations

import hashlib
import socket
import time
from pathlib import Path

from lab import clients
from lab.accounts import ALICE
from lab.process import HOST
from lab.terminal import Terminal
from scenario import Lab


def message(number: int, subject: str, text: str, sender: str = clients.SENDER) -> bytes:
    """A short message with every field that a client would add otherwise."""
    lines = [
        "Date: Mon, 02 Mar 2026 09:00:00 +0000",
        f"From: {sender}",
        f"To: {clients.RECIPIENT}",
        f"Subject: {subject}",
        f"Message-ID: <2026030209.{number}@client.example>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        *text.split("\n"),
        "",
    ]
    return "\r\n".join(lines).encode()


def digest(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def swaks(port: int, content: bytes, *options: str | Path, to: str = clients.RECIPIENT, code: int = 0) -> None:
    """One message by swaks, which must end with `code`."""
    # swaks takes line feeds, and adds the last one.
    text = content.decode().replace("\r\n", "\n").removesuffix("\n")
    run = clients.swaks(port, "--data", text, *options, to=to)
    assert run.code == code, run.output


def curl(
    lab: Lab, port: int, content: bytes, *options: str | Path, scheme: str = "smtp", keylog: Path | None = None
) -> None:
    """One message by curl, which must be taken; its TLS keys go to `keylog`."""
    env = {"SSLKEYLOGFILE": str(keylog)} if keylog else None
    run = clients.curl(port, *options, message=lab.file(content), scheme=scheme, env=env)
    assert run.code == 0, run.output


def curl_login(mechanism: str) -> tuple[str, ...]:
    """curl's options for AUTH."""
    return ("--login-options", f"AUTH={mechanism}", "-u", f"alice:{ALICE}")


def say(port: int, *commands: bytes) -> None:
    """Connect and send each of the commands when the one before it is answered."""
    with socket.create_connection((HOST, port)) as conn, conn.makefile("rb") as replies:
        for command in (b"", *commands):
            conn.sendall(command)
            while replies.readline()[3:4] == b"-":
                pass


def type_session(window: Terminal, erase: bytes) -> None:
    """Type a mail at a terminal; two commands have a slip, which is erased, and are typed again when refused."""
    for keys, reply in (
        (b"EHLO client.exma##ample", b"50[01] "),
        (b"EHLO client.example", b"250 "),
        (b"MAIL FROM:<alcie###ice@client.example>", b"501 "),
        (b"MAIL FROM:<alice@client.example>", b"250 "),
        (b"RCPT TO:<bob@lab.test>", b"250 "),
        (b"DATA", b"354 "),
        (b"Subject: typde##ed\r\rHello Bop#b\r.", b"250 "),
        (b"QUIT", b"221 "),
    ):
        window.type(keys.replace(b"#", erase) + b"\r")
        window.wait_for(reply)


def wait_for(log: Path, word: str, seconds: float = 10) -> None:
    """Wait until a server's log has this word."""
    deadline = time.monotonic() + seconds
    while word not in log.read_text():
        assert time.monotonic() < deadline, f"{log} never says {word}"
        time.sleep(0.05)


REPORT = message(1, "Quarterly report", "The figures are in.\n.\nA line with one dot stands above this one.")
STATUS = message(2, "Status", "All machines are up.")
INVITATION = message(3, "Invitation", "Lunch on Friday?\n\nAlice")
NEWS = message(4, "Spring news", "Our spring catalogue is here.\nUnsubscribe: reply STOP.", "news@shop.example")
OFFER = message(5, "Offer", "".join(f"Position {n}: {n * 7} pieces\n" for n in range(1, 120)))
