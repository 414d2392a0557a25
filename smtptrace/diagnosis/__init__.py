"""One cause a file, and knowledge.toml: why a session failed, and how to mend it.

A cause is a module whose name is its slug with underscores. Its contract:

    the docstring's first line    what the cause means, in one sentence
    `FIX: dict[str, str]`         by server flavour, `any` for the others: what only looks, then the change
    `REFERENCES: tuple[str, ...]` where it stands written
    `AT: tuple[str, ...]`         (optional) the stages at which something must have been refused for it to be asked
                                  (SILENT: nowhere); words that speak for it make it asked in any case
    `weigh(case) -> Weight | None` (optional) how strongly the session speaks for it, with the lines that show it;
                                  a cause without it is known by its wordings in knowledge.toml alone
"""

from smtptrace.diagnosis._cause import Cause
from smtptrace.diagnosis._codes import code_meaning
from smtptrace.diagnosis._diagnose import CAUSES, diagnose, fix_for, slug_of
from smtptrace.diagnosis._flavour import server_flavour
from smtptrace.diagnosis._knowledge import rows as knowledge_rows
from smtptrace.diagnosis._weight import UNCHECKED

__all__ = [
    "CAUSES",
    "UNCHECKED",
    "Cause",
    "code_meaning",
    "diagnose",
    "fix_for",
    "knowledge_rows",
    "server_flavour",
    "slug_of",
]
