"""The signals that tell a command to end."""

from __future__ import annotations

import signal


def ending() -> tuple[int, ...]:
    """SIGINT, SIGTERM, and SIGHUP where the system has it and nobody (nohup) had us ignore it."""
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is None or signal.getsignal(hangup) is signal.SIG_IGN:
        return signal.SIGINT, signal.SIGTERM
    return signal.SIGINT, signal.SIGTERM, hangup
