"""A Kerberos realm, LAB.TEST: alice, and keys for the mail servers of this machine."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.accounts import ALICE
from lab.process import HOST, daemon, fill, free_port, listens, need_root, private_folder, tool

REALM = "LAB.TEST"
MECHANISMS = "gssapi gss-spnego"
SERVICES = ("smtp/localhost", "smtp/lab.test", "smtp/postfix.lab.test")


@dataclass(frozen=True, slots=True)
class Realm:
    """A running KDC: the variables that clients and servers need, and the servers' keys."""

    env: dict[str, str]
    keytab: Path

    @property
    def dovecot(self) -> str:
        """Lines for Dovecot's configuration."""
        config = self.env["KRB5_CONFIG"]
        return (
            f'auth_krb5_keytab = {self.keytab}\nauth_gssapi_hostname = "$ALL"\n'
            f"import_environment = TZ KRB5_CONFIG={config}\n"
        )


@contextlib.contextmanager
def running() -> Iterator[Realm]:
    """Start the KDC, and get alice a ticket, which is in the cache that `env` names."""
    need_root("a KDC")
    with private_folder() as folder:
        port = free_port()
        names = {"KRB5_CONFIG": "krb5.conf", "KRB5_KDC_PROFILE": "kdc.conf", "KRB5CCNAME": "tickets"}
        env = {variable: str(folder / name) for variable, name in names.items()}
        for name in ("krb5.conf", "kdc.conf"):
            (folder / name).write_text(fill(name, FOLDER=folder, PORT=port, HOST=HOST, REALM=REALM))
        realm = Realm(env, folder / "smtp.keytab")
        _make_principals(realm)
        with daemon([tool("krb5kdc"), "-n"], folder / "output", lambda: listens(port), env):
            _run(realm, "kinit", "alice", stdin=ALICE)
            yield realm


def _make_principals(realm: Realm) -> None:
    _run(realm, "kdb5_util", "create", "-s", "-P", "x")
    _run(realm, "kadmin.local", "-q", f"addprinc -pw {ALICE} alice")
    for service in SERVICES:
        _run(realm, "kadmin.local", "-q", f"addprinc -randkey {service}")
        _run(realm, "kadmin.local", "-q", f"ktadd -k {realm.keytab} {service}")
    realm.keytab.chmod(0o644)


def _run(realm: Realm, program: str, *arguments: str, stdin: str = "") -> None:
    argv = [tool(program), *arguments]
    subprocess.run(argv, env={**os.environ, **realm.env}, input=stdin, text=True, check=True, capture_output=True)
