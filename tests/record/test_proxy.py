"""The relay as a whole: whom it lets in, how many, and how it ends."""

from __future__ import annotations

import asyncio
import ipaddress

import pytest
from record.relayed import relaying, script, trusting

from smtptrace.net import WireError
from smtptrace.record import proxy as module
from smtptrace.record.end import End

PLAIN = ("S: 220 mx ESMTP", "C: EHLO", "S: 250 mx", "C: QUIT", "S: 221 bye")


def run(act, *given):
    """Run a test's coroutine."""
    asyncio.run(asyncio.wait_for(act(*given), 60))


def test_clients_that_may_not(tmp_path):
    """Get a 554 that says why; the others are let in, and the upstream knows of neither."""

    async def act():
        async with relaying(tmp_path, script(*PLAIN), clients=(ipaddress.ip_network("192.0.2.0/24"),)) as relayed:
            for _ in range(2):
                talk = await relayed.connect()
                said = await talk.rest()
                assert said.startswith(b"554 5.7.1 smtptrace proxy: 127.0.0.1 may not use this relay")
                talk.end.close()
        assert (relayed.proxy.count, relayed.proxy.turned_away, relayed.reports) == (0, 2, [])
        assert len(relayed.told) == 1 and "said once" in relayed.told[0]

    run(act)


def test_too_many_at_once(tmp_path):
    """Those over the bound get a 421; when one has left, the next is let in."""

    async def act():
        async with relaying(tmp_path, script(*PLAIN), most=2) as relayed:
            first, second, third = [await relayed.connect() for _ in range(3)]
            await first.hear(b"220")
            await second.hear(b"220")
            assert (await third.rest()).startswith(b"421 4.3.2 smtptrace proxy: too many connections")
            third.end.close()
            await first.say(b"EHLO a\r\n", b"250")
            await first.say(b"QUIT\r\n", b"221")
            first.end.close()
            await relayed.report()
            fourth = await relayed.connect()
            await fourth.hear(b"220")
            for talk in (second, fourth):
                talk.end.close()

    run(act)


def test_a_flood(tmp_path):
    """Beyond as many again nothing is said; nor where TLS would have to come first."""

    async def act():
        for number, changes in enumerate(({"most": 1}, {"most": 1, "client_tls": True})):
            folder = tmp_path / str(number)
            folder.mkdir()
            async with relaying(folder, script(*PLAIN), **changes) as relayed:
                talks = [await relayed.connect() for _ in range(3)]
                with pytest.raises(WireError):
                    await talks[0].secure(trusting("upstream")) if number else await silence(talks[2])
                for talk in talks:
                    talk.end.close()

    async def silence(talk):
        assert await talk.rest() == b""
        raise WireError("as it should be")

    run(act)


def test_a_turned_away_client_that_does_not_leave(tmp_path, monkeypatch):
    """Is not waited for."""
    monkeypatch.setattr(module, "FAREWELL_S", 0.05)

    async def act():
        async with relaying(tmp_path, script(*PLAIN), clients=(ipaddress.ip_network("192.0.2.0/24"),)) as relayed:
            talk = await relayed.connect()
            await talk.hear(b"554")
            while relayed.proxy._dismissed:
                await asyncio.sleep(0.01)
            talk.end.close()

    run(act)


def test_the_end(tmp_path, monkeypatch):
    """Nobody is let in any more; who is there may end, and is ended after a while with a 421."""
    monkeypatch.setattr(module, "GRACE_S", 0.3)

    async def act():
        async with relaying(tmp_path, script(*PLAIN)) as relayed:
            talks = [await relayed.connect() for _ in range(2)]
            for talk in talks:
                await talk.hear(b"220")
            relayed.proxy.stop()
            await asyncio.sleep(0.05)
            with pytest.raises(OSError):
                await relayed.connect()
            await talks[0].say(b"EHLO a\r\n", b"250")
            await talks[0].say(b"QUIT\r\n", b"221")
            talks[0].end.close()
            assert (await talks[1].rest()).startswith(b"421 4.3.2 smtptrace proxy: the relay ends")
            assert (await relayed.report(1)).problem == ""
            assert (await relayed.report(2)).problem == "the relay ends"

    run(act)


def test_nobody_can_listen_there(tmp_path):
    """One line that says so."""

    async def act():
        async with relaying(tmp_path, script(*PLAIN)) as relayed:
            for host, port in (("127.0.0.1", relayed.port), ("192.0.2.1", 0), ("no.such.invalid", 0)):
                with pytest.raises(WireError, match="cannot listen"):
                    await relayed.proxy.listen(host, port)

    run(act)


def test_an_end_that_was_never_connected():
    """Can be closed all the same."""
    end = End()
    end.write(b"x")
    end.finish()
    end.close()
    end.abort(reset=True)
    assert not end.is_broken
