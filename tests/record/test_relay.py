"""A relay as client and upstream see it, and what its recording says afterwards."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
import time

import pytest
from record.relayed import relaying, script, trusting

from smtptrace.net import WireError
from smtptrace.pcapng._packets import ACK, RST, SYN
from smtptrace.record import watch
from smtptrace.sources import SourceReport, capfile
from smtptrace.wire import Close, Closing, Side

OFFER = "S: 250-mx|250 STARTTLS"
PLAIN = ("S: 220 mx ESMTP", "C: EHLO", "S: 250 mx")
QUIT = ("C: QUIT", "S: 221 bye")


def relayed_run(act):
    """Run a test's coroutine."""

    def run(tmp_path, **given):
        asyncio.run(asyncio.wait_for(act(tmp_path, **given), 60))

    run.__name__, run.__doc__ = act.__name__, act.__doc__
    return run


@relayed_run
async def test_every_octet_passes(tmp_path):
    """Both ways, odd ones too, and is in the recording with the true endpoints."""
    odd = b"EHLO a\r\nX\0\xff\r\r\n\n\x1b[2J" + bytes(range(256)) * 100

    async def mirror(peer):
        await peer.say(b"220 mx\r\n")
        while octets := await peer.read():
            await peer.say(octets)

    async with relaying(tmp_path, mirror) as relayed:
        talk = await relayed.connect()
        await talk.hear(b"220")
        await talk.say(odd)
        talk.end.finish()
        assert await talk.rest() == odd
        host, port = talk.end.local
        report = await relayed.report()
    assert relayed.stream(Side.CLIENT) == odd
    assert relayed.stream(Side.SERVER) == b"220 mx\r\n" + odd
    assert relayed.session().connection.client == (host, port)
    assert (report.problem, report.octets) == ("", [len(odd), len(odd) + 8])


@relayed_run
async def test_a_half_close_passes(tmp_path):
    """A client that has nothing more to say still gets its replies; and the other way round."""

    async def late(peer):
        assert await peer.rest() == b"EHLO a\r\nQUIT\r\n"
        await asyncio.sleep(0.05)
        await peer.say(b"220 mx\r\n250 mx\r\n")

    async with relaying(tmp_path, late) as relayed:
        talk = await relayed.connect()
        await talk.say(b"EHLO a\r\nQUIT\r\n")
        talk.end.finish()
        assert await talk.rest() == b"220 mx\r\n250 mx\r\n"
        await relayed.report()
    closes = [each for each in relayed.session().connection.events if isinstance(each, Close)]
    assert [(each.side, each.how) for each in closes] == [(Side.CLIENT, Closing.FIN), (Side.SERVER, Closing.FIN)]

    async def early(peer):
        await peer.say(b"421 mail.test SMTP is busy\r\n")
        peer.end.finish()
        assert await peer.rest() == b"QUIT\r\n"

    (tmp_path / "two").mkdir()
    async with relaying(tmp_path / "two", early) as relayed:
        talk = await relayed.connect()
        assert await talk.rest() == b"421 mail.test SMTP is busy\r\n"
        await talk.say(b"QUIT\r\n")
        talk.end.finish()
        await relayed.report()
    assert relayed.stream(Side.CLIENT) == b"QUIT\r\n"


@relayed_run
async def test_a_slow_reader_holds_back_the_writer(tmp_path):
    """The upstream takes nothing for a while: the client is stopped, not stored; then all of it arrives."""
    size = 64 * 1024 * 1024
    begin = asyncio.Event()
    taken = 0

    async def slow(peer):
        nonlocal taken
        await begin.wait()
        while octets := await peer.read():
            taken += len(octets)

    async with relaying(tmp_path, slow) as relayed:
        talk = await relayed.connect()
        sent = 0
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.7):
                while sent < size:
                    await talk.say(bytes(1 << 16))
                    sent += 1 << 16
        (relaid,) = relayed.proxy._relayed
        assert sent < size / 2, "the buffers of the system and ours take far less"
        begin.set()
        talk.end.finish()
        await talk.rest()
        await relaid
    assert taken >= sent


