"""What the transcripts of captures/text were made against: aiosmtpd on 127.0.0.1:22525 and, with TLS, 22465."""

# ruff: noqa: ARG001, ARG002, N802
# The names and arguments of handlers are aiosmtpd's.

import asyncio
import ssl
import subprocess
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    """Knows everybody but nobody@."""

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return f"550 5.1.1 <{address}>: no such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        return "250 2.0.0 Ok: queued as AB12CD34"


def login(server, session, envelope, mechanism, data):
    known = (data.login, data.password) == (b"alice", b"Secret123!")
    return AuthResult(success=known, handled=known)


def certificate(folder: Path) -> ssl.SSLContext:
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "300", "-subj", "/CN=localhost"]
    subprocess.run([*made, "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


async def main(folder: Path) -> None:
    context = certificate(folder)

    def session() -> SMTP:
        return SMTP(
            Handler(),
            hostname="lab.test",
            ident="ESMTP ready",
            authenticator=login,
            auth_require_tls=False,
            tls_context=context,
        )

    loop = asyncio.get_running_loop()
    await loop.create_server(session, "127.0.0.1", 22525)
    await loop.create_server(session, "127.0.0.1", 22465, ssl=context)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
