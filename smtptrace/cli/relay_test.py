"""Test who may send to whom through a server, with and without a login."""

from __future__ import annotations

import sys
from typing import Any

import click

from smtptrace.cli._replay_options import net_options

GROUP = "act"


@click.command("relay-test")
@click.argument("target", metavar="HOST[:PORT]")
@click.option("--internal", required=True, metavar="ADDRESS", help="A recipient of the server's own.")
@click.option("--external", required=True, metavar="ADDRESS", help="A recipient elsewhere; take one of your own.")
@click.option("--own", metavar="ADDRESS", help="A sender of the server's own; --internal otherwise.")
@click.option("--foreign", metavar="ADDRESS", help="A foreign sender; --external otherwise.")
@click.option("--user", default="", metavar="NAME", help="Who logs in; without it only what needs no login is tested.")
@click.option("--auth", "mechanism", default="PLAIN", show_default=True, metavar="MECHANISM", help="How to log in.")
@click.option("--data", "content", is_flag=True, help="Send a short test message too; otherwise it ends before DATA.")
@click.option("--helo", default="smtptrace.invalid", show_default=True, metavar="NAME", help="The name in EHLO.")
@click.option("--tls", type=click.Choice(("none", "starttls", "implicit")), default="none", show_default=True)
@click.option("--send", is_flag=True, help="Test a server that is not this machine.")
@click.option("--allow-plaintext-auth", "plain_auth", is_flag=True, help="Log in without TLS.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@net_options
def command(target: str, **options: Any) -> int:
    """Ask a server for whom it takes mail: internal and external recipient, own and foreign sender, with and without
    login, each in a connection of its own.

    Nothing is called an open relay before it took a message (--data). What comes out holds for the address that the
    tests come from: a server may treat others otherwise, and Exchange chooses its connector by it.

    \b
    smtptrace relay-test localhost:2525 --internal bob@lab.example --external me@other.example
    smtptrace relay-test mail.example:587 --send --tls starttls --user alice --internal bob@mail.example
        --external me@other.example

    Exit code: 0 no open relay was found, 1 an open relay, 2 nothing was sent, 4 the server cannot be reached or broke.
    """
    from smtptrace.cli._relay_text import relay_lines
    from smtptrace.cli._relay_work import addresses, answers

    who = addresses(options)
    place, found = answers(target, who, options)
    if options["as_json"]:
        from smtptrace.outputs.jsonl import line
        from smtptrace.replay.relay import relay_object

        sys.stdout.buffer.write(line(relay_object(place, found)))
        sys.stdout.buffer.flush()
    else:
        for text in relay_lines(place, found, who):
            click.echo(text)
    if any(each.relays for each in found):
        return 1
    return 4 if any(each.broken for each in found) else 0
