"""`capture` on a real interface: what it shows as it happens is what dumpcap's file holds afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import time

import pytest

from lab import clients, recorder
from lab.accounts import ALICE
from lab.fixtures import or_skip
from lab.process import HOST, need_root, tool
from lab.terminal import terminal

pytestmark = pytest.mark.lab

SMTPTRACE = (sys.executable, "-m", "smtptrace")
MESSAGE = b"From: alice@client.example\r\nTo: bob@lab.test\r\nSubject: lab\r\n\r\n.dots\r\n" + b"Lorem ipsum.\r\n" * 400
ENGINES = ("dumpcap", "scapy")
OF_THE_SOURCE = {"id", "uid", "source", "frame", "file", "time", "start", "duration_s"}
"""Frames and times, and what names the source."""


@pytest.fixture(autouse=True)
def _allowed():
    """Root, and dumpcap, or nothing of this can be tried."""
    with or_skip():
        need_root("capturing")
        tool("dumpcap")


@contextlib.contextmanager
def capturing(*arguments, interface="lo"):
    """`smtptrace capture` while the block runs; the process, whose output is there at its end."""
    process = subprocess.Popen(
        [*SMTPTRACE, "capture", "-i", interface, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TZ": "UTC"},
    )
    try:
        assert process.stderr
        first = process.stderr.readline()
        assert "capturing" in first, first + process.stderr.read()
        yield process
        if process.poll() is None:
            time.sleep(recorder.SETTLE_SECONDS)
            process.send_signal(signal.SIGINT)
        process.said = process.communicate(timeout=30)  # type: ignore[attr-defined]
    finally:
        process.kill()
        process.communicate()


def ports(*numbers):
    """The filter for these ports."""
    return " or ".join(f"tcp port {number}" for number in numbers)


def sessions(text):
    """The sessions among lines of JSON."""
    return [each for each in map(json.loads, text.splitlines()) if each["schema"] == "smtptrace.session/1"]


def listed(*paths, options=()):
    """The sessions of files, which are parts of one capture where there are several."""
    argv = [*SMTPTRACE, "list", "--json", *options, *(["--merge"] if len(paths) > 1 else []), *map(str, paths)]
    return sessions(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)


def bare(value):
    """A record without frames, times and the name of its source."""
    if isinstance(value, dict):
        return {key: bare(item) for key, item in value.items() if key not in OF_THE_SOURCE}
    return [bare(item) for item in value] if isinstance(value, list) else value


def same(one, other):
    """Whether sessions are equal field by field, frames and times aside; says which fields were compared."""
    by_client = [{each["client"]: bare(each) for each in each_of} for each_of in (one, other)]
    assert by_client[0].keys() == by_client[1].keys()
    for client, session in by_client[0].items():
        for name, value in session.items():
            assert value == by_client[1][client][name], f"{client}: {name}"
    fields = sorted({name for session in by_client[0].values() for name in session})
    print(f"{len(one)} sessions equal in {len(fields)} fields: {', '.join(fields)}")


def traffic(exim, postfix, message):
    """Clients of every kind at both servers: accepted, refused, encrypted, pipelined, broken off, half a session."""
    for password in (ALICE, "wrong"):
        for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5", "NTLM"):
            clients.swaks(exim.port, *clients.login(mechanism, password=password))
    for mechanism in ("SCRAM-SHA-256", "DIGEST-MD5"):
        clients.gsasl(postfix.port, mechanism)
    clients.curl(exim.port, message=message)
    clients.curl(postfix.port, message=message)
    clients.swaks(exim.port, "-tls")
    clients.swaks(exim.tls_port, "--tls-on-connect")
    clients.msmtp(postfix.port, message=MESSAGE, recipients=["bob@lab.test", "nobody@elsewhere.test"])
    with smtplib.SMTP(HOST, exim.port, "client.example") as smtp:
        for _ in range(3):
            smtp.sendmail("a@client.example", ["bob@lab.test"], MESSAGE)
    half = socket.create_connection((HOST, exim.port))
    half.recv(1000)
    half.sendall(b"EHLO half\r\nMAIL FROM:<a@client.example>\r\n")
    time.sleep(0.2)
    half.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    half.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_seen_live_is_what_dumpcap_wrote(exim_server, postfix_server, tmp_path, engine):
    """Told as they happen, the sessions of a lab run equal those of another program's file, and those of our own."""
    wanted = (exim_server.port, exim_server.tls_port, postfix_server.port)
    message, theirs, ours = tmp_path / "m.eml", tmp_path / "theirs.pcapng", tmp_path / "ours.pcapng"
    message.write_bytes(MESSAGE)
    with (
        capturing("--engine", engine, "--json", "--digests", "-w", ours, ports(*wanted)) as process,
        recorder.recording(theirs, *wanted),
    ):
        traffic(exim_server, postfix_server, message)
    out, err = process.said
    assert process.returncode == 0, err
    live = sessions(out)
    assert len(live) > 12
    same(live, listed(theirs, options=["--digests"]))
    same(live, listed(ours, options=["--digests"]))
    source = json.loads(out.splitlines()[-1])
    assert (source["engine"], source["sessions"]) == (engine, len(live))
    assert not any(source["coverage"]["drops"].values())
    assert ALICE not in out + err


