"""The options of `replay`, in groups."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from smtptrace.cli._options import Seconds
from smtptrace.cli._password import password_option
from smtptrace.cli._replay_profile import read_profile

F = TypeVar("F", bound=Callable[..., Any])
_Option = Callable[[Any], Any]

_TLS = ("1.0", "1.1", "1.2", "1.3")
_UNTIL = ("ehlo", "starttls", "auth", "mail", "rcpt", "data")


def replay_options(command: F) -> F:
    """The options of `replay`."""
    groups = (_PROFILE, _SESSIONS, _SAFETY, _LOGIN, _CONTENT, _CHANGES, _NET, _CLIENT, _OUTCOME)
    for option in reversed([option for group in groups for option in group]):
        command = option(command)
    return password_option(command)


def net_options(command: F) -> F:
    """The options of every command that connects to a server: TLS, address, time, and where the secret comes from."""
    for option in reversed(_NET):
        command = option(command)
    return password_option(command)


def _path(name: str, **kind: Any) -> _Option:
    return click.option(name, type=click.Path(path_type=Path, **kind.pop("path", {})), metavar="FILE", **kind)


_READABLE = {"exists": True, "dir_okay": False}

_PROFILE: tuple[_Option, ...] = (
    _path(
        "--profile",
        path=_READABLE,
        is_eager=True,
        expose_value=False,
        callback=read_profile,
        help="Options in a TOML file, HOST among them as target; never a secret.",
    ),
)

_SESSIONS: tuple[_Option, ...] = (
    click.option("-s", "--session", "ids", multiple=True, metavar="ID", help="This session, as `list` names it."),
    click.option("--all", "every", is_flag=True, help="All sessions; those that overlapped are played at once."),
    click.option("--serial", is_flag=True, help="One after the other, in recorded order."),
    click.option(
        "--at-once", type=click.IntRange(1, 64), default=8, show_default=True, help="Sessions at once, at the most."
    ),
    click.option("--stop-on-difference", is_flag=True, help="Leave out the sessions after one that differs."),
    click.option("--keylog", type=click.Path(), metavar="FILE", help="TLS keys that open the recording."),
)

_SAFETY: tuple[_Option, ...] = (
    click.option("--dry-run", is_flag=True, help="Show the plan and what is still needed; connect to nobody."),
    click.option("--send", is_flag=True, help="Send to a target that is not this machine."),
    click.option("--to", default="", metavar="ADDRESS", help="Replace every recipient by this one."),
    click.option("--from", "sender", metavar="ADDRESS", help="Replace every sender by this one; '<>' is the null one."),
    click.option("--allow-recipient", "recipients", multiple=True, metavar="PATTERN", help="Let it be, as *@lab.test."),
    click.option("--allow-plaintext-auth", "plain_auth", is_flag=True, help="Log in without TLS."),
    click.option("--max-messages", type=click.IntRange(0), default=10, show_default=True, help="Messages in one run."),
    click.option("--until", type=click.Choice(_UNTIL), default=None, help="End early, after this part."),
)

_LOGIN: tuple[_Option, ...] = (
    click.option("--user", default="", metavar="NAME", help="Who logs in; as recorded otherwise."),
    click.option("--auth", "mechanism", default="", metavar="MECHANISM", help="Log in with this mechanism."),
    click.option("--no-auth", is_flag=True, help="Leave the login out."),
    click.option("--force-auth", is_flag=True, help="Try a mechanism that the target does not offer."),
    click.option("--ntlm-v1", is_flag=True, help="Answer NTLM in its first version, which is easily broken."),
    click.option("--password-env", metavar="NAME", help="The variable that holds the password."),
    click.option("--token-env", metavar="NAME", help="The variable that holds the token."),
    click.option("--prompt", is_flag=True, help="Ask for the secret, whatever the environment holds."),
    click.option("--use-recorded-credentials", "recorded", is_flag=True, help="Log in with the secrets of the trace."),
)

_CONTENT: tuple[_Option, ...] = (
    _path("--content", path=_READABLE, help="Send this where the trace does not hold the message."),
    click.option("--test-message", is_flag=True, help="Send a short message where the trace does not hold it."),
    click.option("--exact-content", "exact", is_flag=True, help="Keep Date and Message-ID, add no field."),
)

_CHANGES: tuple[_Option, ...] = (
    click.option("--helo", default="", metavar="NAME", help="Say this name in EHLO and HELO."),
    click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="The value of a placeholder ${NAME}."),
    click.option("--tls", type=click.Choice(("none", "starttls", "implicit")), help="TLS; as recorded otherwise."),
)

_NET: tuple[_Option, ...] = (
    click.option("--ca-file", type=click.Path(), metavar="FILE", help="Authorities to verify the certificate with."),
    click.option("--insecure", is_flag=True, help="Do not verify the certificate."),
    click.option("--client-cert", "certificate", type=click.Path(), metavar="FILE", help="Our own certificate."),
    click.option("--client-key", "key", type=click.Path(), metavar="FILE", help="The key of our certificate."),
    click.option("--sni", default="", metavar="NAME", help="The server's name in TLS; HOST otherwise."),
    click.option("--write-keylog", type=click.Path(), metavar="FILE", help="Add the keys of the new connections."),
    click.option("--tls-min", "least", type=click.Choice(_TLS), help="No older TLS."),
    click.option("--tls-max", "most", type=click.Choice(_TLS), help="No newer TLS."),
    click.option("--bind", metavar="ADDRESS", help="The address to connect from."),
    click.option(
        "--timeout",
        "timeout_s",
        type=Seconds(),
        default=60.0,
        show_default=True,
        metavar="S",
        help="Seconds for each whole reply.",
    ),
)

_CLIENT: tuple[_Option, ...] = (
    click.option(
        "--proxy-header", "proxy", type=click.Choice(("v1", "v2")), help="Begin with a header of the PROXY protocol."
    ),
    click.option("--xclient", is_flag=True, help="Say XCLIENT where the target offers it."),
    click.option(
        "--client-address", "client", metavar="ADDRESS[:PORT]", help="Who the client was; as recorded otherwise."
    ),
)

_OUTCOME: tuple[_Option, ...] = (
    click.option("--match", type=click.Choice(("code", "enhanced", "text")), default="code", show_default=True),
    click.option("--against", metavar="HOST[:PORT]", help="Play at this second target too, and compare all three."),
    click.option("--json", "as_json", is_flag=True, help="One JSON object a session."),
    _path("--junit", help="Write the outcome for a test runner."),
    _path("--save", help="Keep what went over the wire, as .pcapng or .smtp; holds secrets, mode 0600."),
)
