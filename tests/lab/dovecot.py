"""Dovecot as SASL server for Postfix: all its mechanisms, of which NTLM is none any more."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from lab.accounts import USERS
from lab.process import daemon, fill, need_root, private_folder, tool

MECHANISMS = "plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256 anonymous"


@contextlib.contextmanager
def running(mechanisms: str = MECHANISMS, extra: str = "", env: Mapping[str, str] | None = None) -> Iterator[Path]:
    """Start Dovecot and give the socket that Postfix asks.

    Args:
        mechanisms: what it offers, in Dovecot's names.
        extra: more lines for its configuration, such as a password database for tokens.
        env: variables for its processes, such as KRB5_CONFIG.
    """
    need_root("Dovecot")
    with private_folder() as folder:
        socket = folder / "sasl"
        (folder / "users").write_text("".join(f"{user}:{{PLAIN}}{password}\n" for user, password in USERS.items()))
        config = folder / "dovecot.conf"
        words = {"FOLDER": folder, "SOCKET": socket, "MECHANISMS": mechanisms, "EXTRA": extra}
        config.write_text(fill("dovecot.conf", **words))
        with daemon([tool("dovecot"), "-F", "-c", config], folder / "output", socket.is_socket, env):
            yield socket
