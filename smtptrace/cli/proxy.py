"""Relay to a server and record what is said, TLS opened."""

from __future__ import annotations

from typing import Any

import click

from smtptrace.cli._proxy_options import proxy_options

GROUP = "record"


@click.command("proxy")
@proxy_options
def command(**options: Any) -> int:
    """Relay between an application under test and its server, and record what they say.

    What TLS protects is recorded in clear: the application has to trust the relay's authority (--ca-out writes it).
    Nothing else changes on the way. The recording is a pcapng of mode 0600 that every command reads, and Wireshark
    too; it holds the passwords that were sent.

    \b
    smtptrace proxy --listen 127.0.0.1:2525 --upstream mail.example:587 -w run.pcapng --ca-out ca.pem
    smtptrace proxy --listen 127.0.0.1:2465 --listen-tls --upstream mail.example:465 --upstream-tls -w run.pcapng

    Ctrl-C ends it. Exit code: 0, or 4 where the recording is not whole, or nobody can listen there.
    """
    from smtptrace.cli._proxy_work import relay

    return relay(options)
