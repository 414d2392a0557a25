"""Records captures/ anew: record.py [NAME ...]

Starts the lab, lets every scenario happen while dumpcap runs, and writes NAME.pcapng, NAME.keys where there is TLS, and
INDEX.toml. Needs root.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

CAPTURES = Path(__file__).parents[1]
sys.path.insert(0, str(CAPTURES.parent / "tests"))

from lab import clients, exim, recorder  # noqa: E402
from lab.__main__ import everything  # noqa: E402
from lab.accounts import USERS  # noqa: E402
from lab.process import private_folder, tool  # noqa: E402
from scenario import SCENARIOS, Lab, Scenario  # noqa: E402

INDEX = CAPTURES / "INDEX.toml"
HEAD = """\
# Our own recordings of real servers and clients on loopback. captures/make/record.py makes them and writes this file.
#
# exchanges: the commands in the order sent with the code that ended them; * is a line that begins with no verb.
# auth: mechanism, user (? where the octets do not show one), outcome. messages: SHA-256 of each content as the
# server takes it, "" where server or client changed what it was given, so that nobody knew before.
# The passwords were made for the lab and protect nothing; other passwords in a recording are wrong on purpose.
"""


def main(names: list[str]) -> None:
    """Record the named scenarios, or all; what is not named stays as it is."""
    import scenarios  # noqa: F401  (fills SCENARIOS)

    entries = {entry["file"]: entry for entry in tomllib.loads(INDEX.read_text())["recordings"]} if names else {}
    with everything() as servers:
        time.sleep(1)  # the first lookups of a server that has just started
        for name in names or SCENARIOS:
            scenario = SCENARIOS[name]
            with private_folder() as folder:
                entry = record(scenario, Lab(servers, folder))
            entries[entry["file"]] = entry
            print(entry["file"], flush=True)
    order = [f"{name}.pcapng" for name in SCENARIOS]
    INDEX.write_text(index([entries[file] for file in order if file in entries]))


def record(scenario: Scenario, lab: Lab) -> dict[str, Any]:
    """Let it happen once; the entry for the index."""
    raw = lab.folder / "raw.pcapng"
    with recorder.recording(raw, *scenario.ports):
        scenario.act(lab)
    target = CAPTURES / f"{scenario.name}.pcapng"
    without_machine(raw, target)
    entry: dict[str, Any] = {"file": target.name, "what": scenario.what}
    entry["server"] = " with ".join(version(name) for name in scenario.server)
    entry["client"] = version(scenario.client)
    if scenario.keylog:
        keys = target.with_suffix(".keys")
        keys.write_bytes(lab.keylog.read_bytes())
        entry["keylog"] = keys.name
    entry["sha256"] = hashlib.sha256(target.read_bytes()).hexdigest()
    entry["sessions"] = scenario.sessions
    return entry


def without_machine(raw: Path, target: Path) -> None:
    """Copy the packets by way of pcap, which has no room for what dumpcap says of the processor and the system."""
    plain = raw.with_suffix(".pcap")
    for options in (["-F", "nsecpcap", raw, plain], ["-F", "pcapng", plain, target]):
        subprocess.run([tool("editcap"), *options], check=True)
    target.chmod(0o644)


def version(name: str) -> str:
    """A program with its version, as it says itself."""
    asked: dict[str, list[str]] = {
        "Exim": [exim.binary(), "-bV"],
        "Postfix": ["postconf", "-h", "mail_version"],
        "Dovecot": ["dovecot", "--version"],
        "Cyrus SASL": ["dpkg-query", "-W", "-f", "${Version}", "libsasl2-2"],
        "nc": ["dpkg-query", "-W", "-f", "${Version}", "netcat-openbsd"],
        "telnet": ["dpkg-query", "-W", "-f", "${Version}", "telnet"],
        **{client: [client, "--version"] for client in ("swaks", "curl", "msmtp", "gsasl")},
    }
    if name not in asked:
        return name
    found = re.search(r"\d+[.\d]*", clients.run(asked[name]).output)
    assert found, name
    return f"{name} {found[0]}"


def index(entries: list[dict[str, Any]]) -> str:
    """INDEX.toml, made by hand: a line a fact."""
    lines = [HEAD, "[accounts]", *(f'{user} = "{password}"' for user, password in USERS.items())]
    for entry in entries:
        lines += [
            "",
            "[[recordings]]",
            *(f"{key} = {text(value)}" for key, value in entry.items() if key != "sessions"),
        ]
        lines += [line for session in entry.get("sessions", ()) for line in session_lines(session)]
    return "\n".join(lines) + "\n"


def session_lines(session: object) -> list[str]:
    """One session of an entry; from a scenario, or from the index as it was."""
    facts = session if isinstance(session, dict) else {key: getattr(session, key) for key in session.__slots__}  # type: ignore[attr-defined]
    return ["[[recordings.sessions]]", *(f"{key} = {text(value)}" for key, value in facts.items())]


def text(value: object) -> str:
    """A string or a list of strings in TOML; none of ours has a quote."""
    if isinstance(value, str):
        return f'"{value}"'
    return "[" + ", ".join(text(item) for item in value) + "]"  # type: ignore[attr-defined]


if __name__ == "__main__":
    main(sys.argv[1:])
