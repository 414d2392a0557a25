"""Throughput and latency through `smtptrace proxy` beside a bare relay (socat) and no relay, in the same run.

    python tests/bench/proxy.py [SESSIONS [OCTETS [AT_ONCE]]]

The server is a sink that takes everything, the clients are one process; all share the machine. Throughput is sessions
of one message each by wall clock; how long one of them takes is a matter of the load. The other latency is that of NOOP
over one idle connection, so that what the relay adds can be told from what a loaded machine adds.
"""

from __future__ import annotations

import multiprocessing
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))
from support import load, sink

NOOPS = 2000
ROUNDS = 3


def serve(port: multiprocessing.Queue[int], over: multiprocessing.synchronize.Event) -> None:
    """The sink, in a process of its own."""
    with sink.running() as running:
        port.put(running.port)
        over.wait()


@contextmanager
def socat(upstream: int) -> Iterator[tuple[int, int]]:
    """A bare relay; its port and process id."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    listening = f"TCP-LISTEN:{port},fork,reuseaddr,backlog=512,nodelay"
    with subprocess.Popen(["socat", listening, f"TCP:127.0.0.1:{upstream},nodelay"]) as process:
        wait_for(port)
        yield port, process.pid
        process.terminate()


@contextmanager
def ours(upstream: int, *options: str) -> Iterator[tuple[int, int]]:
    """smtptrace proxy; its port and process id."""
    with tempfile.TemporaryDirectory() as folder:
        known = Path(folder, "port")
        argv = [sys.executable, "-m", "smtptrace", "proxy", "--upstream", f"127.0.0.1:{upstream}", "--port-file", known]
        argv += ["-w", Path(folder, "run.pcapng"), "--ca-folder", folder, *options]
        with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while not known.exists():
                time.sleep(0.02)
            yield int(known.read_text()), process.pid
            process.terminate()


def wait_for(port: int) -> None:
    """Until somebody listens."""
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.02)


def noops(port: int) -> list[float]:
    """Seconds of each NOOP over one connection."""
    taken = []
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.recv(4096)
        for _ in range(NOOPS):
            began = time.perf_counter()
            wire.sendall(b"NOOP\r\n")
            wire.recv(4096)
            taken.append(time.perf_counter() - began)
    return taken


def at(share: float, values: list[float]) -> float:
    """A quantile, in milliseconds."""
    return sorted(values)[int(share * (len(values) - 1))] * 1000


def peak_mb(pid: int) -> float:
    """The most memory a process has had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main(sessions: int = 1000, octets: int = 50_000, at_once: int = 50) -> None:
    """Print the figures."""
    ports: multiprocessing.Queue[int] = multiprocessing.Queue()
    over = multiprocessing.Event()
    server = multiprocessing.Process(target=serve, args=(ports, over))
    server.start()
    upstream = ports.get()
    rates: dict[str, list[float]] = {}
    late: dict[str, list[float]] = {}
    each: dict[str, list[float]] = {}
    memory = 0.0

    def measure(name: str, port: int) -> None:
        outcome = load.deliver(port, sessions, octets, at_once)
        assert not outcome.problems, outcome.problems[:3]
        each.setdefault(name, []).extend(outcome.each_s)
        rates.setdefault(name, []).append(sessions / outcome.seconds)
        late.setdefault(name, []).extend(noops(port))

    for _ in range(ROUNDS):
        measure("direct", upstream)
        with socat(upstream) as (port, _pid):
            measure("socat", port)
        with ours(upstream) as (port, pid):
            measure("smtptrace", port)
            memory = max(memory, peak_mb(pid))
        with ours(upstream, "--fast") as (port, pid):
            measure("smtptrace --fast", port)
    over.set()
    server.join()
    for name, rate in rates.items():
        best, times = median(rate), late[name]
        share = best / median(rates["socat"])
        print(
            f"{name:17} {best:6.0f} sessions/s  {best * octets / 1e6:6.1f} MB/s  {share:4.2f} of socat;"
            f"  a session p95 {at(0.95, each[name]):.0f} ms;"
            f" NOOP median {at(0.5, times):.3f} ms, p95 {at(0.95, times):.3f} ms,"
            f" added p95 {at(0.95, times) - at(0.95, late['direct']):.3f} ms"
        )
    print(f"memory of smtptrace at its peak: {memory:.0f} MB")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
