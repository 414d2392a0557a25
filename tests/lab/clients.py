"""The clients of the lab, each called as its users call it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.accounts import ALICE
from lab.process import HOST, tool

HELO = "client.example"
SENDER = "alice@client.example"
RECIPIENT = "bob@lab.test"


@dataclass(frozen=True, slots=True)
class Run:
    """How a client ended and what it said, both streams in one."""

    code: int
    output: str


def run(
    argv: Sequence[str | Path], stdin: bytes = b"", env: Mapping[str, str] | None = None, seconds: float = 30
) -> Run:
    """Run a client to its end, at most `seconds` long."""
    done = subprocess.run(
        [tool(str(argv[0])), *(str(word) for word in argv[1:])],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(env or {})},
        timeout=seconds,
        check=False,
    )
    return Run(done.returncode, done.stdout.decode(errors="replace"))


def swaks(port: int, *options: str | Path, to: str = RECIPIENT, host: str = HOST) -> Run:
    """swaks: one option for everything; its output shows every line."""
    fixed = ["swaks", "--server", host, "--port", str(port), "--helo", HELO, "--from", SENDER]
    return run([*fixed, *(["--to", to] if to else []), *options])


def login(mechanism: str, user: str = "alice", password: str = ALICE) -> list[str]:
    """swaks' options for AUTH."""
    return ["--auth", mechanism, "--auth-user", user, "--auth-password", password]


def curl(
    port: int,
    *options: str | Path,
    message: Path | None = None,
    scheme: str = "smtp",
    env: Mapping[str, str] | None = None,
) -> Run:
    """curl: sends `message` to `RECIPIENT`, else logs in alone; SSLKEYLOGFILE in `env` names a file for TLS keys."""
    argv: list[str | Path] = ["curl", "-sS", "-v", f"{scheme}://localhost:{port}/{HELO}", "--ipv4", *options]
    if message:
        argv += ["--mail-from", SENDER, "--mail-rcpt", RECIPIENT, "-T", message]
    return run(argv, env=env)


def msmtp(port: int, *options: str, message: bytes, recipients: Sequence[str] = (RECIPIENT,)) -> Run:
    """msmtp: one message from standard input, without a configuration file."""
    fixed = ["msmtp", "--file=/dev/null", f"--host={HOST}", f"--port={port}", f"--domain={HELO}", f"--from={SENDER}"]
    return run([*fixed, *options, "--", *recipients], stdin=message)


def msmtp_login(mechanism: str, user: str = "alice", password: str = ALICE) -> list[str]:
    """msmtp's options for AUTH."""
    return [f"--auth={mechanism}", f"--user={user}", f"--passwordeval=echo '{password}'"]


def gsasl(port: int, mechanism: str, user: str = "alice", password: str = ALICE) -> Run:
    """gsasl: logs in and leaves; knows mechanisms that the others do not."""
    options = [f"--authentication-id={user}", f"--password={password}"]
    fixed = ["gsasl", "--smtp", "--connect", f"{HOST}:{port}", f"--mechanism={mechanism}", "--no-starttls"]
    return run([*fixed, *options], stdin=b"")