@relayed_run
async def test_nobody_listens(tmp_path):
    """421 with the reason; the recording tells of the attempt."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with relaying(tmp_path, port) as relayed:
        talk = await relayed.connect()
        said = await talk.rest()
        talk.end.close()
        report = await relayed.report()
    assert said == b"421 4.4.1 smtptrace proxy: 127.0.0.1:%d: cannot connect: connection refused\r\n" % port
    assert "connection refused" in report.problem
    assert b"The relay itself told the client: 421 4.4.1" in relayed.path.read_bytes()
    with relayed.path.open("rb") as stream:
        flags = [segment[5] for segment in capfile.segments(stream, SourceReport())]
    assert flags[:2] == [SYN, RST | ACK]


@relayed_run
async def test_an_upstream_that_never_answers(tmp_path):
    """Silence is ended after a while, with a 421."""

    async def silent(peer):
        await peer.rest()

    async with relaying(tmp_path, silent, idle_s=0.2) as relayed:
        talk = await relayed.connect()
        assert (await talk.rest()).startswith(b"421 4.4.2 smtptrace proxy: nothing was said for 0.2 s")
        talk.end.close()
        await relayed.report()


@relayed_run
async def test_silence_within_a_reply(tmp_path):
    """Nothing of ours is put between its lines."""
    async with relaying(tmp_path, script("S: 220-mx", "C: never"), idle_s=0.2) as relayed:
        talk = await relayed.connect()
        assert await talk.rest() == b"220-mx\r\n"
        talk.end.close()
        assert "0.2 s" in (await relayed.report()).problem


@relayed_run
async def test_a_reset_passes(tmp_path):
    """Of the upstream to the client, and of the client to the upstream."""
    ended: list[object] = []

    async def resetting(peer):
        await peer.say(b"220 mx\r\n")
        await peer.line()
        peer.end.abort(reset=True)

    async with relaying(tmp_path, resetting) as relayed:
        talk = await relayed.connect()
        await talk.say(b"", b"220")
        await talk.say(b"EHLO a\r\n")
        with pytest.raises(WireError, match="reset"):
            await talk.rest()
        assert "the upstream broke off" in (await relayed.report()).problem
    events = relayed.session().connection.events
    assert Closing.RST in [each.how for each in events if isinstance(each, Close)]

    async def waiting(peer):
        await peer.say(b"220 mx\r\n")
        try:
            ended.append(await peer.rest())
        except WireError as error:
            ended.append(error)

    (tmp_path / "two").mkdir()
    async with relaying(tmp_path / "two", waiting) as relayed:
        talk = await relayed.connect()
        await talk.hear(b"220")
        talk.end.abort(reset=True)
        assert "the client broke off" in (await relayed.report()).problem
        await asyncio.sleep(0.05)
    assert "reset" in str(ended[0])


TLS = ("S: 220 mx", "C: EHLO", OFFER, "C: STARTTLS", "S: 220 go", "TLS", "C: EHLO", "S: 250 secret", *QUIT)


@relayed_run
async def test_starttls_is_opened_on_both_sides(tmp_path):
    """The client's certificate is the relay's; the recording has what TLS hid, and says that it did."""
    async with relaying(tmp_path, script(*TLS)) as relayed:
        talk = await relayed.connect()
        await talk.hear(b"220")
        assert b"STARTTLS" in await talk.say(b"EHLO a\r\n", b"250")
        assert await talk.say(b"STARTTLS\r\n", b"220") == b"220 go\r\n"
        await talk.secure(trusting("relay"))
        await talk.say(b"EHLO a\r\n", b"250 secret")
        await talk.say(b"QUIT\r\n", b"221")
        talk.end.close()
        report = await relayed.report()
    session = relayed.session()
    assert session.tls and session.tls.opened and not session.tls.implicit
    assert (session.tls.version, session.tls.offered) == ("TLSv1.3", ("TLSv1.2", "TLSv1.3"))
    assert session.tls.certificate and "localhost" in session.tls.certificate.names
    assert [each.command.verb for each in session.exchanges] == ["EHLO", "STARTTLS", "EHLO", "QUIT"]
    assert [each.tls for each in session.exchanges] == [False, False, True, True]
    assert session.complete and not session.anomalies
    assert (report.tls, report.problem) == (["TLSv1.3", "TLSv1.3"], "")
    packets = relayed.path.read_bytes()
    assert b"certificate of CN=smtptrace by CN=upstream" in packets
    assert b"TLS with the client: TLSv1.3" in packets


@relayed_run
async def test_starttls_that_is_refused(tmp_path):
    """What was held behind it goes on in clear, in its order."""
    lines = (*PLAIN, "C: STARTTLS", "S: 454 not now", "C: NOOP", "S: 250 ok", "C: STARTTLS", "S: 220 go", "TLS", *QUIT)
    async with relaying(tmp_path, script(*lines)) as relayed:
        talk = await relayed.connect()
        await talk.hear(b"220")
        await talk.say(b"EHLO a\r\n", b"250")
        await talk.say(b"STARTTLS\r\nNOOP\r\n", b"454")
        await talk.hear(b"250")
        await talk.say(b"STARTTLS\r\n", b"220")
        await talk.secure(trusting("relay"))
        await talk.say(b"QUIT\r\n", b"221")
        talk.end.close()
        await relayed.report()
    assert [each.command.verb for each in relayed.session().exchanges[:3]] == ["EHLO", "STARTTLS", "NOOP"]


@relayed_run
async def test_an_upstream_that_leaves_instead_of_tls(tmp_path):
    """Whoever waits behind a STARTTLS is let go."""
    async with relaying(tmp_path, script(*PLAIN, "C: STARTTLS")) as relayed:
        talk = await relayed.connect()
        await talk.hear(b"220")
        await talk.say(b"EHLO a\r\n", b"250")
        await talk.say(b"STARTTLS\r\nNOOP\r\n")
        assert await talk.rest() == b""
        talk.end.close()
        assert (await relayed.report()).octets[0] == 24


@relayed_run
async def test_octets_behind_starttls_do_not_get_into_tls(tmp_path):
    """Commands that somebody smuggled in behind STARTTLS in clear are thrown away, and told (CVE-2011-0411)."""
    smuggled = b"MAIL FROM:<evil@x>\r\n"
    async with relaying(tmp_path, script(*TLS)) as relayed:
        talk = await relayed.connect()
        await talk.hear(b"220")
        await talk.say(b"EHLO a\r\n", b"250")
        await talk.say(b"STARTTLS\r\n" + smuggled)
        await talk.hear(b"220 go")
        await talk.secure(trusting("relay"))
        await talk.say(b"EHLO a\r\n", b"250 secret")
        await talk.say(b"QUIT\r\n", b"221")
        talk.end.close()
        await relayed.report()
    assert smuggled not in relayed.stream(Side.CLIENT)
    (trace,) = relayed.traces()
    assert [each.kind for each in trace.session.anomalies] == ["starttls-injection"]
    assert "starttls-injection" in [each.rule for each in trace.findings]
    assert "20 octets in clear follow STARTTLS" in relayed.told[0]


@relayed_run
async def test_octets_behind_the_220_do_not_either(tmp_path):
    """Replies that the upstream says in clear behind its 220 end it all."""

    async def injecting(peer):
        await peer.say(b"220 mx\r\n")
        await peer.line()
        await peer.say(b"220 go\r\n250 injected\r\n")
        await peer.rest()

    async with relaying(tmp_path, injecting) as relayed:
        talk = await relayed.connect()
        await talk.hear(b"220")
        await talk.say(b"STARTTLS\r\n", b"421 4.7.5 smtptrace proxy: TLS with 127.0.0.1")
        assert await talk.rest() == b""
        talk.end.close()
        await relayed.report()
    assert "reply-injection" in [each.kind for each in relayed.session().anomalies]


@pytest.mark.parametrize("why", ["unknown", "name", "no-tls"])
def test_tls_with_the_upstream_fails(tmp_path, why):
    """The client is told instead of the 220, in clear, why; nothing goes on without TLS."""

    @relayed_run
    async def act(folder):
        lines = ("S: 220 mx", "C: STARTTLS", "S: 220 go", "S: junk" if why == "no-tls" else "TLS", "C: never")
        changes = {
            "unknown": {"to_upstream": ssl.create_default_context()},
            "name": {"name": "other.example"},
            "no-tls": {},
        }
        async with relaying(folder, script(*lines), **changes[why]) as relayed:
            talk = await relayed.connect()
            await talk.hear(b"220")
            said = await talk.say(b"STARTTLS\r\n", b"421 4.7.5")
            talk.end.close()
            report = await relayed.report()
        reasons = {"unknown": "does not verify", "name": "does not verify: Hostname mismatch", "no-tls": "TLS failed"}
        assert reasons[why].encode() in said
        assert reasons[why] in report.problem
        session = relayed.session()
        assert session.tls and not session.tls.opened
        assert any("421" in note.text for note in session.notes)

    act(tmp_path)


@relayed_run
async def test_a_client_that_does_not_trust_the_relay(tmp_path):
    """Is told nothing more, but the user of the relay is."""
    async with relaying(tmp_path, script(*TLS)) as relayed:
        talk = await relayed.connect()
        await talk.hear(b"220")
        await talk.say(b"EHLO a\r\n", b"250")
        await talk.say(b"STARTTLS\r\n", b"220")
        with pytest.raises(WireError, match="does not verify"):
            await talk.secure(trusting("upstream"))
        talk.end.close()
        report = await relayed.report()
    assert "TLS with the client failed" in report.problem
    assert "--ca-out" in relayed.told[0]


@pytest.mark.parametrize(("client", "upstream"), [(True, True), (True, False), (False, True)])
def test_tls_from_the_first_octet(tmp_path, client, upstream):
    """On either side or both; the recording tells what the upstream's side was."""

    @relayed_run
    async def act(folder):
        lines = (*(("TLS",) if upstream else ()), *PLAIN, *QUIT)
        async with relaying(folder, script(*lines), client_tls=client, upstream_tls=upstream) as relayed:
            talk = await relayed.connect(trusting("relay") if client else None)
            await talk.hear(b"220")
            await talk.say(b"EHLO a\r\n", b"250")
            await talk.say(b"QUIT\r\n", b"221")
            talk.end.close()
            report = await relayed.report()
        session = relayed.session()
        assert len(session.exchanges) == 2
        assert (session.tls is not None and session.tls.implicit) is upstream
        assert report.tls == ["TLSv1.3" if client else None, "TLSv1.3" if upstream else None]

    act(tmp_path)


