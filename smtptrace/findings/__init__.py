"""One judgement a file, on one session: what is exposed, broken or odd in it."""

from smtptrace.findings._finding import Basis, Evidence, Finding, Severity
from smtptrace.findings._judge import RULES, judge

__all__ = ["RULES", "Basis", "Evidence", "Finding", "Severity", "judge"]
