"""One judgement a file, on one session: what is exposed, broken or odd in it.

A rule is a module whose name is its name with underscores. Its contract:

    the docstring's first line     what it means, in one sentence
    `SEVERITY: Severity`           how much it matters, where a sighting does not say otherwise
    `NEEDS: Facet`                 what a session must have for the rule to be asked
    `INNOCENT: tuple[str, ...]`    what harmless thing looks the same
    `REFERENCES: tuple[str, ...]`  RFC, CVE, CWE, MITRE ATT&CK
    `ADVICE: str`                  what to do
    `BASIS: Basis`                 (optional) INFERRED where it is concluded, not seen
    `judge(session, credentials) -> Iterator[Sight]`   quick to yield nothing: all rules are asked about all sessions
"""

from smtptrace.findings._finding import Basis, Evidence, Facet, Finding, Severity, Sight
from smtptrace.findings._judge import RULES, judge

__all__ = ["RULES", "Basis", "Evidence", "Facet", "Finding", "Severity", "Sight", "judge"]
