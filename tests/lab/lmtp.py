"""Dovecot as LMTP server: alice has a mailbox, that of bob is broken, so that his mail fails after the content."""

from __future__ import annotations

import contextlib
import pwd
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.process import Unavailable, answers, daemon, fill, free_port, need_root, private_folder, tool

OWNER = "nobody"
PROGRAM = Path("/usr/lib/dovecot/lmtp")


@dataclass(frozen=True, slots=True)
class Lmtp:
    """A running server; `mail` is the Maildir that takes every message."""

    port: int
    mail: Path


@contextlib.contextmanager
def running() -> Iterator[Lmtp]:
    """Start it."""
    need_root("Dovecot")
    if not PROGRAM.exists():
        raise Unavailable("dovecot-lmtpd is not installed (make test installs it on Debian)")
    with private_folder() as folder:
        owner = pwd.getpwnam(OWNER).pw_uid
        place = f":{owner}:{owner}::{folder}::"
        (folder / "users").write_text(f"alice:{place}\nbob:{place}userdb_mail=maildir:/proc/none\n")
        (folder / "mail").mkdir()
        shutil.chown(folder / "mail", OWNER)
        config, port = folder / "dovecot.conf", free_port()
        config.write_text(fill("dovecot-lmtp.conf", FOLDER=folder, PORT=port))
        with daemon([tool("dovecot"), "-F", "-c", config], folder / "output", lambda: answers(port)):
            yield Lmtp(port, folder / "mail")
