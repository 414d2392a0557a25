"""What `proxy` prints of each connection, and at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from smtptrace.outputs._text import visible
from smtptrace.outputs._time import iso
from smtptrace.outputs.jsonl import line
from smtptrace.record.settings import Report


def row(report: Report, *, as_json: bool) -> Iterator[str]:
    """The lines that tell of a connection."""
    if as_json:
        yield line(_record(report)).decode().rstrip("\n")
        return
    facts = (_tls(report), _logins(report), _messages(report), f"{report.octets[0]:,}/{report.octets[1]:,} octets")
    shown = ", ".join(fact for fact in facts if fact)
    yield f"{report.number} {report.client}: {shown}, {report.duration_s:.2f} s"
    if report.problem:
        yield f"    {visible(report.problem, 400)}"


def _record(report: Report) -> dict[str, Any]:
    return {
        "schema": "smtptrace.proxy/1",
        "number": report.number,
        "client": str(report.client),
        "start": iso(report.started_ns),
        "duration_s": round(report.duration_s, 6),
        "tls": {"client": report.tls[0], "upstream": report.tls[1], "passed_through": report.sealed},
        "logins": [{"mechanism": mechanism, "code": code} for mechanism, code in report.tally.logins],
        "messages": report.tally.messages,
        "refused": report.tally.refused,
        "client_octets": report.octets[0],
        "server_octets": report.octets[1],
        "problem": report.problem or None,
        "notes": report.notes,
    }


def _tls(report: Report) -> str:
    if report.sealed:
        return "TLS passed through"
    client, upstream = (version or "clear" for version in report.tls)
    return client if client == upstream else f"{client} / {upstream}"


def _logins(report: Report) -> str:
    return ", ".join(f"{mechanism} {code}" for mechanism, code in report.tally.logins[:5])


def _messages(report: Report) -> str:
    tally = report.tally
    accepted = _counted(tally.messages, "message")
    return f"{accepted}, {tally.refused} refused" if tally.refused else accepted


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def summary(connections: int, turned_away: int, totals: list[int], path: Path, size: int) -> str:
    """The last line."""
    accepted, refused = totals
    facts = [_counted(connections, "connection"), f"{_counted(accepted, 'message')} accepted"]
    facts += [f"{refused} refused"] if refused else []
    facts += [f"{_counted(turned_away, 'client')} turned away"] if turned_away else []
    return f"{', '.join(facts)}; {path}: {size:,} octets"
