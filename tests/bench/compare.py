"""CPU time and memory of `smtptrace list --json` beside tshark's field output, on the same capture in the same run.

    python tests/bench/compare.py CAPTURE [TRUTH.json]

Each is run three times in turn, the least CPU time of each counts. With a truth file (a JSON object whose `messages`
have `sha256`) the digests of complete messages are compared too.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

RUNS = 3


def measured(command: list[str], output: Path) -> tuple[float, float]:
    """CPU seconds and peak megabytes of a command whose output goes to a file."""
    code = (
        "import resource, subprocess, sys\n"
        "with open(sys.argv[1], 'wb') as out:\n"
        "    subprocess.run(sys.argv[2:], stdout=out, stderr=subprocess.DEVNULL, check=True)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(output), *command], capture_output=True, text=True, check=True
    )
    seconds, megabytes = done.stdout.split()
    return float(seconds), float(megabytes)


def main(capture: str, truth: str | None = None) -> None:
    """Print the figures, their ratio, and how many digests are right."""
    ours = [sys.executable, "-m", "smtptrace", "list", "--json", capture]
    fields = ["-e", "smtp.req.command", "-e", "smtp.response.code"]
    theirs = ["tshark", "-r", capture, "-Y", "smtp", "-T", "fields", *fields]
    lines = Path(capture).with_suffix(".sessions.jsonl")
    mine, tshark = [], []
    for _ in range(RUNS):
        mine.append(measured(ours, lines))
        tshark.append(measured(theirs, Path("/dev/null")))
    (own_s, own_mb), (their_s, their_mb) = min(mine), min(tshark)
    print(f"smtptrace {own_s:.2f} s, {own_mb:.0f} MB; tshark {their_s:.2f} s, {their_mb:.0f} MB; {own_s / their_s:.2f}")
    if truth:
        print(_digests(lines, Path(truth)))
    lines.unlink()


def _digests(lines: Path, truth: Path) -> str:
    found: dict[str, int] = {}
    for line in lines.read_bytes().splitlines():
        for each in json.loads(line).get("transactions", ()):
            if each["sha256"]:
                found[each["sha256"]] = found.get(each["sha256"], 0) + 1
    wanted = [each["sha256"] for each in json.loads(truth.read_bytes())["messages"] if each.get("complete", True)]
    right = 0
    for digest in wanted:
        if found.get(digest):
            found[digest] -= 1
            right += 1
    return f"{right} of {len(wanted)} digests of complete messages right, {sum(found.values())} others"


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(*sys.argv[1:])
