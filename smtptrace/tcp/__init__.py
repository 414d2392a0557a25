"""Segments -> Connections: both halves of each TCP connection in order, with what is missing said.

`follow` is the whole stage: it yields batches of events, each with the Connection it belongs to.
"""

from smtptrace.tcp.follow import Batch, Limits, follow

__all__ = ["Batch", "Limits", "follow"]
