"""What the transcripts of captures/text were made against: aiosmtpd on 127.0.0.1, called with a folder.

22525 has AUTH and STARTTLS, 465 (of 127.0.0.2) begins with TLS, 22526 has neither and takes pipelined commands.
Messages go to FOLDER/N.eml, the secrets of TLS to FOLDER/keys.
"""

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

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return f"550 5.1.1 <{address}>: no such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        taken = len(list(self.folder.glob("*.eml")))
        (self.folder / f"{taken}.eml").write_bytes(envelope.original_content)
        return "250 2.0.0 Ok: queued as AB12CD34"


class Pipelining(Handler):
    """The same, and says that commands may be sent at once."""

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", *responses[-1:]]


def login(server, session, envelope, mechanism, data):
    known = (data.login, data.password) == (b"alice", b"Secret123!")
    return AuthResult(success=known, handled=known)


def certificate(folder: Path) -> ssl.SSLContext:
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "300", "-subj", "/CN=localhost"]
    subprocess.run([*made, "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    context.keylog_filename = str(folder / "keys")
    return context


async def main(folder: Path) -> None:
    context = certificate(folder)

    def session() -> SMTP:
        return SMTP(
            Handler(folder),
            hostname="lab.test",
            ident="ESMTP ready",
            authenticator=login,
            auth_require_tls=False,
            tls_context=context,
        )

    def bare_session() -> SMTP:
        return SMTP(Pipelining(folder), hostname="lab.test", ident="ESMTP ready")

    loop = asyncio.get_running_loop()
    await loop.create_server(session, "127.0.0.1", 22525)
    await loop.create_server(session, "127.0.0.2", 465, ssl=context)
    await loop.create_server(bare_session, "127.0.0.1", 22526)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
