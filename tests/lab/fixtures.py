"""The servers of the lab as fixtures, each started once a run, when a test first asks for it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import pytest

from lab import certificates, dovecot, exim, postfix
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
def postfix_server(lab_certificates: Certificates) -> Iterator[postfix.Postfix]:
    """Postfix with Dovecot's and Cyrus' SASL; see lab.postfix."""
    with contextlib.ExitStack() as stack:
        with or_skip():
            socket = stack.enter_context(dovecot.running())
            server = stack.enter_context(postfix.running(lab_certificates, socket))
        yield server
