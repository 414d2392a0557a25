"""An SMTP server for many connections that takes everything, fast, and remembers what it took by its digest."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
import threading
from collections.abc import Iterator

OFFER = b"250-sink.test\r\n250-PIPELINING\r\n250-SIZE\r\n250-8BITMIME\r\n250-AUTH PLAIN LOGIN\r\n%b250 CHUNKING\r\n"
REPLIES = {
    b"MAIL": b"250 2.1.0 ok\r\n",
    b"RCPT": b"250 2.1.5 ok\r\n",
    b"RSET": b"250 2.0.0 ok\r\n",
    b"NOOP": b"250 2.0.0 ok\r\n",
    b"AUTH": b"235 2.7.0 ok\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 2.0.0 bye\r\n",
}


class Sink:
    """What was taken: the SHA-256 of each message, dots as sent, end mark left out."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.context = context
        self.digests: list[str] = []
        self.port = 0


class _Session(asyncio.Protocol):
    """One connection, read line by line, content by its end mark."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._held = bytearray()
        self._content = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if not transport.get_extra_info("sslcontext"):
            transport.write(b"220 sink.test ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._held += data
        while self._take():
            pass

    def _take(self) -> bool:
        if self._content:
            end = self._held.find(b"\r\n.\r\n")
            if end < 0:
                return False
            self._sink.digests.append(hashlib.sha256(self._held[: end + 2]).hexdigest())
            del self._held[: end + 5]
            self._content = False
            self._transport.write(b"250 2.0.0 ok: queued as %d\r\n" % len(self._sink.digests))
            return True
        end = self._held.find(b"\n") + 1
        if not end:
            return False
        verb = bytes(self._held[:4]).upper()
        del self._held[:end]
        self._answer(verb)
        return True

    def _answer(self, verb: bytes) -> None:
        if verb in {b"EHLO", b"HELO"}:
            offers_tls = self._sink.context and not self._transport.get_extra_info("sslcontext")
            self._transport.write(OFFER % (b"250-STARTTLS\r\n" if offers_tls else b""))
        elif verb == b"STAR" and self._sink.context:
            self._transport.write(b"220 2.0.0 ready\r\n")
            self._held.clear()
            self._securing = asyncio.ensure_future(self._secure())
        else:
            self._transport.write(REPLIES.get(verb, b"502 5.5.1 what?\r\n"))
            self._content = verb == b"DATA"
            if verb == b"QUIT":
                self._transport.close()

    async def _secure(self) -> None:
        assert self._sink.context
        with contextlib.suppress(OSError):
            made = await asyncio.get_running_loop().start_tls(
                self._transport, self, self._sink.context, server_side=True
            )
            assert made
            self._transport = made


@contextlib.contextmanager
def running(context: ssl.SSLContext | None = None) -> Iterator[Sink]:
    """A sink in a thread of its own; with a context it offers STARTTLS."""
    sink = Sink(context)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: _Session(sink), "127.0.0.1", 0, backlog=512))
    sink.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield sink
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.call_later, 0.05, loop.stop)
        thread.join()
        pending = asyncio.all_tasks(loop)
        for task in pending:
            task.cancel()
        if pending:
            loop.run_until_complete(asyncio.wait(pending))
        loop.close()
