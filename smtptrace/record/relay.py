"""One relayed connection: two ends, what passes between them, and what of it has to be understood.

The recording shows what went over the upstream's side. What passes is recorded before it is passed on; the reply to a
message waits until the disk holds it.
"""

from __future__ import annotations

import asyncio
import time

from smtptrace.net import WireError
from smtptrace.record.account import Account, Tell
from smtptrace.record.end import End, TlsError, connect, why_not
from smtptrace.record.explain import broken_binding, certificate_shown, own_reply
from smtptrace.record.recording import Recording
from smtptrace.record.settings import Report, Settings
from smtptrace.record.watch import Turn, Watch
from smtptrace.wire import Closing, Opening, Secured, Side

FAREWELL_S = 2.0
"""How long a client that was told that this is the end may take to leave."""


class _Over(Exception):  # noqa: N818 - an end, not an error
    """The connection cannot go on; `enhanced` is the code of the 421 for the client, "" where none can be told."""

    def __init__(self, enhanced: str, why: str) -> None:
        super().__init__(why)
        self.enhanced = enhanced


class Relay:
    """Relays one client.

    Args:
        client: the end that was accepted.
        number: of the connection, from 1.
        settings: how to behave.
        recording: where to record.
        tell: takes what has to be said at once.
    """

    def __init__(self, client: End, number: int, settings: Settings, recording: Recording, tell: Tell) -> None:
        self._began = self._active = time.monotonic()
        self._report = Report(number, client.remote, time.time_ns())
        self._account = Account(self._report, recording, tell)
        self._client = client
        self._server = End()
        self._settings = settings
        self._watch = Watch(self._report.tally)
        self._turned: asyncio.Future[None] | None = None
        self._held = b""
        self._has_ended = False

    async def run(self) -> Report:
        """Relay until both sides are done; whatever goes wrong is in the report."""
        try:
            await self._meet()
            await self._pass_all()
        except _Over as over:
            await self._bow_out(over.enhanced, str(over))
        except WireError as error:
            self._break_off(str(error))
        except asyncio.CancelledError:
            _stay()
            await self._bow_out("4.3.2", "the relay ends")
        except Exception as error:  # noqa: BLE001 - a fault of ours ends one connection, and is told
            self._account.explain(f"the relay failed: {error!r}")
            self._break_off(repr(error))
        finally:
            self._client.close()
            self._server.close()
            self._account.finish()
            self._report.sealed |= self._watch.sealed
            self._report.duration_s = time.monotonic() - self._began
        return self._report

    # --- the beginning ------------------------------------------------------------------------------------------------

    async def _meet(self) -> None:
        """Connect to the upstream, and begin TLS where it comes before the first word: there first."""
        settings, server, target = self._settings, self._server, self._settings.upstream
        opens_tls = settings.to_client is not None
        try:
            async with asyncio.timeout(settings.timeout_s):
                await connect(server, target)
        except (OSError, UnicodeError) as error:
            refused = isinstance(error, ConnectionRefusedError)
            self._account.begin(target, Opening.REFUSED if refused else Opening.NO_ANSWER, opens_tls=opens_tls)
            raise _Over("4.4.1", f"{target}: cannot connect: {why_not(error)}") from error
        self._account.begin(server.remote, Opening.SYN_SEEN, opens_tls=opens_tls)
        self._account.remark(
            f"The client {self._client.remote} connected to {self._client.local}; "
            f"the relay connected from {server.local} to {target} ({server.remote})."
        )
        if settings.upstream_tls:
            await self._secure_upstream(implicit=True)
        if settings.client_tls:
            await self._secure_client()

    # --- passing on ---------------------------------------------------------------------------------------------------

    async def _pass_all(self) -> None:
        """Pass on what both sides say until both have ended, or nothing passed for too long."""
        under_way = {asyncio.ensure_future(self._up()), asyncio.ensure_future(self._down())}
        try:
            while under_way:
                left = self._active + self._settings.idle_s - time.monotonic()
                if left <= 0:
                    raise _Over("4.4.2", f"nothing was said for {self._settings.idle_s:g} s")
                done, under_way = await asyncio.wait(under_way, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _up(self) -> None:
        """From the client to the upstream. What is behind a STARTTLS waits for its reply."""
        octets = b""
        while octets or (octets := await self._client.read()):
            self._active = time.monotonic()
            stop = self._heard(octets)
            if stop is None:
                await self._pass(Side.CLIENT, octets)
                octets = b""
                continue
            self._held = octets[stop:]
            self._turned = asyncio.get_running_loop().create_future()
            await self._pass(Side.CLIENT, octets[:stop])
            await self._turned
            octets, self._held, self._turned = self._held, b"", None
        self._account.closed(Side.CLIENT, Closing.FIN)
        self._server.finish()

    async def _down(self) -> None:
        """From the upstream to the client."""
        while octets := await self._server.read():
            self._active = time.monotonic()
            turn = self._answered(octets)
            if turn.tls is not None and turn.verb == "STARTTLS" and self._turned is not None:
                await self._turn_to_tls(octets[: turn.tls], octets[turn.tls :])
            elif turn.tls is not None:
                self._seal(turn.verb)
            if turn.tls is None or self._watch.blind:
                await self._pass(Side.SERVER, octets, turn)
            if not self._watch.asks_tls:
                self._go_on()
        self._has_ended = True
        self._account.closed(Side.SERVER, Closing.FIN)
        self._client.finish()
        self._go_on()

    def _go_on(self) -> None:
        """What is behind a STARTTLS need not wait any longer."""
        if self._turned is not None and not self._turned.done():
            self._turned.set_result(None)

    async def _pass(self, side: Side, octets: bytes, turn: Turn | None = None) -> None:
        """Record and pass on."""
        self._account.octets(side, octets)
        self._report.octets[side] += len(octets)
        if turn is not None:
            await self._consider(turn)
        self._insist()
        to = self._client if side is Side.SERVER else self._server
        to.write(octets)
        await to.drain()

    def _insist(self) -> None:
        """In fail-closed mode, go no further without a recording."""
        if self._settings.fail_closed and self._account.has_failed:
            raise _Over("4.3.0", "the recording has stopped, and nothing is relayed without it")

    async def _consider(self, turn: Turn) -> None:
        """What the server's words brought about, before they are passed on."""
        if turn.accepted:
            await self._account.settle()
        if turn.failed is None:
            return
        try:
            why = broken_binding(turn.failed, client_tls=self._client.is_tls, upstream_tls=self._server.is_tls)
        except Exception as error:  # noqa: BLE001 - see _heard
            why = f"the relay cannot tell why this login failed ({error!r})"
        if why:
            self._account.explain(why)

    def _heard(self, octets: bytes) -> int | None:
        """Have the client's octets watched: where it asks for TLS; what watches may fail, the mail has to go on."""
        try:
            stop = self._watch.client(octets)
            if stop is not None and self._settings.to_client is None:
                stop = self._watch.client(octets[stop:])  # where TLS is passed through, nothing waits
        except Exception as error:  # noqa: BLE001
            self._lose_the_thread(error)
            return None
        return stop if self._settings.to_client is not None else None

    def _answered(self, octets: bytes) -> Turn:
        try:
            return self._watch.server(octets)
        except Exception as error:  # noqa: BLE001 - see _heard
            self._lose_the_thread(error)
            return Turn()

    def _lose_the_thread(self, error: Exception) -> None:
        self._watch.blind = True
        self._account.explain(f"the relay does not understand this ({error!r}); it goes on relaying and recording")

    # --- TLS ----------------------------------------------------------------------------------------------------------

    async def _turn_to_tls(self, reply: bytes, rest: bytes) -> None:
        """The upstream is ready for TLS: begin it there, then tell the client, then begin it with the client."""
        if self._client.is_tls:
            raise _Over("4.7.0", "TLS inside TLS cannot be relayed")
        self._account.octets(Side.SERVER, reply)
        self._report.octets[Side.SERVER] += len(reply)
        if rest:
            self._account.odd("reply-injection", f"{len(rest)} octets in clear follow the 220", Side.SERVER)
            self._server.give_back(rest)
        await self._secure_upstream(implicit=False)
        self._insist()
        self._client.write(reply)
        await self._secure_client()
        self._watch.secured()

    async def _secure_upstream(self, *, implicit: bool) -> None:
        server, settings = self._server, self._settings
        try:
            async with asyncio.timeout(settings.timeout_s):
                told = await server.start_tls(settings.to_upstream, Side.CLIENT, settings.name)
        except (TlsError, TimeoutError) as error:
            secured = error.told if isinstance(error, TlsError) else Secured()
            self._account.secured(secured, opened=False, implicit=implicit)
            raise _Over("4.7.5", f"TLS with {settings.upstream} failed: {why_not(error)}") from error
        if not implicit:
            self._drop_clear()
        self._account.secured(told, opened=True, implicit=implicit)
        self._tell_tls(Side.SERVER, server)

    def _drop_clear(self) -> None:
        """Octets that the client sent in clear behind STARTTLS go nowhere (RFC 3207, 4.2; CVE-2011-0411)."""
        octets = self._held + self._client.take_waiting()
        self._held = b""
        if octets:
            told = f"{len(octets)} octets in clear follow STARTTLS; the relay threw them away"
            self._account.odd("starttls-injection", told, Side.CLIENT)
            self._account.explain(told)

    async def _secure_client(self) -> None:
        assert self._settings.to_client is not None
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await self._client.start_tls(self._settings.to_client, Side.SERVER)
        except (TlsError, TimeoutError) as error:
            why = f"TLS with the client failed: {why_not(error)}"
            self._account.explain(f"{why}; it has to trust the relay's authority, which --ca-out writes")
            raise _Over("", why) from error
        self._tell_tls(Side.CLIENT, self._client)

    def _tell_tls(self, side: Side, end: End) -> None:
        version, cipher, certificate = end.tls_facts
        self._report.tls[side] = version
        shown = f"; {certificate_shown(certificate)}" if certificate else ""
        self._account.remark(f"TLS with the {('client', 'upstream')[side]}: {version}, {cipher}{shown}.")
        if end.lost_keys:
            self._account.shout("THE KEY LOG CANNOT BE WRITTEN; the relay goes on without it")

    def _seal(self, verb: str) -> None:
        """From here on both ends speak TLS with each other, and neither with the relay."""
        self._watch.blind = self._report.sealed = True
        if self._settings.to_client is not None:
            why = "; Exchange servers bind their login to it" if verb == "X-ANONYMOUSTLS" else ""
            self._account.explain(f"the TLS after {verb} is passed through and recorded encrypted{why}")

    # --- the end ------------------------------------------------------------------------------------------------------

    async def _bow_out(self, enhanced: str, why: str) -> None:
        """Tell the client 421 and why, where that can be told from the server's replies, and end."""
        self._report.problem = why
        self._account.closed(Side.CLIENT, Closing.FIN)
        self._server.close()
        try:
            async with asyncio.timeout(FAREWELL_S):
                if enhanced and self._settings.client_tls and not self._client.is_tls:
                    await self._secure_client()
                said = b""
                if enhanced and self._watch.between_replies:
                    said = own_reply("421", enhanced, why)
                    self._account.note(f"The relay itself told the client: {said.decode().strip()}")
                await dismiss(self._client, said)
        except (WireError, TimeoutError, _Over):
            self._client.abort(reset=False)

    def _break_off(self, why: str) -> None:
        """One side broke: so does the other. A client that resets after the server's farewell only leaves so."""
        side = Side.CLIENT if self._client.is_broken else Side.SERVER
        if side is Side.CLIENT and self._has_ended:
            self._account.closed(side, Closing.FIN)
            self._server.close()
            return
        self._report.problem = f"the {('client', 'upstream')[side]} broke off: {why}"
        self._account.closed(side, Closing.RST)
        self._client.abort(reset=True)
        self._server.abort(reset=True)


def _stay() -> None:
    """The task takes its cancelling itself; Python before 3.11.3 would else let no timeout of it expire as one."""
    task = asyncio.current_task()
    assert task is not None
    task.uncancel()


async def dismiss(client: End, said: bytes) -> None:
    """Tell a client the last words, and wait until it has left.

    Raises:
        WireError: it broke off.
    """
    client.write(said)
    client.finish()
    while await client.read():
        pass
