"""One end of a relayed connection: octets in and out, in clear or through TLS, with back pressure both ways."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import replace

from smtptrace.net import WireError, reason
from smtptrace.tls import Handshake, certificate_facts
from smtptrace.wire import Endpoint, Secured, Side

MOST_WAITING = 128 * 1024
"""Octets that wait to be read before we stop taking more; one reading of the socket may come on top (256 KiB)."""
MOST_UNSENT = 128 * 1024
"""Octets that wait to be sent before `drain` waits."""

_NO_LINGER = struct.pack("ii", 1, 0)


class End(asyncio.Protocol):
    """A TCP connection that is read by one task and written by one.

    Args:
        begun: called with this end once it is connected.
    """

    def __init__(self, begun: Callable[[End], object] | None = None) -> None:
        self._begun = begun
        self._waiting = bytearray()
        self._ended = self._told_end = False
        self._lost: Exception | None = None
        self._closed = True
        self._reader: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._is_full = False
        self._tls: ssl.SSLObject | None = None
        self._tls_server = False
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._finished = False
        self.lost_keys = False
        self.local = self.remote = Endpoint("", 0)

    # --- what asyncio calls -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._closed = False
        transport.set_write_buffer_limits(high=MOST_UNSENT)
        self.local, self.remote = (_endpoint(transport, name) for name in ("sockname", "peername"))
        if self._begun:
            self._begun(self)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._waiting += data
        if len(self._waiting) > MOST_WAITING:
            self._transport.pause_reading()
        _wake(self._reader)

    def eof_received(self) -> bool:
        """The other side has nothing more to say, but may still listen."""
        self._ended = True
        _wake(self._reader)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._closed = True
        self._lost = exc
        self._ended = True
        _wake(self._reader)
        _wake(self._drained)

    def pause_writing(self) -> None:
        """See asyncio.Protocol."""
        self._is_full = True

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        self._is_full = False
        _wake(self._drained)

    # --- octets -------------------------------------------------------------------------------------------------------

    @property
    def is_tls(self) -> bool:
        """Whether octets go through TLS."""
        return self._tls is not None

    @property
    def is_broken(self) -> bool:
        """Whether the connection was reset, or lost otherwise."""
        return self._lost is not None

    @property
    def tls_facts(self) -> tuple[str | None, str | None, bytes | None]:
        """Version and cipher of TLS, and the other side's certificate in DER form."""
        if self._tls is None:
            return None, None, None
        cipher = self._tls.cipher()
        return self._tls.version(), cipher[0] if cipher else None, self._tls.getpeercert(binary_form=True)

    async def read(self) -> bytes:
        """The octets that come next, empty at the end of this direction.

        Raises:
            WireError: the connection is broken, or TLS is.
        """
        if self._tls is None:
            return await self._raw()
        while not (octets := self._opened()) and not self._told_end:
            if raw := await self._raw():
                self._in.write(raw)
            else:
                self._in.write_eof()
        return octets

    async def _raw(self) -> bytes:
        """What came from the socket since the last time."""
        while not self._waiting and not self._ended:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        if self._lost is not None and not self._waiting:
            raise WireError(reason(self._lost))
        octets = bytes(self._waiting)
        self._waiting.clear()
        if not self._closed:
            self._transport.resume_reading()
        return octets

    def _opened(self) -> bytes:
        """What the TLS records that are here hold; the other side's farewell is an end as good as any."""
        assert self._tls is not None
        opened = []
        try:
            while octets := self._tls.read(65536):
                opened.append(octets)
            self._told_end = True
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            self._told_end = True
        except ssl.SSLError as error:
            self._lost = error
            raise WireError(reason(error)) from error
        self._flush()
        return b"".join(opened)

    def give_back(self, octets: bytes) -> None:
        """Put octets back that were read, to be read again first."""
        self._waiting[:0] = octets

    def take_waiting(self) -> bytes:
        """What came and was not read, as it came; it is gone then."""
        octets = bytes(self._waiting)
        self._waiting.clear()
        return octets

    def write(self, octets: bytes) -> None:
        """Send the octets; nothing happens where the connection is gone."""
        if self._closed or self._finished or not octets:
            return
        if self._tls is None:
            self._transport.write(octets)
            return
        self._tls.write(octets)
        self._flush()

    def _flush(self) -> bytes:
        raw = self._out.read()
        if raw and not self._closed and not self._finished:
            self._transport.write(raw)
        return raw

    async def drain(self) -> None:
        """Wait until the other side has taken enough of what was sent."""
        while self._is_full and not self._closed:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    # --- TLS ----------------------------------------------------------------------------------------------------------

    async def start_tls(self, context: ssl.SSLContext, side: Side, name: str | None = None) -> Secured:
        """Go on in TLS as `side`; gives what the handshake told, and as the client the server's certificate.

        Raises:
            WireError: TLS did not come about; its argument says why.
        """
        told = Handshake()
        try:
            tls = context.wrap_bio(
                self._in,
                self._out,
                server_side=side is Side.SERVER,
                server_hostname=name if side is Side.CLIENT else None,
            )
            while not self._shaken(tls):
                told.feed(side, self._flush())
                raw = await self._raw()
                told.feed(side.other, raw)
                if raw:
                    self._in.write(raw)
                else:
                    self._in.write_eof()
        except (OSError, ValueError) as error:  # ValueError: a name that no certificate can be checked against
            told.feed(side, self._flush())
            raise TlsError(reason(error), told.secured) from error
        told.feed(side, self._flush())
        self._tls, self._tls_server = tls, side is Side.SERVER
        shown = tls.getpeercert(binary_form=True) if side is Side.CLIENT else None
        if shown and told.secured.certificate is None:  # TLS 1.3 encrypts it
            return replace(told.secured, certificate=certificate_facts(shown))
        return told.secured

    def _shaken(self, tls: ssl.SSLObject) -> bool:
        """Whether the handshake is done; it goes on without a key log that cannot be written."""
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as error:
            if error.library != "BIO" or not tls.context.keylog_filename:
                raise
            tls.context.keylog_filename = None  # type: ignore[assignment]
            self.lost_keys = True
            return self._shaken(tls)
        return True

    # --- the end ------------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Say that nothing more will be sent; reading goes on."""
        if self._closed or self._finished:
            return
        self._farewell()
        self._finished = True
        with contextlib.suppress(OSError):  # it is gone, and the end of reading will tell
            self._transport.write_eof()

    def _farewell(self) -> None:
        """Tell the other side that TLS ends; a server that has said so itself would answer with a reset."""
        is_gone = self._ended or (self._told_end and not self._tls_server)
        if self._tls is not None and not is_gone:
            with contextlib.suppress(OSError):  # it waits for the other side's farewell, which we do not
                self._tls.unwrap()
            self._flush()

    def close(self) -> None:
        """Send what is still to be sent, and end."""
        if not self._closed:
            if not self._finished:
                self._farewell()
            self._transport.close()

    def abort(self, *, reset: bool) -> None:
        """End at once; with a reset where the other side of the relay was reset."""
        if not self._closed:
            if reset:
                self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self._transport.abort()


class TlsError(WireError):
    """TLS did not come about; `told` is what its handshake told so far."""

    def __init__(self, why: str, told: Secured) -> None:
        super().__init__(why)
        self.told = told


async def connect(end: End, target: Endpoint) -> None:
    """Connect to the first address of the target that answers.

    Raises:
        OSError: none does; that of the last.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    *others, last = dict.fromkeys(str(each[4][0]) for each in found)
    for address in others:
        with contextlib.suppress(OSError):  # the next one may answer
            await loop.create_connection(lambda: end, address, target.port)
            return
    await loop.create_connection(lambda: end, last, target.port)


def why_not(error: Exception) -> str:
    """Why connecting or TLS failed, in a few words on one line."""
    if isinstance(error, TlsError):
        return str(error)
    number = (
        error.errno if isinstance(error, OSError) and not isinstance(error, socket.gaierror | ssl.SSLError) else None
    )
    return os.strerror(number).lower() if number else reason(error)


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)


def _endpoint(transport: asyncio.Transport, name: str) -> Endpoint:
    host, port = (transport.get_extra_info(name) or ("", 0))[:2]
    return Endpoint(str(host), int(port))
