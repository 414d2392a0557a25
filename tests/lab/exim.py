"""Exim: PLAIN, LOGIN, CRAM-MD5 and NTLM (version 1 alone), BDAT, STARTTLS, PRDR, SMTPUTF8; relays via-exim.test."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.accounts import ALICE, USERS
from lab.certificates import Certificates
from lab.process import PROJECT, Unavailable, answers, daemon, fill, free_ports, need_root, private_folder, tool

USER = "Debian-exim"
UNPACKED = PROJECT / ".lab" / "exim" / "usr" / "sbin" / "exim4"


@dataclass(frozen=True, slots=True)
class Exim:
    """A running Exim on 127.0.0.1 and ::1; mail is stored in `mail`.

    `port` (STARTTLS), `tls_port` (TLS at once), `proxy_port` (wants a header of the PROXY protocol).
    """

    port: int
    tls_port: int
    proxy_port: int
    folder: Path

    @property
    def mail(self) -> Path:
        """The Maildir that takes every message."""
        return self.folder / "mail"


def binary() -> str:
    """The Exim that `install.sh` unpacked, else the one that is installed."""
    return str(UNPACKED) if UNPACKED.exists() else tool("exim4")


@contextlib.contextmanager
def running(
    certificates: Certificates, port: int | None = None, tls_port: int | None = None, next_hop: int = 25
) -> Iterator[Exim]:
    """Start Exim; `next_hop` is the port that mail for via-exim.test goes to, with NTLM if it is offered there."""
    need_root("Exim")
    with private_folder() as folder:
        spare = free_ports(3)
        exim = Exim(port or spare[0], tls_port or spare[1], spare[2], folder)
        config = _prepare(exim, certificates, next_hop)
        # Its argument of -q: how often it tries again to deliver what it could not.
        argv = [folder / "exim4", "-C", config, "-bdf", "-q1m"]
        with daemon(argv, folder / "output", lambda: answers(exim.port)):
            yield exim


def _prepare(exim: Exim, certificates: Certificates, next_hop: int) -> Path:
    folder = exim.folder
    # Exim drops its rights and runs itself again, so the binary must be where everybody may go.
    shutil.copy(binary(), folder / "exim4")
    shutil.copy(certificates.key, folder / "key.pem")
    (folder / "passwd").write_text("".join(f"{user}:{password}\n" for user, password in USERS.items()))
    for name in ("spool", "log", "mail"):
        (folder / name).mkdir()
    for name in ("spool", "log", "mail", "key.pem"):
        _give(folder / name)
    config = folder / "exim.conf"
    words = {"FOLDER": folder, "EXIM": folder / "exim4", "PORT": exim.port, "TLS_PORT": exim.tls_port}
    words |= {"PROXY_PORT": exim.proxy_port}
    words |= {"CERTIFICATE": certificates.certificate, "NEXT_HOP": next_hop, "ALICE": ALICE}
    config.write_text(fill("exim.conf", **words))
    return config


def _give(path: Path) -> None:
    try:
        shutil.chown(path, USER)
    except LookupError:
        raise Unavailable(f"there is no user {USER} (tests/lab/install.sh makes it)") from None
    path.chmod(0o750 if path.is_dir() else 0o600)
