"""The servers of the lab as fixtures, each started once a run, when a test first asks for it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import pytest

from lab import certificates, dovecot, exim, kdc, lmtp, oauth, postfix
from lab.certificates import Certificates
from lab.process import Unavailable, private_folder


@contextlib.contextmanager
def or_skip() -> Iterator[None]:
    """Turn `Unavailable` into a skip with its reason; in CI, where all must be there, into an error."""
    try:
        yield
    except Unavailable as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def lab_certificates() -> Iterator[Certificates]:
    """An authority of our own and a certificate for the servers."""
    with private_folder() as folder:
        yield certificates.make(folder)


@pytest.fixture(scope="session")
def exim_server(lab_certificates: Certificates) -> Iterator[exim.Exim]:
    """Exim; see lab.exim."""
    with contextlib.ExitStack() as stack:
        with or_skip():
            server = stack.enter_context(exim.running(lab_certificates))
        yield server


@pytest.fixture(scope="session")
def lmtp_server() -> Iterator[lmtp.Lmtp]:
    """Dovecot's LMTP; see lab.lmtp."""
    with contextlib.ExitStack() as stack:
        with or_skip():
            server = stack.enter_context(lmtp.running())
        yield server


@pytest.fixture(scope="session")
def realm() -> Iterator[kdc.Realm]:
    """A Kerberos realm in which alice has a ticket; see lab.kdc."""
    with contextlib.ExitStack() as stack:
        with or_skip():
            running = stack.enter_context(kdc.running())
        yield running


@pytest.fixture(scope="session")
def postfix_server(lab_certificates: Certificates, realm: kdc.Realm) -> Iterator[postfix.Postfix]:
    """Postfix with Dovecot's and Cyrus' SASL, tokens and tickets among them; see lab.postfix."""
    with contextlib.ExitStack() as stack:
        with or_skip():
            tokens = oauth.password_database(
                stack.enter_context(private_folder()), stack.enter_context(oauth.running())
            )
            mechanisms = f"{dovecot.MECHANISMS} {kdc.MECHANISMS} {oauth.MECHANISMS}"
            socket = stack.enter_context(dovecot.running(mechanisms, realm.dovecot + tokens, realm.env))
            server = stack.enter_context(postfix.running(lab_certificates, socket))
        yield server
