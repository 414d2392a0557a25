"""One cause a file, and knowledge.toml: why a session failed, and how to mend it."""

from smtptrace.diagnosis._cause import Cause
from smtptrace.diagnosis._diagnose import CAUSES, diagnose

__all__ = ["CAUSES", "Cause", "diagnose"]
