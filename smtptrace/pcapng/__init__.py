"""Connections as pcapng: valid packets for every reader of captures, and comments for what packets cannot say."""

from smtptrace.pcapng._marks import PREFIX, Mark
from smtptrace.pcapng._marks import read as read_mark
from smtptrace.pcapng._writer import Course, Writer, write

__all__ = ["PREFIX", "Course", "Mark", "Writer", "read_mark", "write"]
