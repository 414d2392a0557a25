"""Watch SMTP sessions on an interface as they happen, and record them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from smtptrace.select import ONLY

GROUP = "record"


@click.command("capture")
@click.argument("capture_filter", nargs=-1, metavar="[FILTER]...")
@click.option("-i", "--interface", metavar="IFACE", help="The interface, such as eth0, lo, or any (through dumpcap).")
@click.option("-D", "--list-interfaces", "listing", is_flag=True, help="List the interfaces, and end.")
@click.option(
    "--engine",
    type=click.Choice(("auto", "dumpcap", "scapy")),
    default="auto",
    help="Who reads the interface; dumpcap, where it is installed, is the faster one and is taken by itself.",
)
@click.option("-w", "--write", "path", type=click.Path(path_type=Path), metavar="FILE", help="Keep the packets there.")
@click.option("--rotate", multiple=True, metavar="SIZE|TIME", help="A new file after 100MB, or 1h, or both.")
@click.option("--keep", type=click.IntRange(1), metavar="N", help="So many files at most; the oldest are removed.")
@click.option("--follow", is_flag=True, help="Show the dialogue of one session as it goes, then of the next.")
@click.option("--host", "hosts", multiple=True, metavar="HOST", help="Only sessions with this address or network.")
@click.option("--port", "ports", type=click.IntRange(0, 65535), multiple=True, help="Only sessions with this port.")
@click.option("--user", "users", multiple=True, metavar="NAME", help="Only sessions with a login of this user.")
@click.option("--only", multiple=True, type=click.Choice(list(ONLY)), help="Only sessions of this kind.")
@click.option("--attempts", is_flag=True, help="Also connections on SMTP ports that ended without a word.")
@click.option("--count", type=click.IntRange(1), metavar="N", help="End after so many sessions.")
@click.option("--duration", metavar="TIME", help="End after 90s, 15m or 1h.")
@click.option("--utc", is_flag=True, help="Times in UTC instead of the machine's zone.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a session when it has ended.")
@click.option("--show-secrets", is_flag=True, help="Show passwords and tokens, which are masked otherwise.")
@click.option("--digests", is_flag=True, help="SHA-256 of both streams in the JSON.")
def command(listing: bool, **options: Any) -> int:
    """Watch SMTP sessions on an interface as they happen, with diagnosis and findings, and record their packets.

    FILTER is one of libpcap, as tcpdump takes it; sessions are found on any port. On a terminal there is a live table,
    in a pipe a line a session. Recorded is every packet that passes the filter, as it was captured, secrets and all;
    the files are private. Ctrl-C ends it.

    \b
    smtptrace capture -i eth0 tcp port 25 or tcp port 587
    smtptrace capture -i eth0 -w mail.pcapng --rotate 100MB --rotate 1h --keep 24
    smtptrace capture -i lo --follow --port 2525
    smtptrace capture -i any --json tcp port 25 | jq .auth

    Exit code: 0 ended as asked, 2 no such interface or filter, 4 not allowed, or packets were not kept (a full disk).
    """
    from smtptrace.cli import _capture_work

    return _capture_work.list_interfaces() if listing else _capture_work.capture(options)