@pytest.mark.parametrize("engine", ENGINES)
def test_a_packet_on_the_loopback_interface_counts_once(exim_server, tmp_path, engine):
    """As many packets as dumpcap sees, though a raw socket is given each of them twice."""
    path = tmp_path / "theirs.pcapng"
    with (
        capturing("--engine", engine, "--json", ports(exim_server.port)) as process,
        recorder.recording(path, exim_server.port),
    ):
        clients.swaks(exim_server.port)
    argv = [*SMTPTRACE, "list", "--json", str(path)]
    theirs = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    assert json.loads(process.said[0].splitlines()[-1])["packets"] == json.loads(theirs)["packets"] > 20


def test_files_that_follow_each_other_hold_one_timeline(exim_server, tmp_path):
    """Sessions that go on from one file into the next are whole when the files are read together."""
    with capturing("--json", "-w", tmp_path / "mail.pcapng", "--rotate", "20KB", ports(exim_server.port)) as process:
        for _ in range(5):
            with smtplib.SMTP(HOST, exim_server.port, "client.example") as smtp:
                for _ in range(4):
                    smtp.sendmail("a@client.example", ["bob@lab.test"], MESSAGE)
    files = sorted(tmp_path.glob("mail-*.pcapng"))
    assert len(files) > 3
    live = sessions(process.said[0])
    assert [len(each["transactions"]) for each in live] == [4] * 5
    same(live, listed(*files))


def test_only_so_many_files_are_kept(exim_server, tmp_path):
    """While the traffic goes on."""
    with capturing(
        "-w", tmp_path / "mail.pcapng", "--rotate", "10KB", "--keep", "2", ports(exim_server.port)
    ) as process, smtplib.SMTP(HOST, exim_server.port, "client.example") as smtp:  # fmt: skip
        for _ in range(10):
            smtp.sendmail("a@client.example", ["bob@lab.test"], MESSAGE)
    assert len(list(tmp_path.iterdir())) == 2
    assert "written in" in process.said[1]


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_a_kill_at_any_moment_leaves_files_that_open(exim_server, tmp_path, engine):
    """Ten times at random: the file ends with a whole block and holds every message acknowledged two seconds before."""
    chance = random.Random(11)
    for attempt in range(10):
        path = tmp_path / f"{attempt}.pcapng"
        taken = []
        with capturing("--engine", engine, "-w", path, ports(exim_server.port)) as process:
            sender = threading.Thread(target=_send_on, args=(exim_server.port, taken, process))
            sender.start()
            time.sleep(2.5 + chance.random())
            long_ago = sum(when < time.monotonic() - 2 for when in taken)
            process.kill()
            process.wait()
            sender.join()
        found = sum(t["outcome"] == "accepted" for session in listed(path) for t in session["transactions"])
        assert found >= long_ago > 0
        assert subprocess.run([*SMTPTRACE, "list", str(path)], capture_output=True, check=False).returncode == 0


def _send_on(port, taken, process):
    """Send messages until the capture is gone."""
    with smtplib.SMTP(HOST, port, "client.example") as smtp:
        while process.poll() is None:
            smtp.sendmail("a@client.example", ["bob@lab.test"], MESSAGE)
            taken.append(time.monotonic())
            time.sleep(0.01)


def test_a_full_disk_is_told_once_and_watching_goes_on(exim_server, tmp_path):
    """A file system of 64 KiB: every session is told, the file that was begun opens."""
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run([tool("mount"), "-t", "tmpfs", "-o", "size=64k", "none", str(small)], check=True)
    try:
        with capturing("--json", "-w", small / "mail.pcapng", ports(exim_server.port)) as process:
            for _ in range(20):
                with smtplib.SMTP(HOST, exim_server.port, "client.example") as smtp:
                    smtp.sendmail("a@client.example", ["bob@lab.test"], MESSAGE)
        out, err = process.said
        assert process.returncode == 4
        assert len(sessions(out)) == 20
        assert err.count("watching goes on") == 1
        kept = listed(small / "mail.pcapng")
        assert 3 < len(kept) < 20
        shutil.rmtree(small, ignore_errors=True)
    finally:
        subprocess.run([tool("umount"), "-l", str(small)], check=True)


