"""What the evidence holds and what it does not: the ground that every answer stands on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from smtptrace.sources import SourceReport
from smtptrace.trace import Trace
from smtptrace.wire import Opening


@dataclass(slots=True)
class Coverage:
    """Sessions counted by how much of them can be read; filled with `add` as they end.

    `readable` sessions are whole and in clear (or opened); `encrypted` ones went into TLS that was not opened;
    `one_sided` ones show octets of one end only; `incomplete` ones lack something else.
    """

    sessions: int = 0
    readable: int = 0
    encrypted: int = 0
    one_sided: int = 0
    incomplete: int = 0
    selected: int = 0

    def add(self, trace: Trace, *, selected: bool) -> None:
        """Count one session."""
        session = trace.session
        self.sessions += 1
        self.selected += selected
        if session.tls is not None and not session.tls.opened:
            self.encrypted += 1
        elif not all(session.octets):
            self.one_sided += 1
        elif not session.complete:
            self.incomplete += 1
        else:
            self.readable += 1

    def not_found(self) -> str:
        """What a filter that took nothing can honestly say."""
        doubtful = [
            f"{count} {what}"
            for count, what in (
                (self.encrypted, "encrypted"),
                (self.one_sided, "one-sided"),
                (self.incomplete, "incomplete"),
            )
            if count
        ]
        seen = f"not seen in {self.readable} readable session{'' if self.readable == 1 else 's'}"
        return (
            f"{seen}; {' and '.join(doubtful)} cannot be excluded" if doubtful else f"{seen}, and there are no others"
        )


@dataclass(slots=True)
class SourceCoverage:
    """What one source holds beside its sessions.

    `silences` are (start, stop) in nanoseconds of stretches without a packet, `attempts` counts connections without
    a word by what came of them.
    """

    report: SourceReport
    silences: Sequence[tuple[int, int]] = ()
    attempts: Counter[Opening | None] = field(default_factory=Counter)
