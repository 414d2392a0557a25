"""Many recipients of one client are refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smtptrace.findings import Severity, Sight
from smtptrace.patterns._row import SessionRow
from smtptrace.patterns._shown import Message, messages, span_s
from smtptrace.patterns._window import Windows

SEVERITY = Severity.MEDIUM
INNOCENT = ("an old address list", "a relay that passes on the mail of others")
REFERENCES = ("MITRE ATT&CK T1589.002", "RFC 5321, 7.3")
ADVICE = "Limit refused recipients for each client and session; ask the sender to mend the list."


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When it is told.

    refused: recipients of one client that were refused for good, within the window.
    share: share of them among all recipients of the client.
    window_s: seconds.
    """

    refused: int = 20
    share: float = 0.5
    window_s: float = 3600.0


class Fold:
    """Transactions with refused recipients, by client."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._of = thresholds
        self._windows: Windows[str, Message] = Windows(thresholds.window_s, thresholds.refused)

    def add(self, row: SessionRow) -> None:
        """Take the messages of one session."""
        for message in row.messages:
            self._windows.add(row.client, message.time_ns, (row, message), message.refused)

    def found(self) -> Iterator[Sight]:
        """Clients most of whose recipients were refused."""
        for client, items in self._windows.fullest():
            refused = _refused(items)
            all_of_them = refused + sum(message.recipients for _, message in items)
            if refused >= self._of.share * all_of_them:
                summary = (
                    f"{refused} of {all_of_them} recipients of {client} are refused"
                    f"{span_s([message.time_ns for _, message in items])}: consistent with probing for addresses"
                )
                yield Sight(summary, messages([item for item in items if item[1].refused]), SEVERITY, 0.7)


def _refused(items: list[Message]) -> int:
    return sum(message.refused for _, message in items)
