"""Writes the transcripts of mail servers in captures/text anew, each with its recording: servers.py [NAME ...]

Runs Postfix and Exim of the lab while dumpcap runs, and keeps what they write about that session. Needs root.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

CAPTURES = Path(__file__).parents[1]
sys.path.insert(0, str(CAPTURES.parent / "tests"))

from lab import certificates, clients, dovecot, exim, postfix, recorder  # noqa: E402
from lab.accounts import ALICE  # noqa: E402
from lab.process import daemon, private_folder, tool  # noqa: E402
from record import without_machine  # noqa: E402

TEXT = CAPTURES / "text"
EXIM, EXIM_TLS, DEBUGGED = 24525, 24465, 24528
POSTFIX, CYRUS, POSTFIX_TLS, OPEN = 24526, 24527, 24466, 24530
NOTICES = (
    "notify_classes=protocol,policy",
    "error_notice_recipient=postmaster@lab.test",
    f"transport_maps=inline:{{{{via-postfix.test=smtp:[127.0.0.1]:{EXIM}}},{{lab.test=smtp:[127.0.0.1]:{EXIM}}}}}",
)
MESSAGE = b"From: alice@lab.test\nSubject: hello\n\nhello\n.dot\n"
SETTLE_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Lab:
    """The servers, and the folder of the certificates."""

    exim: exim.Exim
    postfix: postfix.Postfix
    folder: Path


@contextlib.contextmanager
def servers() -> Iterator[Lab]:
    """Exim and Postfix, each the next hop of the other."""
    ports = (POSTFIX, CYRUS, POSTFIX_TLS, OPEN)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(private_folder())
        made = certificates.make(folder)
        sasl = stack.enter_context(dovecot.running())
        post = stack.enter_context(postfix.running(made, sasl, ports, EXIM))
        yield Lab(stack.enter_context(exim.running(made, EXIM, EXIM_TLS, CYRUS)), post, folder)


def swaks(port: int, *more: str) -> None:
    """One message of alice, logged in."""
    login = ("-au", "alice", "-ap", ALICE, "-a", "LOGIN")
    sender = ("-f", "alice@lab.test", "-h", "client.lab.test")
    sender += ("--header", "Message-Id: <1@client.lab.test>")
    clients.run([tool("swaks"), "-s", f"127.0.0.1:{port}", *sender, *login, "--body", "hello\n.dot", *more])


def logged(lab: Lab, program: str) -> bytes:
    """What one of Postfix's programs wrote into its log."""
    lines = lab.postfix.log.read_bytes().split(b"\n")
    mark = f" postfix/{program}[".encode()
    return b"".join(line + b"\n" for line in lines if mark in line)


def postfix_smtpd_verbose(lab: Lab) -> bytes:
    """A recipient refused, another taken."""
    swaks(POSTFIX, "-t", "nobody.such@lab.test,bob@lab.test")
    time.sleep(SETTLE_SECONDS)
    return logged(lab, "smtpd")


def postfix_smtp_verbose(lab: Lab) -> bytes:
    """Postfix sends a message on to Exim, with NTLM."""
    swaks(POSTFIX, "-t", "carol@via-postfix.test")
    time.sleep(SETTLE_SECONDS)
    return logged(lab, "smtp")


def postfix_bounce(lab: Lab) -> bytes:
    """The notice of a session in which things were refused; Exim keeps it."""
    config = ["-c", str(lab.postfix.folder / "etc")]
    subprocess.run([tool("postconf"), *config, "-e", *NOTICES], check=True)
    subprocess.run([tool("postfix"), *config, "reload"], check=True, capture_output=True)
    time.sleep(SETTLE_SECONDS)
    swaks(POSTFIX, "-t", "nobody.such@lab.test,bob@other.test,bob@lab.test", "--quit-after", "RCPT")
    time.sleep(SETTLE_SECONDS)
    notices = [path.read_bytes() for path in sorted((lab.exim.mail / "new").iterdir())]
    return next(notice for notice in notices if b"Transcript of session" in notice)


def sent_by_exim(lab: Lab, *options: str) -> bytes:
    """What Exim prints as it sends a message on to Postfix, with NTLM."""
    argv = [str(lab.exim.folder / "exim4"), "-C", str(lab.exim.folder / "exim.conf"), *options]
    argv += ["-odf", "-f", "alice@lab.test", "carol@via-exim.test"]
    errors = subprocess.STDOUT
    ran = subprocess.run(
        argv, cwd=lab.folder, input=MESSAGE, stdout=subprocess.PIPE, stderr=errors, timeout=60, check=False
    )
    return ran.stdout


def exim_verbose(lab: Lab) -> bytes:
    """-v alone."""
    return sent_by_exim(lab, "-v")


def exim_debug(lab: Lab) -> bytes:
    """-d, without the parts that tell of the machine."""
    return sent_by_exim(lab, "-v", "-d-all+transport+tls+auth+pid+timestamp")


def exim_debug_server(lab: Lab) -> bytes:
    """A daemon with -d, and swaks as its client."""
    said = lab.folder / "said"
    binary, config = lab.exim.folder / "exim4", lab.exim.folder / "exim.conf"
    argv = [binary, "-C", config, "-d-all+receive+auth+tls+pid+timestamp", "-bdf", "-oX", str(DEBUGGED)]
    argv += ["-oP", lab.exim.folder / "debugged.pid"]
    with daemon(argv, said, lambda: b"Listening" in said.read_bytes()):
        time.sleep(1)
        start = said.stat().st_size
        swaks(DEBUGGED, "-t", "nobody.such@lab.test,bob@lab.test")
        time.sleep(1)
    return said.read_bytes()[start:]


SAMPLES: dict[str, tuple[Callable[[Lab], bytes], int]] = {
    "postfix-smtpd-verbose": (postfix_smtpd_verbose, POSTFIX),
    "postfix-smtp-verbose": (postfix_smtp_verbose, EXIM),
    "postfix-bounce": (postfix_bounce, POSTFIX),
    "exim-verbose": (exim_verbose, CYRUS),
    "exim-debug": (exim_debug, CYRUS),
    "exim-debug-server": (exim_debug_server, DEBUGGED),
}


def without_folders(said: bytes) -> bytes:
    """The text without the names of this run's folders."""
    return re.sub(rb"/[\w./-]*smtptrace-lab-\w+", b"/lab", said)


def main(names: list[str]) -> None:
    """Make the named samples, or all, each with servers of its own so that no log tells of another."""
    for name in names or SAMPLES:
        make, port = SAMPLES[name]
        with servers() as lab:
            time.sleep(1)
            lab.postfix.log.write_bytes(b"")
            raw = lab.folder / "raw.pcapng"
            with recorder.recording(raw, port):
                said = make(lab)
            without_machine(raw, TEXT / f"{name}.pcapng")
        (TEXT / f"{name}.txt").write_bytes(without_folders(said))
        print(name, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
