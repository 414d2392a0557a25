"""What the evidence holds and what it does not: the ground that every answer stands on."""

from __future__ import annotations

from dataclasses import dataclass

from smtptrace.trace import Trace


@dataclass(slots=True)
class Coverage:
    """Sessions counted by how much of them can be read; filled with `add` as they end.

    `readable` sessions are whole and in clear (or opened); `encrypted` ones went into TLS that was not opened;
    `one_sided` ones show octets of one end only; `incomplete` ones lack something else. `selected` were wanted.
    """

    sessions: int = 0
    readable: int = 0
    encrypted: int = 0
    one_sided: int = 0
    incomplete: int = 0
    selected: int = 0

    def add(self, trace: Trace, *, selected: bool) -> None:
        """Count one session; an attempt at one is none."""
        session = trace.session
        self.selected += selected
        if trace.attempt is not None:
            return
        self.sessions += 1
        if session.tls is not None and not session.tls.opened:
            self.encrypted += 1
        elif session.complete:
            self.readable += 1
        elif not all(session.octets):
            self.one_sided += 1
        else:
            self.incomplete += 1

    def not_found(self, headers_only: int = 0) -> str:
        """What a filter that took nothing can honestly say; `headers_only` connections were captured without words."""
        doubtful = [
            f"{count} {what}"
            for count, what in (
                (self.encrypted, "encrypted"),
                (self.one_sided, "one-sided"),
                (self.incomplete, "incomplete"),
                (headers_only, "captured without content"),
            )
            if count
        ]
        seen = f"not seen in {self.readable} readable session{'' if self.readable == 1 else 's'}"
        return (
            f"{seen}; {' and '.join(doubtful)} cannot be excluded" if doubtful else f"{seen}, and there are no others"
        )