@relayed_run
async def test_tls_from_the_first_octet_and_nobody_there(tmp_path):
    """The 421 goes through TLS, too."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with relaying(tmp_path, port, client_tls=True, upstream_tls=True) as relayed:
        talk = await relayed.connect(trusting("relay"))
        await talk.hear(b"421 4.4.1")
        talk.end.close()
        await relayed.report()


@relayed_run
async def test_tls_within_tls(tmp_path):
    """Cannot be relayed, and is said so."""
    async with relaying(tmp_path, script(*PLAIN, "C: STARTTLS", "S: 220 go", "C: never"), client_tls=True) as relayed:
        talk = await relayed.connect(trusting("relay"))
        await talk.hear(b"220")
        await talk.say(b"EHLO a\r\n", b"250")
        await talk.say(b"STARTTLS\r\n", b"421 4.7.0")
        talk.end.close()
        await relayed.report()


@relayed_run
async def test_tls_that_is_passed_through(tmp_path):
    """The client sees the upstream's certificate; the recording holds the records as they were."""
    async with relaying(tmp_path, script(*TLS), to_client=None) as relayed:
        talk = await relayed.connect()
        await talk.hear(b"220")
        await talk.say(b"EHLO a\r\n", b"250")
        await talk.say(b"STARTTLS\r\n", b"220")
        await talk.secure(trusting("upstream"))
        await talk.say(b"EHLO a\r\n", b"250 secret")
        await talk.say(b"QUIT\r\n", b"221")
        talk.end.close()
        report = await relayed.report()
    session = relayed.session()
    assert session.tls and not session.tls.opened and session.tls.version == "TLSv1.3"
    assert b"secret" not in relayed.path.read_bytes()
    assert report.sealed


