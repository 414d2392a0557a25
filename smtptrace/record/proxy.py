"""The relay: listens, lets clients in, relays each, and ends in good order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from smtptrace.net import WireError
from smtptrace.record.account import Tell
from smtptrace.record.end import End, why_not
from smtptrace.record.explain import own_reply
from smtptrace.record.recording import Recording
from smtptrace.record.relay import FAREWELL_S, Relay, dismiss
from smtptrace.record.settings import Report, Settings
from smtptrace.wire import Endpoint

BACKLOG = 512
GRACE_S = 3.0
"""How long connections may take to end once the relay is asked to."""

Ended = Callable[[Report], None]


class Proxy:
    """A relay for many clients at once.

    Args:
        settings: how to behave.
        recording: where to record.
        ended: called with the report of each connection when it is over.
        tell: takes what has to be said at once.
    """

    def __init__(self, settings: Settings, recording: Recording, ended: Ended, tell: Tell) -> None:
        self._settings = settings
        self._recording = recording
        self._ended = ended
        self._tell = tell
        self._relayed: set[asyncio.Task[None]] = set()
        self._dismissed: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self.count = 0
        self.turned_away = 0

    async def listen(self, host: str, port: int) -> Endpoint:
        """Begin to take clients; gives where, which tells the port where 0 was asked for.

        Raises:
            WireError: nobody can listen there.
        """
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: End(self._greet), host, port, backlog=BACKLOG)
        except (OSError, UnicodeError) as error:
            raise WireError(f"{Endpoint(host, port)}: cannot listen: {why_not(error)}") from error
        found, number = self._server.sockets[0].getsockname()[:2]
        return Endpoint(str(found), int(number))

    def stop(self) -> None:
        """Take no more clients, and end the connections there are; asked a second time, at once."""
        if self._stopping.is_set():
            for task in self._relayed:
                task.cancel()
        self._stopping.set()

    async def run(self) -> None:
        """Relay until `stop` is called."""
        await self._stopping.wait()
        self._server.close()
        if self._relayed:
            await asyncio.wait(self._relayed, timeout=GRACE_S)
        for task in self._relayed:
            task.cancel()
        while self._relayed or self._dismissed:
            await asyncio.wait({*self._relayed, *self._dismissed})

    def _greet(self, client: End) -> None:
        """A client has connected."""
        if not self._settings.lets_in(client.remote.host):
            self._turn_away(client, own_reply("554", "5.7.1", f"{client.remote.host} may not use this relay"))
        elif len(self._relayed) >= self._settings.most:
            self._turn_away(client, own_reply("421", "4.3.2", "too many connections at once, try again later"))
        else:
            self.count += 1
            task = asyncio.ensure_future(self._relay(client, self.count))
            self._relayed.add(task)
            task.add_done_callback(self._relayed.discard)

    async def _relay(self, client: End, number: int) -> None:
        self._ended(await Relay(client, number, self._settings, self._recording, self._tell).run())
        if self._settings.fail_closed and self._recording.failed:
            self.stop()

    def _turn_away(self, client: End, why: bytes) -> None:
        """Say why a client is not served; where very many come, not even that."""
        self.turned_away += 1
        if self.turned_away == 1:
            self._tell(f"{client.remote} was turned away: {why.decode().strip()} (said once)")
        if self._settings.client_tls or len(self._dismissed) >= self._settings.most:
            client.abort(reset=False)
            return
        task = asyncio.ensure_future(_dismissed(client, why))
        self._dismissed.add(task)
        task.add_done_callback(self._dismissed.discard)


async def _dismissed(client: End, why: bytes) -> None:
    try:
        async with asyncio.timeout(FAREWELL_S):
            await dismiss(client, why)
    except (WireError, TimeoutError):
        client.abort(reset=False)
    client.close()
