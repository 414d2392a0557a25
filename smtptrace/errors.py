"""The errors of smtptrace: few kinds, each with the exit code it ends a command with."""

from __future__ import annotations


class SmtptraceError(Exception):
    """Something the user can act on, said in one line: what, where, what to do.

    Traffic never raises; odd octets become an `Anomaly`, a `Gap` or a problem. These errors are about
    files, options, tools and servers.
    """

    exit_code = 1


class UsageError(SmtptraceError):
    """The command was called in a way that cannot work."""

    exit_code = 2


class UnreadableError(SmtptraceError):
    """An input could not be read, or not to its end."""

    exit_code = 3


class MissingError(SmtptraceError):
    """A tool or server that the work needs is missing, unreachable or broken."""

    exit_code = 4
