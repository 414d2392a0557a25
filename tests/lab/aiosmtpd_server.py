"""aiosmtpd in this process: every message and login is at hand, and a handler may do what it likes."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from lab.accounts import USERS
from lab.certificates import Certificates
from lab.process import HOST, free_port


@dataclass
class Keeper:
    """A handler that keeps what it took; subclass it for replies of your own (`handle_RCPT`, `auth_XOAUTH2`, ...)."""

    messages: list[bytes] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Keep the octets as they came."""
        self.messages.append(envelope.original_content)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 2.0.0 kept"


@dataclass(frozen=True, slots=True)
class Aiosmtpd:
    """A running server and the handler it was given."""

    port: int
    handler: Any


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and USERS.get(data.login.decode()) == data.password.decode()
    return AuthResult(success=good, handled=False)


@contextlib.contextmanager
def running(
    handler: Any = None, certificates: Certificates | None = None, port: int | None = None, **options: Any
) -> Iterator[Aiosmtpd]:
    """Start aiosmtpd with STARTTLS where certificates are given; `options` are those of `aiosmtpd.smtp.SMTP`."""
    handler = handler if handler is not None else Keeper()
    context = None
    if certificates:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificates.certificate, certificates.key)
    settings = {"authenticator": _authenticate, "auth_require_tls": False, "server_hostname": "aiosmtpd.lab.test"}
    settings |= {"ident": "lab", "tls_context": context, **options}
    controller = Controller(handler, hostname=HOST, port=port or free_port(), **settings)
    controller.start()
    try:
        yield Aiosmtpd(controller.port, handler)
    finally:
        controller.stop()
