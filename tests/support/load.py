"""Many SMTP clients at once in one process: each delivers one message and leaves."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
import time
from dataclasses import dataclass, field

HELLO = b"EHLO load.test\r\n"
LOGIN = b"AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n"
ENVELOPE = b"MAIL FROM:<a@load.test>\r\nRCPT TO:<b@sink.test>\r\nDATA\r\n"


def message(number: int, size: int) -> bytes:
    """A message of about `size` octets that no other number has, in lines of 78 octets."""
    line = (b"%08d " % number) * 8 + b"....\r\n"
    return b"Subject: %d\r\n\r\n" % number + line * (size // len(line))


def digest(number: int, size: int) -> str:
    """The SHA-256 of a message."""
    return hashlib.sha256(message(number, size)).hexdigest()


@dataclass
class Outcome:
    """What became of a run: seconds in all and of each session, digests of what was acknowledged, what went wrong."""

    seconds: float = 0.0
    each_s: list[float] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


async def session(port: int, number: int, size: int, context: ssl.SSLContext | None = None) -> None:
    """Deliver one message; raises what goes wrong."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await expect(reader, b"220")
        await ask(reader, writer, HELLO, b"250")
        if context:
            await ask(reader, writer, b"STARTTLS\r\n", b"220")
            await writer.start_tls(context, server_hostname="localhost")
            await ask(reader, writer, HELLO, b"250")
        await ask(reader, writer, LOGIN, b"235")
        writer.write(ENVELOPE)
        for code in (b"250", b"250", b"354"):
            await expect(reader, code)
        await ask(reader, writer, message(number, size) + b".\r\n", b"250")
        await ask(reader, writer, b"QUIT\r\n", b"221")
    finally:
        writer.close()
        with contextlib.suppress(OSError):  # it may be gone already
            await writer.wait_closed()


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, said: bytes, code: bytes) -> None:
    """Say something, and want this reply."""
    writer.write(said)
    await writer.drain()
    await expect(reader, code)


async def expect(reader: asyncio.StreamReader, code: bytes) -> None:
    """The next reply has to have this code."""
    while (line := await reader.readline())[3:4] == b"-":
        pass
    assert line[:3] == code, line


def deliver(port: int, count: int, size: int, at_once: int, context: ssl.SSLContext | None = None) -> Outcome:
    """Deliver `count` messages over as many connections, `at_once` at a time."""
    outcome = Outcome()

    async def work(numbers: list[int]) -> None:
        while numbers:
            number = numbers.pop()
            began = time.perf_counter()
            try:
                await asyncio.wait_for(session(port, number, size, context), 60)
                outcome.acknowledged.append(digest(number, size))
            except (OSError, AssertionError, TimeoutError) as error:
                outcome.problems.append(f"{number}: {error!r}")
            outcome.each_s.append(time.perf_counter() - began)

    async def all_of_it() -> None:
        numbers = list(range(count))
        await asyncio.gather(*(work(numbers) for _ in range(at_once)))

    began = time.perf_counter()
    asyncio.run(all_of_it())
    outcome.seconds = time.perf_counter() - began
    return outcome
