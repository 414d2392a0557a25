"""Segments -> Connections: both halves of each TCP connection in order, with what is missing said.

`follow` is the whole stage: it yields batches of events, each with the Connection it belongs to.
"""

from smtptrace.tcp._half import HEAD
from smtptrace.tcp._verdict import SMTP_PORTS, Verdict, judge
from smtptrace.tcp.follow import Batch, Limits, follow

__all__ = ["HEAD", "SMTP_PORTS", "Batch", "Limits", "Verdict", "follow", "judge"]
