"""The authority of the relay, and the certificates that clients see."""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest

from smtptrace.certificates import new_authority
from smtptrace.errors import UsageError
from smtptrace.record import authority
from smtptrace.record.authority import FILE, Certifier, kept_authority, usual_folder

DAY = datetime.timedelta(days=1)


def test_it_is_made_once(tmp_path):
    """On first use, for the user alone; then it stays."""
    folder = tmp_path / "kept"
    made = kept_authority(folder)
    assert kept_authority(folder) == made
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == [FILE]


def test_two_that_begin_at_once_have_the_same(tmp_path):
    """The first wins."""
    found = []
    threads = [threading.Thread(target=lambda: found.append(kept_authority(tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({each.certificate for each in found}) == 1


def test_a_new_one_in_time(tmp_path):
    """An authority that expires soon is replaced."""
    old = new_authority("old", 20 * DAY)
    (tmp_path / FILE).touch(0o600)
    (tmp_path / FILE).write_bytes(old.certificate + old.key)
    assert kept_authority(tmp_path).expires() > old.expires() + 1000 * DAY


@pytest.mark.parametrize("octets", [b"", b"junk", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"])
def test_a_damaged_one(tmp_path, octets):
    """Is not replaced behind the user's back."""
    (tmp_path / FILE).touch(0o600)
    (tmp_path / FILE).write_bytes(octets)
    with pytest.raises(UsageError, match="delete it"):
        kept_authority(tmp_path)


def test_a_key_that_others_may_read(tmp_path):
    """Is no longer one."""
    kept_authority(tmp_path)
    (tmp_path / FILE).chmod(0o644)
    with pytest.raises(UsageError, match="others may read"):
        kept_authority(tmp_path)


def test_a_folder_that_cannot_be(tmp_path):
    """One line that says so."""
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be used as a folder"):
        kept_authority(tmp_path / "file" / "folder")


def test_the_usual_folder(monkeypatch):
    """As the XDG base directories have it; a relative one does not count."""
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert usual_folder() == Path("/data/smtptrace")
    monkeypatch.setenv("XDG_DATA_HOME", "data")
    assert usual_folder() == Path.home() / ".local" / "share" / "smtptrace"
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert usual_folder() == Path("/local/smtptrace")


@pytest.fixture(scope="module")
def made():
    """An authority."""
    return new_authority("smtptrace test", DAY)


def connected(certifier: Certifier, authority_of, name: str | None) -> ssl.SSLSocket:
    """A client's end of a handshake in which it asks for a name (None: for none, and verifies nothing)."""
    context = ssl.create_default_context(cadata=authority_of.certificate.decode())
    if name is None:
        context.check_hostname = False
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with contextlib.suppress(OSError), certifier.context.wrap_socket(theirs, server_side=True) as server:
            server.recv(1)  # the client leaves without a farewell

    thread = threading.Thread(target=serve)
    thread.start()
    client = context.wrap_socket(ours, server_hostname=name)
    client.close()
    thread.join()
    return client


def test_a_certificate_for_any_name(made, monkeypatch):
    """That a client asks for; settings are made once a name, and only for so many."""
    settled = []
    certifier = Certifier(made, ("localhost", "127.0.0.1"), settled.append)
    for name in ("localhost", "LOCALHOST", "127.0.0.1", None, "mail.example", "MAIL.example", "mail.example"):
        connected(certifier, made, name)
    assert len(settled) == 2
    monkeypatch.setattr(authority, "MOST_NAMES", 1)
    with pytest.raises(ssl.SSLError):
        certifier_refuses(certifier, made)
    assert len(settled) == 2


def certifier_refuses(certifier: Certifier, made) -> None:
    """One name too many: it gets the certificate of all others, which does not fit."""
    context = ssl.create_default_context(cadata=made.certificate.decode())
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    theirs_in, theirs_out = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(into, out, server_hostname="other.example")
    server = certifier.context.wrap_bio(theirs_in, theirs_out, server_side=True)
    for _ in range(3):
        for end in (client, server):
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
            if sent := out.read():
                theirs_in.write(sent)
            if sent := theirs_out.read():
                into.write(sent)


def test_a_strange_name_gets_the_usual_certificate(made):
    """What is no host name is not put into a certificate."""
    settled = []
    certifier = Certifier(made, ("localhost",), settled.append)
    certifier._choose(object(), "no name at all", certifier.context)
    assert len(settled) == 1
