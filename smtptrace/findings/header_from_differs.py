"""The From field of the message names another sender than the envelope."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings import _addresses
from smtptrace.findings._evidence import of_command, text_of
from smtptrace.findings._finding import Evidence, Facet, Severity, Sight
from smtptrace.smtp import Command, Content, Session, Transaction
from smtptrace.wire import Side, Span

SEVERITY = Severity.INFO
NEEDS = Facet.TRANSACTIONS
INNOCENT = ("a newsletter or mailing list", "a service that sends for others", "a forwarded message")
REFERENCES = ("RFC 5322, 3.6.2", "RFC 7489, 3.1", "MITRE ATT&CK T1656")
ADVICE = "Compare with DMARC of the From domain; ask whether this sender may use it."
_FROM = re.compile(rb"(?:^|\n)(from:[^\n]{0,2000})", re.IGNORECASE)
_MAILBOX = re.compile(rb"([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255})")


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:  # noqa: ARG001
    """Messages whose From is of another organisation than the envelope sender."""
    for transaction in session.transactions:
        content = transaction.content
        if content is None or not content.head or not transaction.reverse_path or (mail := _mail(transaction)) is None:
            continue
        found = _FROM.search(content.head, 0, _header_end(content.head))
        mailbox = _MAILBOX.search(found[1]) if found else None
        if found is None or mailbox is None:
            continue
        shown, sender = mailbox[1].decode("ascii").lower(), _addresses.address_of(transaction.reverse_path)
        if _whose(shown) != _whose(sender):
            evidence = (of_command(mail), _line(content, found.start(1), found[1]))
            yield Sight(f"From is {shown}, the envelope sender {sender}", evidence)
            return


def _header_end(head: bytes) -> int:
    end = head.find(b"\r\n\r\n")
    return end if end >= 0 else len(head)


def _whose(address: str) -> str:
    return _addresses.organisation(_addresses.domain_of(address))


def _line(content: Content, at: int, line: bytes) -> Evidence:
    place = content.span
    span = (
        Span(Side.CLIENT, place.start + at, place.start + at + len(line), place.time_ns, place.frame) if place else None
    )
    return Evidence(text_of(line.rstrip(b"\r")), span)


def _mail(transaction: Transaction) -> Command | None:
    return transaction.mail.command if transaction.mail else None
