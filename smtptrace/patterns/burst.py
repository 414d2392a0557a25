"""Many messages or recipients in a short time, by one user or client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smtptrace.findings import Severity, Sight
from smtptrace.patterns._row import SessionRow
from smtptrace.patterns._shown import Message, messages, span_s
from smtptrace.patterns._window import Windows

SEVERITY = Severity.INFO
INNOCENT = ("a newsletter or mailing list", "a relay that passes on the mail of many", "a queue that is let go")
REFERENCES = ("MITRE ATT&CK T1586.002", "RFC 6409, 6")
ADVICE = "Compare with what this user or host usually sends; limit messages and recipients for each login."


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When it is told.

    messages: messages accepted by the server within the window.
    recipients: recipients of those messages within the window.
    senders: different sender addresses under one login, from which on it is more than a number.
    refused_share: share of refused recipients, from which on it is more than a number.
    window_s: seconds.
    """

    messages: int = 100
    recipients: int = 500
    senders: int = 10
    refused_share: float = 0.2
    window_s: float = 600.0


class Fold:
    """Accepted messages by login, or by client where there is none."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._of = thresholds
        self._windows: Windows[str, Message] = Windows(
            thresholds.window_s, min(thresholds.messages, thresholds.recipients)
        )

    def add(self, row: SessionRow) -> None:
        """Take the messages of one session."""
        for message in row.messages:
            if message.accepted:
                key = message.user or row.client
                self._windows.add(key, message.time_ns, (row, message), message.recipients)

    def found(self) -> Iterator[Sight]:
        """Who sent much; more than information where senders change or many recipients are refused."""
        for key, items in self._windows.fullest():
            recipients = sum(message.recipients for _, message in items)
            if len(items) < self._of.messages and recipients < self._of.recipients:
                continue
            refused = sum(message.refused for _, message in items)
            senders = len({message.sender for _, message in items})
            under_login = bool(items[0][1].user)
            odd = (under_login and senders >= self._of.senders) or refused > self._of.refused_share * (
                recipients + refused
            )
            summary = (
                f"{key} sends {len(items)} messages to {recipients} recipients as {senders} senders"
                f"{span_s([message.time_ns for _, message in items])}, {refused} recipients refused"
                + (": consistent with spam sent under this login" if odd and under_login else "")
            )
            yield Sight(summary, messages(items), Severity.MEDIUM if odd else SEVERITY, 0.6)
