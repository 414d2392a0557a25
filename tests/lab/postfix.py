"""Postfix: ports with Dovecot's and with Cyrus SASL, with TLS at once, without AUTH, behind a proxy, with XCLIENT."""

from __future__ import annotations

import contextlib
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab import cyrus
from lab.accounts import ALICE
from lab.certificates import Certificates
from lab.process import Unavailable, answers, daemon, fill, free_ports, need_root, private_folder, tool

OWNER = "nobody"
MASTER = Path("/usr/lib/postfix/sbin/master")


@dataclass(frozen=True, slots=True)
class Postfix:
    """A running Postfix; `log` has every command and reply of 127.0.0.1.

    `port` (Dovecot SASL, STARTTLS), `cyrus_port`, `tls_port` (TLS at once, Dovecot SASL), `open_port` (no AUTH;
    takes all mail; STARTTLS is offered there and fails for want of a certificate), `proxy_port` (wants a header of the
    PROXY protocol), `xclient_port` (offers XCLIENT). Mail is stored in `mail`.
    """

    port: int
    cyrus_port: int
    tls_port: int
    open_port: int
    proxy_port: int
    xclient_port: int
    folder: Path

    @property
    def log(self) -> Path:
        """Its log file."""
        return self.folder / "log" / "postfix.log"

    @property
    def mail(self) -> Path:
        """The Maildir that takes every message."""
        return self.folder / "mail" / "all"


@contextlib.contextmanager
def running(
    certificates: Certificates,
    dovecot_socket: Path,
    ports: tuple[int, int, int, int] | None = None,
    next_hop: int = 25,
) -> Iterator[Postfix]:
    """Start Postfix; `ports` are its first four, `next_hop` is where mail for via-postfix.test goes, with NTLM."""
    need_root("Postfix")
    if not MASTER.exists():
        raise Unavailable("postfix is not installed (make test installs it on Debian)")
    with private_folder() as folder:
        spare = free_ports(6)
        postfix = Postfix(*(ports or spare[:4]), *spare[4:], folder)
        _prepare(postfix, certificates, dovecot_socket, next_hop)
        argv = [MASTER, "-c", folder / "etc", "-d"]
        with daemon(argv, folder / "output", lambda: answers(postfix.port) and answers(postfix.cyrus_port)):
            yield postfix


def _prepare(postfix: Postfix, certificates: Certificates, dovecot_socket: Path, next_hop: int) -> None:
    folder = postfix.folder
    config = folder / "etc"
    for name in ("etc", "spool", "data", "log", "mail"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    shutil.chown(folder / "mail", OWNER)
    (folder / "data").chmod(0o700)
    words = {"FOLDER": folder, "CERTIFICATE": certificates.certificate, "KEY": certificates.key}
    words |= {"DOVECOT_SOCKET": dovecot_socket, "NEXT_HOP": next_hop, "ALICE": ALICE}
    words |= {"PORT": postfix.port, "TLS_PORT": postfix.tls_port, "OWNER": pwd.getpwnam(OWNER).pw_uid}
    words |= {"PROXY_PORT": postfix.proxy_port, "XCLIENT_PORT": postfix.xclient_port}
    words |= {"CYRUS_PORT": postfix.cyrus_port, "OPEN_PORT": postfix.open_port}
    for name in ("main.cf", "master.cf"):
        (config / name).write_text(fill(f"postfix-{name}", **words))
    cyrus.prepare(folder, config)
    # Makes the folders of the queue with their owners; its warnings about a private instance say nothing here.
    subprocess.run([tool("postfix"), "-c", str(config), "check"], check=True, capture_output=True)
