"""Writes captures/text anew: transcripts.py [NAME ...]

Runs each tool against an aiosmtpd server on loopback and keeps what it prints. Needs curl, swaks, msmtp, openssl,
telnet, script, ruby, php with libphp-phpmailer and php-symfony-mailer, a JDK with libjakarta-mail-java, node with
nodemailer, Python with aiosmtplib, and for the dumps tcpdump, tcpflow, tshark and root.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

TEXT = Path(__file__).parents[1] / "text"
CLIENTS = Path(__file__).with_name("clients")
SWAKS = "swaks -s 127.0.0.1:22525 -f a@lab.test -au alice"
CURL = (
    "curl -u alice:{} --url smtp://127.0.0.1:22525/client.test --mail-from a@lab.test --mail-rcpt bob@lab.test -T m.eml"
)
GOOD = "'Secret123!'"
JARS = "$(ls /usr/share/java/jakarta-mail.jar /usr/share/java/*activation*.jar | tr '\\n' ':').:{folder}"
TYPED = '(sleep 1; for line in {lines}; do printf "$line\\r\\n"; sleep .5; done) | timeout 10 openssl s_client -crlf'

COMMANDS = {
    "aiosmtplib-error": "python3 {clients}/aiosmtplib_error.py",
    "curl-trace": CURL.format(GOOD) + " -sS --trace-time --trace -",
    "curl-trace-ascii-starttls": CURL.format(GOOD) + " -sS --ssl -k --trace-ascii -",
    "curl-v-progress-meter": CURL.format(GOOD) + " -v",
    "curl-v-time-refused": CURL.format("wrong") + " -sS -v --trace-time",
    "javamail-auth-suppressed": f"java -cp {JARS} Send {GOOD}",
    "javamail-debug-auth": f"java -cp {JARS} Send {GOOD} auth",
    "javamail-refused": f"java -cp {JARS} Send wrong",
    "javamail-starttls": f"java -cp {JARS} Send {GOOD} auth tls",
    "msmtp-refused": "printf 'Subject: x\\n\\nhi\\n' | msmtp --debug --host=127.0.0.1 --port=22525 --auth=login"
    " --user=alice --passwordeval='printf wrong' --tls=off -f a@lab.test bob@lab.test",
    "nodemailer-refused": "node {clients}/nodemailer.js wrong",
    "nodemailer-starttls": f"node {{clients}}/nodemailer.js {GOOD}",
    "phpmailer-error-log": "php {clients}/phpmailer.php 3 error_log wrong no",
    "phpmailer-html-refused": "php {clients}/phpmailer.php 2 html wrong no",
    "phpmailer-level4-refused": "php {clients}/phpmailer.php 4 echo wrong no",
    "phpmailer-starttls": f"php {{clients}}/phpmailer.php 2 echo {GOOD} tls",
    "ruby-accepted": f"ruby {{clients}}/net_smtp.rb {GOOD}",
    "ruby-refused": "ruby {clients}/net_smtp.rb wrong",
    "s-client-quiet": TYPED.format(lines="'EHLO app' QUIT") + " -connect 127.0.0.1:22465 -quiet",
    "s-client-starttls": TYPED.format(lines="'EHLO app' 'AUTH LOGIN' YWxpY2U= d3Jvbmc= QUIT")
    + " -connect 127.0.0.1:22525 -starttls smtp",
    "smtplib-accepted": f"python3 {{clients}}/smtplib_debug.py 1 {GOOD}",
    "smtplib-level2-refused": "python3 {clients}/smtplib_debug.py 2 wrong",
    "swaks-hidden-password": f"{SWAKS} -ap {GOOD} -t nobody@lab.test -tls -a LOGIN -apt -ahp --quit-after RCPT",
    "swaks-mechanism-missing": f"{SWAKS} -ap {GOOD} -t bob@lab.test -tls -a CRAM-MD5 -apt --quit-after AUTH",
    "swaks-without-hints": f"{SWAKS} -ap {GOOD} -t bob@lab.test -a PLAIN -apt --no-hints",
    "symfony-refused": "php {clients}/symfony.php wrong",
    "symfony-starttls": f"php {{clients}}/symfony.php {GOOD}",
    "typescript-backspaces": "python3 {clients}/typescript.py {folder}/typescript >/dev/null; cat {folder}/typescript",
}

DUMPS = {
    "tcpdump-ascii": "tcpdump -n -A -r {capture}",
    "tcpdump-hex": "tcpdump -n -X -r {capture}",
    "tcpdump-hex-ethernet": "tcpdump -XX -r {capture}",
    "tcpflow-console": "tcpflow -c -r {capture}",
    "follow-ascii": "tshark -q -z follow,tcp,ascii,0 -r {capture}",
    "follow-hex": "tshark -q -z follow,tcp,hex,0 -r {capture}",
    "follow-raw": "tshark -q -z follow,tcp,raw,0 -r {capture}",
    "follow-yaml": "tshark -q -z follow,tcp,yaml,0 -r {capture}",
}
RECORDED = ("curl-v-time-refused", "curl-trace", "curl-trace-ascii-starttls", "curl-v-progress-meter", "msmtp-refused")


def write(name: str, command: str, folder: Path, *, with_errors: bool = True) -> None:
    """Run one command in the folder and keep what it prints."""
    print(name)
    errors = subprocess.STDOUT if with_errors else subprocess.DEVNULL
    ran = subprocess.run(
        ["bash", "-c", command], cwd=folder, stdout=subprocess.PIPE, stderr=errors, timeout=120, check=False
    )
    (TEXT / f"{name}.txt").write_bytes(ran.stdout)


def main(names: list[str]) -> None:
    """Make the named transcripts, or all."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "m.eml").write_bytes(b"Subject: t\r\n\r\nhello\r\n.dot\r\n")
        places = {"clients": shlex.quote(str(CLIENTS)), "folder": made, "capture": f"{made}/loopback.pcap"}
        server = subprocess.Popen([sys.executable, CLIENTS / "server.py", made])
        subprocess.run(["bash", "-c", f"javac -d {made} -cp {JARS} {CLIENTS}/Send.java".format(**places)], check=False)
        time.sleep(2)
        try:
            for name in names or COMMANDS:
                if name in COMMANDS:
                    write(name, COMMANDS[name].format(**places), folder)
            if not names or set(names) & DUMPS.keys():
                dump(names, places, folder)
        finally:
            server.terminate()


def dump(names: list[str], places: dict[str, str], folder: Path) -> None:
    """Record some of the clients and print the recording in every way."""
    recorder = subprocess.Popen(["tcpdump", "-i", "lo", "-U", "-w", places["capture"], "port", "22525"])
    time.sleep(1)
    for name in RECORDED:
        write(name, COMMANDS[name].format(**places), folder)
    time.sleep(1)
    recorder.terminate()
    recorder.wait()
    for name in names or DUMPS:
        if name in DUMPS:
            write(name, DUMPS[name].format(**places), folder, with_errors=False)


if __name__ == "__main__":
    main(sys.argv[1:])
