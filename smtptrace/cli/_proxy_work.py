"""What `proxy` does: settle TLS and the recording, listen, relay, and say what became of it."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from smtptrace import net
from smtptrace._private import private_file
from smtptrace.cli._place import listening_place, write_whole
from smtptrace.cli._proxy_text import row, summary
from smtptrace.cli._signals import ending
from smtptrace.cli._voice import Voice
from smtptrace.errors import UsageError
from smtptrace.outputs._text import visible
from smtptrace.record.authority import Certifier, kept_authority, usual_folder
from smtptrace.record.proxy import Proxy
from smtptrace.record.recording import Recording
from smtptrace.record.settings import Network, Settings
from smtptrace.wire import Endpoint

_Options = dict[str, Any]


def relay(options: _Options) -> int:
    """Relay until a signal comes; gives the exit code.

    Raises:
        UsageError: the options cannot be.
        WireError: nobody can listen there.
    """
    _check(options)
    place = listening_place(options["listen"])
    settings = _settings(options, place)
    path = options["path"] or Path(time.strftime("smtptrace-%Y%m%d-%H%M%S.pcapng"))
    with Voice() as voice:
        return asyncio.run(_relay(options, place, settings, path, voice))


async def _relay(options: _Options, place: Endpoint, settings: Settings, path: Path, voice: Voice) -> int:
    def tell(text: str) -> None:
        voice.err(f"smtptrace: {visible(text, 1500)}")

    recording = Recording(path, tell, fast=options["fast"])
    totals = [0, 0]

    def ended(report: Any) -> None:
        totals[0] += report.tally.messages
        totals[1] += report.tally.refused
        for line in row(report, as_json=options["as_json"]):
            voice.out(line)

    proxy = Proxy(settings, recording, ended, tell)
    try:
        found = await _listen(proxy, place, path)
        _announce(options, found, settings, path, tell)
        _on_signals(proxy.stop)
        with contextlib.suppress(asyncio.CancelledError):  # Ctrl-C where there are no handlers of signals
            await proxy.run()
    finally:
        recording.close()
        size = recording.size
    tell(summary(proxy.count, proxy.turned_away, totals, path, size))
    return 4 if recording.failed else 0


async def _listen(proxy: Proxy, place: Endpoint, path: Path) -> Endpoint:
    try:
        return await proxy.listen(*place)
    except net.WireError:
        path.unlink()  # nothing is in it
        raise


def _announce(options: _Options, found: Endpoint, settings: Settings, path: Path, tell: Callable[[str], None]) -> None:
    tell(f"listening on {found}, relaying to {settings.upstream}; recording to {path} (mode 0600; it holds secrets)")
    if not net.is_loopback(found.host) and not settings.clients:
        tell("WARNING: everybody who reaches this address can use the relay; --allow-client NET lets only some in")
    if options["insecure"] and not options["passthrough"]:
        tell("WARNING: the server's certificate is not verified (--insecure)")
    if options["port_file"]:
        write_whole(options["port_file"], f"{found.port}\n".encode())


def _on_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for each in ending():
        with contextlib.suppress(NotImplementedError, RuntimeError):  # not on Windows, nor outside the main thread
            loop.add_signal_handler(each, stop)


def _check(options: _Options) -> None:
    """Options that cannot go together."""
    if options["key"] and not options["certificate"]:
        raise UsageError("--key needs --cert")
    if options["ca_out"] and options["certificate"]:
        raise UsageError("--ca-out: with --cert the authority is yours, not one of our making")
    opening = ("keylog", "client_tls", "upstream_tls", "ca_out", "certificate", "client_cert")
    named = [name for name in opening if options[name]]
    if options["passthrough"] and named:
        flag = {"client_tls": "listen-tls", "certificate": "cert"}.get(named[0], named[0].replace("_", "-"))
        raise UsageError(f"--{flag}: with --passthrough the relay takes no part in TLS")


def _settings(options: _Options, place: Endpoint) -> Settings:
    upstream = net.endpoint(options["upstream"], 25)
    settle = _key_logging(options["keylog"])
    to_upstream = net.client_context(
        ca_file=_text(options["ca_file"]),
        insecure=options["insecure"],
        certificate=_text(options["client_cert"]),
        key=_text(options["client_key"]),
        least=options["least"],
        most=options["most_tls"],
    )
    settle(to_upstream)
    return Settings(
        upstream=upstream,
        to_upstream=to_upstream,
        to_client=None if options["passthrough"] else _to_client(options, (place.host, upstream.host), settle),
        name=options["sni"] or upstream.host,
        client_tls=options["client_tls"],
        upstream_tls=options["upstream_tls"],
        clients=tuple(_network(each) for each in options["clients"]),
        most=options["most"],
        timeout_s=options["timeout_s"],
        idle_s=options["idle_s"],
        fail_closed=options["fail_closed"],
    )


def _to_client(options: _Options, hosts: tuple[str, ...], settle: Callable[[ssl.SSLContext], None]) -> ssl.SSLContext:
    """TLS towards clients, with a certificate of the user's or of our own authority."""
    least, most = options["least"], options["most_tls"]
    if options["certificate"]:
        context = net.server_context(_pair(options["certificate"], options["key"]), least=least, most=most)
        settle(context)
        return context
    authority = kept_authority(options["ca_folder"] or usual_folder())
    if options["ca_out"]:
        write_whole(options["ca_out"], authority.certificate)
    names = ("localhost", "127.0.0.1", "::1", *hosts, *options["names"])
    return Certifier(authority, names, settle, least=least, most=most).context


def _pair(certificate: Path, key: Path | None) -> bytes:
    try:
        return certificate.read_bytes() + b"\n" + (key.read_bytes() if key else b"")
    except OSError as error:
        raise UsageError(f"{error.filename}: cannot be read: {error.strerror}") from error


def _key_logging(path: Path | None) -> Callable[[ssl.SSLContext], None]:
    """What makes TLS settings write their keys to the file."""
    if path is None:
        return lambda _: None
    private_file(path).close()

    def settle(context: ssl.SSLContext) -> None:
        context.keylog_filename = str(path)

    return settle


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise UsageError(f"--allow-client {text!a}: no network such as 10.0.0.0/8, nor an address") from error


def _text(path: Path | None) -> str | None:
    return str(path) if path else None
