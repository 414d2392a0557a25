"""One judgement over many sessions a file: a fold over session rows in the order of time.

A pattern is a module whose name is its name with underscores. Its contract:

    the docstring's first line    what it means, in one sentence
    `SEVERITY`, `INNOCENT`, `REFERENCES`, `ADVICE`     as for a rule on one session
    `Thresholds`                  a frozen dataclass of numbers, each with a default and a line that says what it is
    `Fold(thresholds)`            `add(row)` takes the next row, `found()` gives the sights; what it keeps is bounded
"""

from smtptrace.patterns._inventory import Inventory, Use
from smtptrace.patterns._row import LoginRow, MessageRow, SessionRow, row_of
from smtptrace.patterns._run import PATTERNS, Judge, thresholds_of

__all__ = ["PATTERNS", "Inventory", "Judge", "LoginRow", "MessageRow", "SessionRow", "Use", "row_of", "thresholds_of"]
