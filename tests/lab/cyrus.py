"""Cyrus SASL inside Postfix: the password file and the configuration; takes NTLM of both versions."""

from __future__ import annotations

import subprocess
from pathlib import Path

from lab.accounts import USERS
from lab.process import fill, tool

REALM = "postfix.lab.test"


def prepare(folder: Path, config: Path) -> None:
    """Write `sasldb2` into `folder` and smtpd.conf into `config`/sasl, where Debian's Postfix looks for it."""
    database = folder / "sasldb2"
    for user, password in USERS.items():
        argv = [tool("saslpasswd2"), "-p", "-c", "-f", str(database), "-u", REALM, user]
        subprocess.run(argv, input=password.encode(), check=True, capture_output=True)
    database.chmod(0o644)
    (config / "sasl").mkdir()
    (config / "sasl" / "smtpd.conf").write_text(fill("cyrus-smtpd.conf", SASLDB=database))