@relayed_run
async def test_tls_from_the_first_octet_that_is_passed_through(tmp_path):
    """Nothing of it is touched."""
    async with relaying(tmp_path, script("TLS", *PLAIN, *QUIT), to_client=None) as relayed:
        talk = await relayed.connect(trusting("upstream"))
        await talk.hear(b"220")
        await talk.say(b"EHLO a\r\n", b"250")
        await talk.say(b"QUIT\r\n", b"221")
        talk.end.close()
        assert (await relayed.report()).sealed


@relayed_run
async def test_octets_behind_starttls_pass_through_too(tmp_path):
    """Where the relay takes no part in TLS it holds nothing back."""
    lines = (*PLAIN, "C: STARTTLS", "C: NOOP", "S: 454 no", "S: 250 ok", *QUIT)
    async with relaying(tmp_path, script(*lines), to_client=None) as relayed:
        talk = await relayed.connect()
        await talk.hear(b"220")
        await talk.say(b"EHLO a\r\n", b"250")
        await talk.say(b"STARTTLS\r\nNOOP\r\n", b"454")
        await talk.hear(b"250")
        await talk.say(b"QUIT\r\n", b"221")
        talk.end.close()
        await relayed.report()


@relayed_run
async def test_the_tls_of_exchange_servers(tmp_path):
    """X-ANONYMOUSTLS is passed through, and said why."""
    lines = (*PLAIN, "C: X-ANONYMOUSTLS", "S: 220 go", "TLS", "C: EHLO", "S: 250 secret", *QUIT)
    async with relaying(tmp_path, script(*lines)) as relayed:
        talk = await relayed.connect()
        await talk.hear(b"220")
        await talk.say(b"EHLO a\r\n", b"250")
        await talk.say(b"X-ANONYMOUSTLS\r\n", b"220")
        await talk.secure(trusting("upstream"))
        await talk.say(b"EHLO a\r\n", b"250 secret")
        await talk.say(b"QUIT\r\n", b"221")
        talk.end.close()
        await relayed.report()
    assert "Exchange servers bind their login" in relayed.told[0]
    assert b"secret" not in relayed.path.read_bytes()


