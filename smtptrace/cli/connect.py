"""Talk to a server by hand: a telnet that edits, logs in, begins TLS and explains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from smtptrace.cli._replay_options import net_options

GROUP = "act"


@click.command("connect")
@click.argument("target", metavar="HOST[:PORT]")
@click.option("--tls", "implicit", is_flag=True, help="TLS from the first octet, as on port 465.")
@click.option("--user", default="", metavar="NAME", help="Who logs in; asked for otherwise.")
@click.option(
    "--helo", default="", metavar="NAME", help="The name that Tab puts behind EHLO; this machine's otherwise."
)
@click.option("--allow-plaintext-auth", "plain_auth", is_flag=True, help="Log in without TLS.")
@click.option("--ntlm-v1", is_flag=True, help="Answer NTLM in its first version, which is easily broken.")
@click.option(
    "--save", type=click.Path(path_type=Path), metavar="FILE", help="Keep the session, as .pcapng or .smtp, mode 0600."
)
@click.option(
    "--history", type=click.Path(path_type=Path), metavar="FILE", help="Keep lines for the next time; never logins."
)
@click.option("--json", "as_json", is_flag=True, help="At the end, the session as one JSON object; the rest on stderr.")
@click.option("--show-secrets", is_flag=True, help="Keep passwords and tokens in what is saved; masked otherwise.")
@net_options
def command(target: str, **options: Any) -> int:
    """Talk to a server by hand.

    Commands are sent as you type them. STARTTLS begins TLS; AUTH with a mechanism asks for user and password and does
    the base64; a refusal is explained. Tab completes from what the server offers, /help tells the rest. Without a
    terminal, the lines of standard input are the commands.

    \b
    smtptrace connect localhost:2525
    smtptrace connect mail.example:587 --save talk.smtp
    printf 'EHLO me\\nSTARTTLS\\n' | smtptrace connect mail.example:587 --json

    Passwords come from --password-fd, SMTPTRACE_PASSWORD (SMTPTRACE_TOKEN for a token) or the prompt. Without TLS no
    credentials go to another machine unless --allow-plaintext-auth is given.

    Exit code: 0 the session ended as it should, 4 the server cannot be reached or broke it.
    """
    from smtptrace.cli._connect_work import Work

    return Work(target, options).run()
