"""A relay between a client and an upstream that a test scripts, all in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from smtptrace.certificates import Authority, new_authority
from smtptrace.net import WireError, server_context
from smtptrace.record.authority import Certifier
from smtptrace.record.end import End
from smtptrace.record.proxy import Proxy
from smtptrace.record.recording import Recording
from smtptrace.record.settings import Report, Settings
from smtptrace.smtp import Session
from smtptrace.trace import Options, Trace, read
from smtptrace.wire import Endpoint, Octets, Side

DAY = datetime.timedelta(days=1)


@cache
def authority(name: str) -> Authority:
    """One of two authorities: of the relay, of the upstream."""
    return new_authority(name, DAY)


def trusting(name: str) -> ssl.SSLContext:
    """TLS settings of a client that trusts one of them; Debian's Python would offer versions before 1.2 too."""
    context = ssl.create_default_context(cadata=authority(name).certificate.decode())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@cache
def upstream_tls() -> ssl.SSLContext:
    """TLS settings of the upstream."""
    return server_context(authority("upstream").issue(("127.0.0.1", "localhost"), DAY))


class Peer:
    """A client or an upstream: says octets, hears lines."""

    def __init__(self, end: End) -> None:
        self.end = end
        self._held = b""

    async def say(self, octets: bytes, code: bytes | None = None) -> bytes:
        """Say something; gives the reply if one is wanted, which has to have this code."""
        self.end.write(octets)
        await self.end.drain()
        return b"" if code is None else await self.hear(code)

    async def line(self) -> bytes:
        """The next line, what there is of it at the end."""
        while b"\n" not in self._held and (octets := await self.read()):
            self._held += octets
        stop = self._held.find(b"\n") + 1 or len(self._held)
        line, self._held = self._held[:stop], self._held[stop:]
        return line

    async def read(self) -> bytes:
        """The next octets."""
        return await asyncio.wait_for(self.end.read(), 10)

    async def hear(self, code: bytes) -> bytes:
        """The next reply, which has to have this code."""
        reply = b""
        while (line := await self.line())[3:4] == b"-":
            reply += line
        assert line.startswith(code), line
        return reply + line

    async def rest(self) -> bytes:
        """What comes until the end."""
        octets, self._held = self._held, b""
        while more := await self.read():
            octets += more
        return octets

    async def secure(self, context: ssl.SSLContext, side: Side = Side.CLIENT) -> None:
        """Go on in TLS."""
        await asyncio.wait_for(self.end.start_tls(context, side, "localhost"), 10)


Upstream = Callable[[Peer], Awaitable[None]]


@dataclass
class Relayed:
    """What a test looks at: where to connect, what was said loudly, the reports, and the file."""

    proxy: Proxy
    recording: Recording
    path: Path
    port: int = 0
    told: list[str] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    clients: list[End] = field(default_factory=list)

    async def connect(self, context: ssl.SSLContext | None = None) -> Peer:
        """A client's connection."""
        _, end = await asyncio.get_running_loop().create_connection(End, "127.0.0.1", self.port)
        self.clients.append(end)
        peer = Peer(end)
        if context:
            await peer.secure(context)
        return peer

    async def report(self, number: int = 1) -> Report:
        """The report of a connection, once it is over."""
        async with asyncio.timeout(10):
            while not (found := [each for each in self.reports if each.number == number]):
                await asyncio.sleep(0.005)
        return found[0]

    def traces(self, **options: object) -> list[Trace]:
        """The recording, read back."""
        return list(read(str(self.path), Options(keep_events=True, attempts=True, **options)))

    def session(self) -> Session:
        """The only session of the recording."""
        (trace,) = self.traces()
        return trace.session

    def stream(self, side: Side) -> bytes:
        """All octets of one side in the only session of the recording."""
        events = self.session().connection.events
        return b"".join(each.data for each in events if isinstance(each, Octets) and each.side is side)


@asynccontextmanager
async def relaying(folder: Path, upstream: Upstream | int, **changes: Any) -> AsyncIterator[Relayed]:
    """A relay to an upstream (or to a port), with settings changed; it is ended behind the block."""
    async with AsyncExitStack() as stack:
        port = upstream if isinstance(upstream, int) else await stack.enter_async_context(serving(upstream))
        certifier = Certifier(authority("relay"), ("localhost", "127.0.0.1"), lambda _: None)
        path = folder / "run.pcapng"
        told: list[str] = []
        reports: list[Report] = []
        recording = Recording(path, told.append)
        settings = Settings(
            Endpoint("127.0.0.1", port), trusting("upstream"), certifier.context, name="127.0.0.1", timeout_s=5
        )
        proxy = Proxy(replace(settings, **changes), recording, reports.append, told.append)
        found = await proxy.listen("127.0.0.1", 0)
        running = asyncio.ensure_future(proxy.run())
        relayed = Relayed(proxy, recording, path, found.port, told, reports)
        try:
            yield relayed
        finally:
            proxy.stop()
            proxy.stop()
            await asyncio.wait_for(running, 15)
            recording.close()
            for client in relayed.clients:
                client.abort(reset=False)
            await asyncio.sleep(0.01)  # a connection is closed in the next turn of the loop


@asynccontextmanager
async def serving(upstream: Upstream) -> AsyncIterator[int]:
    """An upstream's port."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(end: End) -> None:
        try:
            with contextlib.suppress(WireError):  # the relay broke off, which the test looks at from its other side
                await upstream(Peer(end))
        finally:
            end.close()

    def begin(end: End) -> None:
        task = asyncio.ensure_future(serve(end))
        tasks.add(task)

    server = await asyncio.get_running_loop().create_server(lambda: End(begin), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome
        await asyncio.sleep(0.01)


def script(*lines: str) -> Upstream:
    """An upstream that says lines beginning with `S: ` and waits for a line where one begins with `C: `.

    `TLS` begins it; the client's lines have to begin as they say.
    """

    async def behave(peer: Peer) -> None:
        for line in lines:
            if line == "TLS":
                await peer.secure(upstream_tls(), Side.SERVER)
            elif line.startswith("S: "):
                await peer.say(line[3:].replace("|", "\r\n").encode() + b"\r\n")
            else:
                said = await peer.line()
                if not said.startswith(line[3:].encode()):
                    await peer.say(b"500 not in the script: " + said)
                    return

    return behave
