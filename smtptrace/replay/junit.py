"""Named results as JUnit XML, in the form that test runners and CI servers read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml

from smtptrace._private import private_file
from smtptrace.errors import UsageError

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 has no form for (2.2, Char), and the control characters that it advises against."""

_OUTCOMES = ("failure", "error", "skipped")


@dataclass(frozen=True, slots=True)
class Case:
    """One result: at most one of `failure` (not as it should be), `error` (broken) and `skipped` says why, in text."""

    name: str
    seconds: float = 0.0
    failure: str = ""
    error: str = ""
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """Results that belong together."""

    name: str
    cases: tuple[Case, ...]


def junit(name: str, suites: Iterable[Suite]) -> bytes:
    """The document; characters that XML 1.0 forbids stand in it as `\\xNN` or `\\uNNNN`."""
    root = Xml.Element("testsuites", name=_legal(name))
    for suite in suites:
        _add(root, suite)
    octets: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return octets + b"\n"


def _add(root: Xml.Element, suite: Suite) -> None:
    counts = {f"{kind}s": sum(bool(getattr(each, kind)) for each in suite.cases) for kind in ("failure", "error")}
    counts = {"tests": len(suite.cases), **counts, "skipped": sum(bool(each.skipped) for each in suite.cases)}
    facts = {"name": _legal(suite.name), **{key: str(count) for key, count in counts.items()}}
    whole = Xml.SubElement(root, "testsuite", {**facts, "time": f"{sum(each.seconds for each in suite.cases):.3f}"})
    for each in suite.cases:
        words = {"name": _legal(each.name), "classname": _legal(suite.name), "time": f"{each.seconds:.3f}"}
        case = Xml.SubElement(whole, "testcase", words)
        for kind in _OUTCOMES:
            if text := _legal(getattr(each, kind)):
                Xml.SubElement(case, kind, {"message": text.partition("\n")[0]}).text = text


def _legal(text: str) -> str:
    return _FORBIDDEN.sub(lambda found: _escape(ord(found.group())), text)


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def write_report(path: Path, octets: bytes) -> None:
    """Put a report where it is wanted, whole at once and readable by its owner only; an older one is replaced.

    Raises:
        UsageError: the file cannot be written.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe or a terminal is written to, never replaced
            path.write_bytes(octets)
            return
        new = path.with_name(f"{path.name}.{os.getpid()}.new")
        with private_file(new) as stream:
            stream.write(octets)
        new.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