@relayed_run
async def test_tls_is_closed_half_too(tmp_path):
    """A client that says farewell at once after QUIT still gets the reply to it."""
    async with relaying(tmp_path, script("TLS", *PLAIN, *QUIT), client_tls=True, upstream_tls=True) as relayed:
        talk = await relayed.connect(trusting("relay"))
        await talk.hear(b"220")
        await talk.say(b"EHLO a\r\n", b"250")
        await talk.say(b"QUIT\r\n")
        talk.end.finish()
        assert await talk.rest() == b"221 bye\r\n"
        talk.end.close()
        await relayed.report()


@relayed_run
async def test_records_that_are_none(tmp_path):
    """A client that breaks TLS is left, and so is the upstream."""
    async with relaying(tmp_path, script("TLS", *PLAIN, "C: never"), client_tls=True, upstream_tls=True) as relayed:
        talk = await relayed.connect(trusting("relay"))
        await talk.hear(b"220")
        talk.end._transport.write(b"\x17\x03\x03\x00\x20" + bytes(32))
        report = await relayed.report()
        talk.end.abort(reset=False)
    assert "the client broke off: TLS failed" in report.problem


@relayed_run
async def test_what_watches_may_fail(tmp_path, monkeypatch=None):
    """The mail goes on, unwatched, and that is said."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watch.Watch, "_command", lambda *_: 1 / 0)
        async with relaying(tmp_path, script(*PLAIN, *QUIT)) as relayed:
            talk = await relayed.connect()
            await talk.hear(b"220")
            await talk.say(b"EHLO a\r\n", b"250")
            await talk.say(b"QUIT\r\n", b"221")
            talk.end.close()
            await relayed.report()
        patch.undo()
        patch.setattr(watch.Watch, "_answered", lambda *_: 1 / 0)
        (tmp_path / "two").mkdir()
        async with relaying(tmp_path / "two", script(*PLAIN, *QUIT)) as other:
            talk = await other.connect()
            await talk.hear(b"220")
            await talk.say(b"EHLO a\r\n", b"250")
            talk.end.close()
            await other.report()
    assert "does not understand" in relayed.told[0] and "does not understand" in other.told[0]
    assert len(relayed.session().exchanges) == 2


@relayed_run
async def test_a_reply_waits_for_the_disk(tmp_path):
    """The 250 to a message is passed on only when the disk holds it."""
    lines = ("S: 220 mx", "C: DATA", "S: 354 go", "C: .", "S: 250 taken", *QUIT)
    synced: list[float] = []

    async with relaying(tmp_path, script(*lines)) as relayed:

        def slow(_: int) -> None:
            time.sleep(0.1)
            synced.append(time.monotonic())

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("smtptrace.record.recording.os.fsync", slow)
            talk = await relayed.connect()
            await talk.hear(b"220")
            await talk.say(b"DATA\r\n", b"354")
            assert not synced
            await talk.say(b".\r\n", b"250")
            assert synced
            await talk.say(b"QUIT\r\n", b"221")
            talk.end.close()
            assert (await relayed.report()).tally.messages == 1


@relayed_run
async def test_a_login_that_a_relay_breaks(tmp_path):
    """A SCRAM login with channel binding is refused: the user is told what the relay has to do with it."""
    first = base64.b64encode(b"p=tls-exporter,,n=alice,r=abc").decode()
    login = ("C: AUTH", "S: 535 5.7.8 no", *QUIT)
    async with relaying(tmp_path, script("TLS", *PLAIN, *login), client_tls=True, upstream_tls=True) as relayed:
        talk = await relayed.connect(trusting("relay"))
        await talk.hear(b"220")
        await talk.say(b"EHLO a\r\n", b"250")
        await talk.say(f"AUTH SCRAM-SHA-256-PLUS {first}\r\n".encode(), b"535")
        await talk.say(b"QUIT\r\n", b"221")
        talk.end.close()
        await relayed.report()
    assert "SCRAM-SHA-256-PLUS was refused. The client bound" in relayed.told[0]
    assert "--passthrough" in relayed.told[0] and "alice" not in relayed.told[0]
    (trace,) = relayed.traces()
    assert trace.causes[0].slug == "channel-binding-through-relay"
    assert trace.session.notes


@relayed_run
async def test_nothing_passes_unrecorded(tmp_path):
    """With fail-closed the relay ends with its recording."""
    async with relaying(tmp_path, script(*PLAIN, *QUIT), fail_closed=True) as relayed:
        talk = await relayed.connect()
        await talk.hear(b"220")
        relayed.recording._stop(OSError(28, "No space left on device"))
        said = await talk.say(b"EHLO a\r\n", b"421 4.3.0")
        talk.end.close()
        await relayed.report()
        assert relayed.proxy._stopping.is_set()
    assert b"nothing is relayed without it" in said


@relayed_run
async def test_mail_goes_on_without_a_recording(tmp_path):
    """Without fail-closed nobody notices but the user of the relay."""
    async with relaying(tmp_path, script(*TLS)) as relayed:
        relayed.recording._stop(OSError(28, "No space left on device"))
        talk = await relayed.connect()
        await talk.hear(b"220")
        await talk.say(b"EHLO a\r\n", b"250")
        await talk.say(b"STARTTLS\r\n", b"220")
        await talk.secure(trusting("relay"))
        await talk.say(b"EHLO a\r\n", b"250 secret")
        await talk.say(b"QUIT\r\n", b"221")
        talk.end.close()
        assert (await relayed.report()).problem == ""
    assert len(relayed.told) == 1


@relayed_run
async def test_a_fault_of_ours_ends_one_connection(tmp_path):
    """It is told, and the next one is relayed."""
    with pytest.MonkeyPatch.context() as patch:
        async with relaying(tmp_path, script(*PLAIN, *QUIT)) as relayed:
            patch.setattr("smtptrace.record.relay.Relay._pass", lambda *_: 1 / 0)
            talk = await relayed.connect()
            with pytest.raises(WireError):
                await talk.hear(b"220")
            assert "ZeroDivisionError" in (await relayed.report()).problem
            patch.undo()
            talk = await relayed.connect()
            await talk.hear(b"220")
    assert "the relay failed" in relayed.told[0]