@pytest.mark.parametrize("engine", ENGINES)
def test_without_privileges_one_line_tells_what_to_run(engine):
    """Root without the capability stands for everybody who may not."""
    argv = [tool("setpriv"), "--bounding-set", "-net_raw,-net_admin", *SMTPTRACE, "capture", "-i", "lo"]
    done = subprocess.run([*argv, "--engine", engine], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 4
    (line,) = done.stderr.splitlines()
    assert "sudo" in line
    assert "setcap cap_net_raw,cap_net_admin=eip" in line


@pytest.mark.parametrize("engine", ENGINES)
def test_a_filter_that_is_none_is_said_in_one_line(engine):
    """With libpcap's reason."""
    argv = [*SMTPTRACE, "capture", "-i", "lo", "--engine", engine, "port nonsense"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "'port nonsense' is no capture filter: unknown port 'nonsense'" in line


@contextlib.contextmanager
def namespace():
    """A network namespace with one end of a cable, the other end here: (namespace, its address, our interface)."""
    name, here = f"smtptrace{os.getpid()}", f"st{os.getpid()}"
    run = [tool("ip")]
    try:
        subprocess.run([*run, "netns", "add", name], check=True)
        cable = ["link", "add", here, "type", "veth", "peer", "name", "inside", "netns", name]
        subprocess.run([*run, *cable], check=True)
        for words in (
            ["addr", "add", "198.51.100.1/30", "dev", here],
            ["link", "set", here, "up"],
            ["-n", name, "addr", "add", "198.51.100.2/30", "dev", "inside"],
            ["-n", name, "link", "set", "inside", "up"],
        ):
            subprocess.run([*run, *words], check=True)
        yield name, "198.51.100.2", here
    finally:
        subprocess.run([*run, "netns", "del", name], check=False)


SERVER = """
import smtplib, socketserver
class Server(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 inside ESMTP\\r\\n")
        data = False
        for line in self.rfile:
            if data and line != b".\\r\\n":
                continue
            word = line[:4].upper()
            data = not data and word == b"DATA"
            self.wfile.write(b"354 go\\r\\n" if data else b"221 bye\\r\\n" if word == b"QUIT" else b"250 ok\\r\\n")
            if word == b"QUIT":
                return
print("ready", flush=True)
socketserver.ThreadingTCPServer(("198.51.100.2", 25), Server).serve_forever()
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_cable_shows_what_goes_out_and_what_comes_in(tmp_path, engine):
    """Between two namespaces, where segments larger than the cable takes are handed over whole."""
    big = b"Subject: big\r\n\r\n" + b"x" * 70 + b"\r\n" + b"y" * 76 + b"\r\n" + (b"z" * 76 + b"\r\n") * 3000
    theirs = tmp_path / "theirs.pcapng"
    with namespace() as (name, address, here):
        argv = [tool("ip"), "netns", "exec", name, sys.executable, "-c", SERVER]
        server = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout
            assert server.stdout.readline() == "ready\n"
            time.sleep(0.3)
            with (
                capturing("--engine", engine, "--json", "tcp", interface=here) as process,
                recorder.recording(theirs, 25, interface=here),
                smtplib.SMTP(address, 25, "client.example") as smtp,
            ):
                smtp.sendmail("a@client.example", ["b@inside.test"], big)
        finally:
            server.kill()
            server.communicate()
    live = sessions(process.said[0])
    assert [t["size"] for t in live[0]["transactions"]] == [len(big)]
    same(live, listed(theirs))


# --- at a terminal


def shown(screen):
    """What stands on the screen, without colours."""
    return re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", bytes(screen))


@pytest.mark.parametrize("engine", ENGINES)
def test_the_table_at_a_terminal(exim_server, engine):
    """An open session is seen while it is open, an ended one stays with its cause; Ctrl-C ends it with the summary."""
    argv = [*SMTPTRACE, "capture", "-i", "lo", "--engine", engine, ports(exim_server.port)]
    with terminal(*argv) as screen:
        screen.wait_for(rb"0 sessions", 20)
        with socket.create_connection((HOST, exim_server.port)) as client:
            client.recv(1000)
            client.sendall(b"EHLO open.example\r\n")
            screen.wait_for(rb"250-exim")
        screen.wait_for(rb"1 sessions")
        clients.swaks(exim_server.port, *clients.login("PLAIN", password="wrong-7"))
        screen.wait_for(rb"wrong-credentials")
        screen.wait_for(rb"2 sessions")
        screen.type(b"\x03")
        screen.wait_for(rb"none dropped; 2 sessions, 2 of them whole and readable")
    assert b"wrong-7" not in shown(screen.screen)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_followed_session_at_a_terminal(exim_server, engine):
    """Each word is on the screen before the next one is said, the password is not."""
    argv = [*SMTPTRACE, "capture", "-i", "lo", "--engine", engine, "--follow", ports(exim_server.port)]
    with terminal(*argv) as screen:
        screen.wait_for(rb"capturing", 20)
        with socket.create_connection((HOST, exim_server.port)) as client:
            screen.wait_for(rb"S: \S*220 exim")
            client.sendall(b"EHLO slow.example\r\n")
            screen.wait_for(rb"250 HELP")
            client.sendall(b"AUTH LOGIN\r\n")
            screen.wait_for(rb"= Username:")
            client.sendall(b"YWxpY2U=\r\n")
            screen.wait_for(rb"= alice")
            client.sendall(b"d3JvbmctNw==\r\n")
            screen.wait_for(rb"wrong-credentials")
            client.sendall(b"QUIT\r\n")
            screen.wait_for(rb"221 exim")
            client.recv(65536)
        screen.wait_for(rb"the client closes its side")
        screen.type(b"\x03")
        screen.wait_for(rb"1 sessions")
    assert b"wrong-7" not in screen.screen
    assert b"d3JvbmctNw" not in screen.screen
