"""aiosmtpd in this process: every message and login is at hand, and a handler may do what it likes."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import spnego
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from lab.accounts import GOOD_TOKEN, USERS
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


class Acceptor(Keeper):
    """Takes NTLM by pyspnego (version 2 with target info and MIC) and XOAUTH2, whose refusal begins with a report."""

    async def auth_NTLM(self, server: Any, args: list[str]) -> AuthResult:
        """The text instead of an empty prompt is what some servers say."""
        context = spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
        if len(args) < 2:
            await server.push("334 ntlm supported")
        first = base64.b64decode(args[1]) if len(args) > 1 else await _response(server)
        await server.push("334 " + base64.b64encode(context.step(first)).decode())
        try:
            context.step(await _response(server))
        except spnego.exceptions.SpnegoError:
            await server.push("535 5.7.3 Authentication unsuccessful")
            return AuthResult(success=False, handled=True)
        return AuthResult(success=True, auth_data=context.client_principal)

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:
        """`GOOD_TOKEN` alone is good."""
        if len(args) < 2:
            await server.push("334 ")
        said = base64.b64decode(args[1]) if len(args) > 1 else await _response(server)
        if f"auth=Bearer {GOOD_TOKEN}\x01".encode() in said:
            return AuthResult(success=True, auth_data="alice")
        report = json.dumps({"status": "400", "schemes": "Bearer", "scope": "https://mail.lab.test/"})
        await server.push("334 " + base64.b64encode(report.encode()).decode())
        await server._reader.readline()
        await server.push("535 5.7.8 Authentication credentials invalid")
        return AuthResult(success=False, handled=True)


async def _response(server: Any) -> bytes:
    return base64.b64decode((await server._reader.readline()).strip())


@contextlib.contextmanager
def ntlm_users(folder: Path, *domains: str) -> Iterator[None]:
    """While it lasts, pyspnego's acceptor knows the users of the lab in these domains."""
    path = folder / "ntlm-users"
    path.write_text("".join(f"{domain}:{user}:{word}\n" for domain in domains for user, word in USERS.items()))
    with mock.patch.dict(os.environ, NTLM_USER_FILE=str(path)):
        yield


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
