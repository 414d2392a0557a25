"""What came of the connections of `serve`: as plain values (`smtptrace.serve/1`, docs/serve.md) and for JUnit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smtptrace.replay.junit import Case, Suite
from smtptrace.replay.serve_run import Served
from smtptrace.smtp import read_session

SCHEMA = "smtptrace.serve/1"


def served_object(served: Served) -> dict[str, Any]:
    """One connection as plain values; of messages their size and digest."""
    session = read_session(served.connection)
    sent = [each.content for each in session.transactions if each.content is not None and each.content.complete]
    return {
        "schema": SCHEMA,
        "number": served.number,
        "client": str(served.connection.client),
        "session": served.session,
        "commands": sum(each.command is not None for each in session.exchanges),
        "messages": [{"size": each.size, "sha256": each.sha256} for each in sent],
        "deviations": list(served.deviations),
        "broken": served.broken or None,
    }


def case(served: Served) -> Case:
    """One connection as a test case: it fails where the client left the script, and is an error where it broke."""
    name = f"connection {served.number}: session {served.session}"
    return Case(
        name, served.seconds, failure="" if served.broken else "\n".join(served.deviations), error=served.broken
    )


def suite(source: str, cases: Sequence[Case], never_played: Sequence[str] = ()) -> Suite:
    """All connections, and the sessions that nobody was served."""
    missing = [Case(f"session {name}", failure="never played") for name in never_played]
    return Suite(f"serve {source}", (*cases, *missing))
