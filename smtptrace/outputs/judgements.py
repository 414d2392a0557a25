"""Findings and causes: as JSON objects (smtptrace.finding/1, smtptrace.diagnosis/1) and as text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from smtptrace.diagnosis import UNCHECKED, server_flavour
from smtptrace.findings import Evidence, Finding
from smtptrace.outputs._source_lines import in_its_line
from smtptrace.outputs._text import visible
from smtptrace.outputs.jsonl import cause_object, finding_object, source_of
from smtptrace.smtp import Session
from smtptrace.trace import Trace
from smtptrace.wire import Connection, Endpoint, Origin

Object = dict[str, Any]

_WIDTH = 110
_OF_THE_RUN = Connection(Endpoint("", 0), Endpoint("", 0), Origin("", ""))


def diagnosis_object(trace: Trace, name: str, raw: Session) -> Object:
    """Why one session failed, as smtptrace.diagnosis/1; `causes` is empty where it did not fail.

    Args:
        trace: what is to be shown, masked or revealed beforehand.
        name: the id of the session within this run.
        raw: the session as captured: no line is shown around an evidence that holds a part of its logins.
    """
    connection = trace.session.connection
    causes = [{**cause_object(cause, connection), "as_of": cause.as_of} for cause in trace.causes]
    for each in (each for cause in causes for each in cause["evidence"]):
        each["text"] = in_its_line(each["text"], each["frame"], raw)
    return {
        "schema": "smtptrace.diagnosis/1",
        "source": source_of(connection),
        "id": name,
        "client": str(connection.client),
        "server": str(connection.server),
        "server_flavour": server_flavour(trace.session),
        "causes": causes,
    }


def judgement_object(finding: Finding, trace: Trace | None, name: str | None) -> Object:
    """A finding on one session, or on the whole run where `trace` is None, as smtptrace.finding/1."""
    connection = trace.session.connection if trace else _OF_THE_RUN
    record = finding_object(finding, connection)
    for shown, each in zip(record["evidence"], finding.evidence, strict=True):
        shown["file"] = each.file or shown["file"] or None
    source = source_of(connection) if trace else None
    return {"schema": "smtptrace.finding/1", "source": source, "id": name, **record}


def diagnosis_lines(trace: Trace, name: str) -> Iterator[str]:
    """Why one session failed, for people."""
    connection = trace.session.connection
    flavour = server_flavour(trace.session)
    between = f"{connection.client} -> {connection.server}" if connection.server.host else connection.origin.path
    yield f"session {name}  {visible(between)}" + (f"  ({flavour})" if flavour else "")
    for number, cause in enumerate(trace.causes, 1):
        yield f"  {number}. {cause.slug}  ({cause.confidence:.0%} sure)"
        yield from _wrapped("", cause.summary)
        for each in cause.evidence:
            yield f"     {_place(each, connection)} {visible(each.text, 200)}"
        if number == 1:
            yield from _wrapped("fix: ", cause.fix)
            yield from _wrapped("see: ", "; ".join(cause.references) + _checked(cause.as_of))


def _checked(as_of: str | None) -> str:
    """When the source was read, where that matters."""
    if as_of is None:
        return ""
    return " (not checked against its source)" if as_of == UNCHECKED else f" (checked {as_of})"


def finding_lines(finding: Finding, connection: Connection | None, name: str | None) -> Iterator[str]:
    """One finding, for people."""
    where = f"session {name}" if name else "all sessions"
    sure = "" if finding.confidence >= 1 else f", {finding.confidence:.0%} sure"
    yield f"{finding.severity.name.lower():8} {finding.rule}  {where}  ({finding.basis.value}{sure})"
    yield from _wrapped("", finding.summary)
    for each in finding.evidence:
        yield f"     {_place(each, connection)} {visible(each.text, 200)}"
    if finding.innocent:
        yield from _wrapped("may be: ", "; or ".join(finding.innocent))
    yield from _wrapped("do: ", finding.advice)
    yield from _wrapped("see: ", "; ".join(finding.references))


def _place(evidence: Evidence, connection: Connection | None) -> str:
    """Where a line stands: the frame of a capture, the line of a text."""
    frame = evidence.span.frame if evidence.span else None
    text = connection is not None and not connection.origin.format.startswith(("pcap", "tshark"))
    where = "?" if frame is None else connection.origin.name(frame) if connection else str(frame)
    file = f"{visible(evidence.file)} " if evidence.file else ""
    return f"{file}{'line' if text else 'frame'} {where}:"


def _wrapped(label: str, text: str) -> list[str]:
    shown = visible(text, 2000)
    return textwrap.wrap(shown, _WIDTH, initial_indent=f"     {label}", subsequent_indent="     " + " " * len(label))
