"""Connection -> Session: what the two streams of octets say in terms of SMTP (RFC 5321); no I/O, no clock."""

from smtptrace.smtp.dialogue import Dialogue, read_session
from smtptrace.smtp.records import (
    Anomaly,
    AuthExchange,
    Command,
    Content,
    DataExchange,
    Exchange,
    Outcome,
    Recipient,
    Reply,
    Round,
    Session,
    Transaction,
)

__all__ = [
    "Anomaly",
    "AuthExchange",
    "Command",
    "Content",
    "DataExchange",
    "Dialogue",
    "Exchange",
    "Outcome",
    "Recipient",
    "Reply",
    "Round",
    "Session",
    "Transaction",
    "read_session",
]
