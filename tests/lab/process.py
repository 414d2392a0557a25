"""Private folders, free ports, and processes that are ready when we go on and gone when we leave."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

HOST = "127.0.0.1"
CONFIG = Path(__file__).parent / "config"
PROJECT = Path(__file__).parents[2]
START_SECONDS = 20
_SEARCH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))


class Unavailable(Exception):
    """A server or client cannot run here; the text names what is missing."""


def tool(name: str) -> str:
    """The path of a program; `Unavailable` where it is not installed."""
    path = shutil.which(name, path=_SEARCH)
    if path is None:
        raise Unavailable(f"{name} is not installed (make test installs it on Debian)")
    return path


def need_root(what: str) -> None:
    """Raise `Unavailable` unless we are root, as mail servers must be to drop their rights."""
    if os.geteuid() != 0:
        raise Unavailable(f"{what} needs root")


@contextlib.contextmanager
def private_folder() -> Iterator[Path]:
    """A new folder that other users may enter, since servers drop their rights; removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="smtptrace-lab-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on, below the ones that the system gives to clients."""
    found = [port for port in random.sample(range(20000, 32000), 100 + count) if _is_free(port)]
    if len(found) < count:
        raise Unavailable("no free ports below 32000")
    return found[:count]


def free_port() -> int:
    """One of them."""
    return free_ports(1)[0]


def need_free(*ports: int) -> None:
    """Raise `Unavailable` where somebody listens on one of them, such as another lab."""
    taken = [port for port in ports if not _is_free(port)]
    if taken:
        raise Unavailable(f"somebody listens on {', '.join(map(str, taken))}; is there another lab?")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def fill(template: str, **words: object) -> str:
    """The file `template` of config/ with each @WORD@ replaced."""
    text = (CONFIG / template).read_text()
    for word, value in words.items():
        text = text.replace(f"@{word}@", str(value))
    return text


def answers(port: int) -> bool:
    """Whether something on `port` takes a connection and speaks."""
    try:
        with socket.create_connection((HOST, port), timeout=2) as conn:
            return bool(conn.recv(1))
    except OSError:
        return False


def listens(port: int) -> bool:
    """Whether something on `port` takes a connection."""
    try:
        socket.create_connection((HOST, port), timeout=2).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def daemon(
    argv: Sequence[str | Path], log: Path, ready: Callable[[], bool], env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process in its own session, ready on entering and stopped with all its children on leaving.

    Args:
        argv: the program and its arguments; it must stay in the foreground.
        log: where its output goes; the end of it is in the error if the program does not start.
        ready: asked until it is true.
        env: variables added to ours.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, **(env or {})},
        )
    try:
        _await(process, ready, log)
        yield process
    finally:
        _stop(process)


def _await(process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
            raise RuntimeError(f"{process.args[0]} did not start: {tail}")  # type: ignore[index]
        time.sleep(0.02)


def _stop(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
            return
