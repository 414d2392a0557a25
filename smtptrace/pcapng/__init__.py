"""Connections as pcapng: valid packets for every reader of captures, and comments for what packets cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smtptrace.pcapng._marks import PREFIX, Mark
from smtptrace.pcapng._marks import read as read_mark

if TYPE_CHECKING:
    from smtptrace.pcapng._writer import Course, Writer, write

__all__ = ["PREFIX", "Course", "Mark", "Writer", "read_mark", "write"]


def __getattr__(name: str) -> Any:
    """Load the writer when it is first used (PEP 562): readers do without it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from smtptrace.pcapng import _writer

    return getattr(_writer, name)
