"""Writes captures/text anew, each text with the packets of the same session: transcripts.py [NAME ...]

Runs each tool against an aiosmtpd server on loopback while dumpcap runs, and keeps what the tool prints (NAME.txt),
the packets (NAME.pcapng) and, where there was TLS, its secrets (NAME.keys). Needs root, and curl, swaks, msmtp, gsasl,
openssl, telnet, nc, script, ruby, php with libphp-phpmailer and php-symfony-mailer, a JDK with libjakarta-mail-java,
node with nodemailer, Python with aiosmtplib, tshark, tcpdump, tcpflow, m4 and apt-get for sendmail, putty with xvfb and
xdotool.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

CAPTURES = Path(__file__).parents[1]
sys.path.insert(0, str(CAPTURES.parent / "tests"))

from lab import recorder  # noqa: E402
from record import without_machine  # noqa: E402

TEXT = CAPTURES / "text"
CLIENTS = Path(__file__).with_name("clients")
PORTS = (22525, 465, 22526, 22527)
MSMTP = (
    "msmtp --debug --host=127.0.0.1 --port=22525 --auth=login --user=alice"
    " --passwordeval='printf {}' -f a@lab.test <m.eml"
)
SENDMAIL = "{clients}/sendmail.sh {folder}"
SWAKS = "swaks -s 127.0.0.1:22525 -f a@lab.test -au alice"
CURL = (
    "curl -u alice:{} --url smtp://127.0.0.1:22525/client.test --mail-from a@lab.test --mail-rcpt bob@lab.test -T m.eml"
)
GOOD = "'Secret123!'"
JARS = "$(ls /usr/share/java/jakarta-mail.jar /usr/share/java/*activation*.jar | tr '\\n' ':').:{folder}"
PIPED = '(sleep 1; for line in {lines}; do printf "$line\\n"; sleep .5; done) | timeout 10 openssl s_client -crlf'

COMMANDS = {
    "aiosmtplib-error": "{python} {clients}/aiosmtplib_error.py",
    "curl-trace": CURL.format(GOOD) + " -sS --trace-time --trace -",
    "curl-trace-ascii-starttls": CURL.format(GOOD) + " -sS --ssl -k --trace-ascii -",
    "curl-v-progress-meter": CURL.format(GOOD) + " -v",
    "curl-v-several": "; ".join(CURL.format(login) + " -sS -v" for login in ("wrong", GOOD, GOOD + " --ssl -k")),
    "curl-v-time-refused": CURL.format("wrong") + " -sS -v --trace-time",
    "gsasl-login": "gsasl --smtp --connect 127.0.0.1:22525 --mechanism=PLAIN --authentication-id=alice"
    f" --password={GOOD} --no-starttls </dev/null",
    "javamail-auth-suppressed": f"java -cp {JARS} Send {GOOD}",
    "javamail-debug-auth": f"java -cp {JARS} Send {GOOD} auth",
    "javamail-refused": f"java -cp {JARS} Send wrong",
    "javamail-starttls": f"java -cp {JARS} Send {GOOD} auth tls",
    "msmtp-refused": MSMTP.format("wrong") + " --tls=off a@lab.test",
    "msmtp-starttls": MSMTP.format("Secret123!") + " --tls=on --tls-certcheck=off bob@lab.test",
    "nc-typed": "{python} {clients}/terminal.py nc -C 127.0.0.1 22525",
    "nodemailer-refused": "node {clients}/nodemailer.js wrong",
    "nodemailer-starttls": f"node {{clients}}/nodemailer.js {GOOD}",
    "phpmailer-error-log": "php {clients}/phpmailer.php 3 error_log wrong no",
    "phpmailer-html-refused": "php {clients}/phpmailer.php 2 html wrong no",
    "phpmailer-level4-refused": "php {clients}/phpmailer.php 4 echo wrong no",
    "phpmailer-starttls": f"php {{clients}}/phpmailer.php 2 echo {GOOD} tls",
    "putty-all-output": "{clients}/putty.sh {folder} 2 raw 1 2>/dev/null",
    "putty-negotiation": "{clients}/putty.sh {folder} 2 telnet 0 2>/dev/null",
    "putty-printable": "{clients}/putty.sh {folder} 1 telnet 1 2>/dev/null",
    "ruby-accepted": f"ruby {{clients}}/net_smtp.rb {GOOD}",
    "ruby-refused": "ruby {clients}/net_smtp.rb wrong",
    "s-client-quiet": PIPED.format(lines="'EHLO app' QUIT") + " -connect 127.0.0.2:465 -quiet",
    "s-client-starttls": PIPED.format(lines="'EHLO app' 'AUTH LOGIN' YWxpY2U= d3Jvbmc= QUIT")
    + " -connect 127.0.0.1:22525 -starttls smtp",
    "s-client-typed": "{python} {clients}/terminal.py openssl s_client -crlf -quiet -starttls smtp"
    " -connect 127.0.0.1:22525",
    "sendmail-bounce": f"{SENDMAIL} -f alice@lab.test nobody@lab.test <m.eml; cat $(ls -t [0-9]*.eml | head -1)",
    "sendmail-log": f"{SENDMAIL} -X log -f alice@lab.test bob@lab.test <m.eml; cat log; rm log",
    "sendmail-log-server": f"{SENDMAIL} -bD -X log -O DaemonPortOptions=Port=22527,Addr=127.0.0.1"
    " -O DeliveryMode=queueonly & sleep 2; swaks -s 127.0.0.1:22527 -f a@lab.test -t bob@lab.test,nobody --pipeline"
    " >/dev/null; kill $(head -1 sendmail/pid); cat log; rm log",
    "sendmail-verbose": f"{SENDMAIL} -v -f alice@lab.test bob@lab.test nobody@lab.test <m.eml",
    "smtplib-accepted": f"{{python}} {{clients}}/smtplib_debug.py 1 {GOOD}",
    "smtplib-level2-refused": "{python} {clients}/smtplib_debug.py 2 wrong",
    "smtplib-starttls": f"{{python}} {{clients}}/smtplib_debug.py 1 {GOOD} tls",
    "swaks-hidden-password": f"{SWAKS} -ap {GOOD} -t nobody@lab.test -tls -a LOGIN -apt -ahp --quit-after RCPT",
    "swaks-mechanism-missing": f"{SWAKS} -ap {GOOD} -t bob@lab.test -tls -a CRAM-MD5 -apt --quit-after AUTH",
    "swaks-output-file": f"{SWAKS} -ap {GOOD} -t nobody@lab.test,bob@lab.test -a LOGIN --output-file said; cat said",
    "swaks-raw-text": f"{SWAKS} -ap {GOOD} -t bob@lab.test -a PLAIN --show-raw-text --show-time-lapse",
    "swaks-tls-at-once": "swaks -s 127.0.0.2:465 -f a@lab.test -au alice"
    f" -ap {GOOD} -t bob@lab.test -a PLAIN -tlsc --suppress-data",
    "swaks-without-hints": f"{SWAKS} -ap {GOOD} -t bob@lab.test -a PLAIN -apt --no-hints",
    "symfony-refused": "php {clients}/symfony.php wrong",
    "symfony-starttls": f"php {{clients}}/symfony.php {GOOD}",
    "telnet-typed": "{python} {clients}/terminal.py telnet 127.0.0.1 22525",
    "typescript-backspaces": "{python} {clients}/typescript.py {folder}/typescript >/dev/null; cat {folder}/typescript",
}

DUMPS = {
    "tcpdump-ascii": ("curl-v-several", "tcpdump -n -A -r {capture}"),
    "tcpdump-hex": ("curl-v-several", "tcpdump -n -X -r {capture}"),
    "tcpdump-hex-ethernet": ("curl-v-several", "tcpdump -XX -r {capture}"),
    "tcpflow-console": ("curl-v-several", "tcpflow -c -r {capture}"),
    "tcpflow-hex": ("curl-trace", "tcpflow -c -D -r {capture}"),
    "follow-ascii": ("curl-trace", "tshark -q -z follow,tcp,ascii,0 -r {capture}"),
    "follow-hex": ("curl-trace", "tshark -q -z follow,tcp,hex,0 -r {capture}"),
    "follow-raw": ("curl-trace", "tshark -q -z follow,tcp,raw,0 -r {capture}"),
    "follow-yaml": ("curl-trace", "tshark -q -z follow,tcp,yaml,0 -r {capture}"),
}
"""Each with the recording that it prints."""


def main(names: list[str]) -> None:
    """Make the named transcripts, or all."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "m.eml").write_bytes(b"Subject: t\r\n\r\nhello\r\n.dot\r\n")
        places = {"clients": shlex.quote(str(CLIENTS)), "folder": made, "python": sys.executable}
        server = subprocess.Popen([sys.executable, CLIENTS / "server.py", made])
        subprocess.run(["bash", "-c", f"javac -d {made} -cp {JARS} {CLIENTS}/Send.java".format(**places)], check=False)
        time.sleep(2)
        try:
            for name, command in COMMANDS.items():
                if not names or name in names:
                    make(name, command.format(**places), folder)
        finally:
            server.terminate()
    for name, (recording, command) in DUMPS.items():
        if not names or name in names:
            said = run(command.format(capture=TEXT / f"{recording}.pcapng"), TEXT, subprocess.DEVNULL)
            (TEXT / f"{name}.txt").write_bytes(said)


def make(name: str, command: str, folder: Path) -> None:
    """Let one session happen; keep what was printed, the packets and the secrets of TLS."""
    print(name, flush=True)
    raw, keys = folder / "raw.pcapng", folder / "keys"
    known = keys.stat().st_size if keys.exists() else 0
    with recorder.recording(raw, *PORTS):
        said = run(command, folder, subprocess.STDOUT)
        time.sleep(1)
    (TEXT / f"{name}.txt").write_bytes(re.sub(rb"/tmp/tmp\w+", b"/lab", said))
    without_machine(raw, TEXT / f"{name}.pcapng")
    secrets = keys.read_bytes()[known:] if keys.exists() else b""
    if secrets:
        (TEXT / f"{name}.keys").write_bytes(secrets)


def run(command: str, folder: Path, errors: int) -> bytes:
    """What a command prints that runs in the folder."""
    argv = ["bash", "-c", command]
    return subprocess.run(argv, cwd=folder, stdout=subprocess.PIPE, stderr=errors, timeout=120, check=False).stdout


if __name__ == "__main__":
    main(sys.argv[1:])
