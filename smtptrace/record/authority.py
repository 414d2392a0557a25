"""The authority of the relay: made on first use, kept where nobody else may read its key."""

from __future__ import annotations

import datetime
import os
import re
import ssl
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from smtptrace._private import private_folder
from smtptrace.certificates import Authority, new_authority
from smtptrace.errors import UsageError
from smtptrace.net import server_context

FILE = "authority.pem"
"""Certificate and key, one behind the other: so they are always of one make."""

LIFE = datetime.timedelta(days=5 * 365)
LEAF = datetime.timedelta(days=90)
_RENEWED = datetime.timedelta(days=30)
"""Before it expires: so much is left to clients to learn to trust the next one."""

MOST_NAMES = 100
"""Certificates for names that clients ask for, in one run."""

_HOST_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){0,10}")
_PARTS = re.compile(rb"(-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n)(.*)", re.DOTALL)


def usual_folder() -> Path:
    """$XDG_DATA_HOME/smtptrace, else ~/.local/share/smtptrace; on Windows %LOCALAPPDATA%."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "smtptrace"
    named = os.environ.get("XDG_DATA_HOME", "")
    return (Path(named) if named.startswith("/") else Path.home() / ".local" / "share") / "smtptrace"


def kept_authority(folder: Path) -> Authority:
    """The authority that is kept in the folder; a new one where there is none, or where its time is running out.

    Raises:
        UsageError: it cannot be read or made, or others may read its key.
    """
    path = private_folder(folder) / FILE
    try:
        found = _read(path)
        if found is None or found.expires() - datetime.datetime.now(datetime.UTC) < _RENEWED:
            _keep(path, new_authority(f"smtptrace proxy on {_machine()}", LIFE), again=found is not None)
            found = _read(path)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it holds no certificate and key; delete it to have new ones made"
        raise UsageError(f"{path}: {why}") from error
    assert found is not None
    return found


def _read(path: Path) -> Authority | None:
    try:
        with path.open("rb") as file:
            if hasattr(os, "fchmod") and os.fstat(file.fileno()).st_mode & 0o077:
                raise UsageError(f"{path}: others may read this key; run 'chmod 600' on it, or delete it for a new one")
            found = _PARTS.fullmatch(file.read())
    except FileNotFoundError:
        return None
    if found is None:
        raise ValueError("not as we write it")
    authority = Authority(found[1], found[2])
    authority.issue(["localhost"], LEAF)  # fails where certificate or key is damaged
    return authority


def _keep(path: Path, made: Authority, *, again: bool) -> None:
    """Write it whole or not at all; where two begin at once, the first wins."""
    handle, name = tempfile.mkstemp(dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(made.certificate + made.key)
        if again or not hasattr(os, "link"):
            Path(name).replace(path)
        else:
            os.link(name, path)
    except FileExistsError:
        pass  # another run has just made one
    finally:
        Path(name).unlink(missing_ok=True)


def _machine() -> str:
    import socket

    return socket.gethostname()


class Certifier:
    """The TLS settings of the relay towards clients, with a certificate for whatever name a client asks for (SNI).

    Args:
        authority: who vouches.
        names: what clients that ask for nothing may connect to.
        settle: does to each settings what else is to be done, such as naming a key log.
    """

    def __init__(
        self,
        authority: Authority,
        names: Iterable[str],
        settle: Callable[[ssl.SSLContext], None],
        *,
        least: str | None = None,
        most: str | None = None,
    ) -> None:
        self._authority = authority
        self._settle = settle
        self._versions = (least, most)
        self._names = tuple(dict.fromkeys(name.lower() for name in names))
        self._named: dict[str, ssl.SSLContext] = {}
        self.context = self._context(self._names)
        self.context.sni_callback = self._choose

    def _context(self, names: Iterable[str]) -> ssl.SSLContext:
        least, most = self._versions
        made = server_context(self._authority.issue(names, LEAF), least=least, most=most)
        self._settle(made)
        return made

    def _choose(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name is None or name.lower() in self._names or not _HOST_NAME.fullmatch(name):
            return
        name = name.lower()
        if name not in self._named:
            if len(self._named) >= MOST_NAMES:
                return
            self._named[name] = self._context((name, *self._names))
        connection.context = self._named[name]
