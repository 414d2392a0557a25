"""smtptrace reads SMTP sessions from captures and transcripts, decodes them and explains what went wrong."""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "read": "smtptrace.trace",
    "read_text": "smtptrace.trace",
    "Trace": "smtptrace.trace",
    "Session": "smtptrace.smtp",
    "Credential": "smtptrace.auth",
    "Finding": "smtptrace.findings",
    "Cause": "smtptrace.diagnosis",
    "Connection": "smtptrace.wire",
    "Secret": "smtptrace.secret",
    "SmtptraceError": "smtptrace.errors",
}

__all__ = ["__version__", *_PUBLIC]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562), so that importing the package stays cheap."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
