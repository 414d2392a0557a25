"""One end of a relayed connection, its octets handed over by the test."""

from __future__ import annotations

import asyncio
import socket

import pytest
from record.relayed import DAY, authority, trusting, upstream_tls

from smtptrace.net import WireError, server_context
from smtptrace.record import end as module
from smtptrace.record.end import End, TlsError, connect, why_not
from smtptrace.wire import Endpoint, Side


class Wire(asyncio.Transport):
    """A transport whose octets stay until they are taken."""

    def __init__(self) -> None:
        super().__init__({"sockname": ("127.0.0.1", 1), "peername": ("::1", 2, 0, 0)})
        self.sent = b""
        self.paused = self.eof = self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.eof
        self.sent += data

    def taken(self) -> bytes:
        """What was sent since the last time."""
        sent, self.sent = self.sent, b""
        return sent

    def write_eof(self) -> None:
        self.eof = True

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is held here."""


def connected() -> tuple[End, Wire]:
    """An end and its transport."""
    found, wire = End(), Wire()
    found.connection_made(wire)
    return found, wire


def run(act) -> None:
    """Run a test's coroutine."""
    asyncio.run(asyncio.wait_for(act(), 20))


def test_octets_that_come_with_the_end_of_the_handshake():
    """Are read, although nothing comes after them."""

    async def act() -> None:
        (client, one), (server, two) = connected(), connected()
        theirs = asyncio.ensure_future(server.start_tls(upstream_tls(), Side.SERVER))
        ours = asyncio.ensure_future(client.start_tls(trusting("upstream"), Side.CLIENT, "localhost"))
        while not ours.done():
            await asyncio.sleep(0)
            if two.sent:
                client.data_received(two.taken())
            elif one.sent and not client.is_tls:
                server.data_received(one.taken())
            await asyncio.sleep(0)
        client.write(b"EHLO at once\r\n")
        server.data_received(one.taken())
        await theirs
        assert await server.read() == b"EHLO at once\r\n"
        assert client.tls_facts[0] == server.tls_facts[0] == "TLSv1.3"

    run(act)


def test_too_much_at_once_is_not_taken():
    """Reading pauses over a bound, and goes on once it was read; writing waits while it is told to."""

    async def act() -> None:
        found, wire = connected()
        found.data_received(bytes(module.MOST_WAITING + 1))
        assert wire.paused
        assert len(await found.read()) == module.MOST_WAITING + 1
        assert not wire.paused
        found.pause_writing()
        waiting = asyncio.ensure_future(found.drain())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        found.resume_writing()
        await waiting
        found.pause_writing()
        waiting = asyncio.ensure_future(found.drain())
        await asyncio.sleep(0)
        found.connection_lost(None)
        await waiting

    run(act)


def test_what_came_before_a_reset_is_read():
    """Then it is told."""

    async def act() -> None:
        found, _ = connected()
        found.data_received(b"last words")
        found.connection_lost(ConnectionResetError(104, "Connection reset by peer"))
        assert await found.read() == b"last words"
        with pytest.raises(WireError, match="reset by peer"):
            await found.read()
        assert found.is_broken

    run(act)


def test_octets_are_given_back():
    """And read again first."""

    async def act() -> None:
        found, _ = connected()
        found.data_received(b"world")
        found.give_back(b"hello ")
        assert found.take_waiting() == b"hello world"
        assert found.take_waiting() == b""
        assert str(found.remote) == "[::1]:2"

    run(act)


def test_no_tls_at_the_other_side():
    """Octets that are no TLS, or none at all; what was learnt is told."""

    async def act() -> None:
        for octets in (b"220 hello\r\n", b""):
            found, _ = connected()
            if octets:
                found.data_received(octets)
            found.eof_received()
            with pytest.raises(TlsError) as failed:
                await found.start_tls(trusting("upstream"), Side.CLIENT, "localhost")
            assert failed.value.told.offered == ("TLSv1.2", "TLSv1.3")
            assert not found.is_tls

    run(act)


def test_a_key_log_that_cannot_be_written():
    """Does not end TLS; that it was lost is remembered."""

    async def act() -> None:
        context = server_context(authority("upstream").issue(("localhost",), DAY))
        context.keylog_filename = "/dev/full"
        (client, one), (server, two) = connected(), connected()
        ours = asyncio.ensure_future(client.start_tls(trusting("upstream"), Side.CLIENT, "localhost"))
        theirs = asyncio.ensure_future(server.start_tls(context, Side.SERVER))
        while not (ours.done() and theirs.done()):
            await asyncio.sleep(0)
            if two.sent:
                client.data_received(two.taken())
            if one.sent:
                server.data_received(one.taken())
        await ours
        await theirs
        assert server.lost_keys and not client.lost_keys
        server.write(b"220 mx\r\n")
        client.data_received(two.taken())
        assert await client.read() == b"220 mx\r\n"

    run(act)


def test_the_first_address_that_answers():
    """A name may have several; the reason of the last one is told."""

    async def act() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            target = Endpoint("localhost", listener.getsockname()[1])
            found = End()
            await connect(found, target)
            assert found.remote == ("127.0.0.1", target.port)
            found.abort(reset=False)
            await asyncio.sleep(0.01)
        with pytest.raises(OSError) as refused:
            await connect(End(), target)
        assert why_not(refused.value) == "connection refused"
        with pytest.raises(OSError) as unknown:
            await connect(End(), Endpoint("no.such.invalid", 25))
        assert "errno" not in why_not(unknown.value).lower()
        assert why_not(TimeoutError()) == "no answer in time"

    run(act)
