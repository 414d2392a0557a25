"""The options of `proxy`, in groups."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from smtptrace.cli._options import Seconds

F = TypeVar("F", bound=Callable[..., Any])
_Option = Callable[[Any], Any]

_TLS = ("1.0", "1.1", "1.2", "1.3")


def proxy_options(command: F) -> F:
    """The options of `proxy`."""
    for option in reversed((*_ENDS, *_RECORDING, *_TO_CLIENT, *_TO_UPSTREAM, *_LIMITS, *_OUTCOME)):
        command = option(command)
    return command


def _path(*names: str, **kind: Any) -> _Option:
    return click.option(*names, type=click.Path(path_type=Path), **{"metavar": "FILE", **kind})


def _seconds(name: str, default: float, what: str) -> _Option:
    kind = Seconds()
    return click.option(name, f"{name[2:]}_s", type=kind, default=default, show_default=True, metavar="S", help=what)


_ENDS: tuple[_Option, ...] = (
    click.option(
        "--listen", default="127.0.0.1:0", show_default=True, metavar="HOST[:PORT]", help="Where; 0 is a free port."
    ),
    click.option("--upstream", required=True, metavar="HOST[:PORT]", help="The server to relay to; port 25."),
    click.option("--listen-tls", "client_tls", is_flag=True, help="The client begins with TLS (as on port 465)."),
    click.option("--upstream-tls", is_flag=True, help="The server begins with TLS (as on port 465)."),
    click.option("--passthrough", is_flag=True, help="Leave TLS to both ends; it is recorded encrypted."),
)

_RECORDING: tuple[_Option, ...] = (
    _path("-w", "--write", "path", help="The recording, a new pcapng; named after the time where not given."),
    _path("--keylog", help="Write the keys of both TLS connections there, for captures made beside."),
    click.option("--fast", is_flag=True, help="Write every half second, and wait for no disk: a crash loses more."),
    click.option("--fail-closed", is_flag=True, help="Relay nothing that cannot be recorded."),
)

_TO_CLIENT: tuple[_Option, ...] = (
    _path("--ca-out", help="Write the relay's authority there, for the client to trust."),
    _path("--ca-folder", metavar="FOLDER", help="Keep the authority and its key there and not at the usual place."),
    _path("--cert", "certificate", help="Show clients this certificate (with its chain), and not one of our making."),
    _path("--key", help="The key of --cert, where it is not in the same file."),
    click.option("--cert-name", "names", multiple=True, metavar="NAME", help="A name our certificate is for, too."),
)

_TO_UPSTREAM: tuple[_Option, ...] = (
    _path("--ca-file", help="Authorities to verify the server's certificate with."),
    click.option("--insecure", is_flag=True, help="Do not verify the server's certificate."),
    _path("--client-cert", help="Our certificate for the server."),
    _path("--client-key", help="The key of --client-cert."),
    click.option("--sni", default="", metavar="NAME", help="The server's name in TLS; that of --upstream otherwise."),
    click.option("--tls-min", "least", type=click.Choice(_TLS), help="No older TLS, on both sides."),
    click.option("--tls-max", "most_tls", type=click.Choice(_TLS), help="No newer TLS, on both sides."),
)

_LIMITS: tuple[_Option, ...] = (
    click.option("--allow-client", "clients", multiple=True, metavar="NET", help="Let only these addresses in."),
    click.option("--max-connections", "most", type=click.IntRange(1), default=100, show_default=True, metavar="N"),
    _seconds("--timeout", 30.0, "Seconds to connect, and for TLS."),
    _seconds("--idle", 600.0, "Seconds of silence after which a connection is ended."),
)

_OUTCOME: tuple[_Option, ...] = (
    click.option(
        "--port-file", type=click.Path(path_type=Path), metavar="FILE", help="Write the port there once it listens."
    ),
    click.option("--json", "as_json", is_flag=True, help="One JSON object a connection."),
)
