"""JSON lines: one object a session, one a source (schema smtptrace.session/1 and smtptrace.source/1)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import orjson

from smtptrace.auth import SecretIds
from smtptrace.coverage import Coverage
from smtptrace.diagnosis import Cause, server_flavour
from smtptrace.findings import Evidence, Finding
from smtptrace.outputs._community import community_id
from smtptrace.outputs._session import auth, exchanges, frame_of, octets, transaction
from smtptrace.outputs._time import iso
from smtptrace.smtp import Session
from smtptrace.trace import Part, Reading, Trace
from smtptrace.wire import Connection, Gap, Origin, Secured

Object = dict[str, Any]


def line(record: Object) -> bytes:
    """The object as one line of valid JSON (RFC 8259) in UTF-8 with its line end; lone surrogates become U+FFFD."""
    try:
        return orjson.dumps(record, default=str, option=orjson.OPT_APPEND_NEWLINE)
    except (
        TypeError
    ):  # a lone surrogate, an integer of more than 64 bits or a key that is no text: rare, so not checked for
        return orjson.dumps(_plain(record), default=str, option=orjson.OPT_APPEND_NEWLINE)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_plain(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 63:
        return str(value)
    return value


def session_object(trace: Trace, ids: SecretIds, name: str) -> Object:
    """The session as smtptrace.session/1.

    Args:
        trace: what is to be shown, masked or revealed beforehand.
        ids: names of secrets within this run.
        name: the id of the session within this run.
    """
    session = trace.session
    connection = session.connection
    origin = connection.origin
    digests = trace.digests or (None, None)
    return {
        "schema": "smtptrace.session/1",
        "id": name,
        "uid": _uid(connection),
        "source": source_of(connection),
        "community_id": community_id(connection),
        "client": str(connection.client),
        "server": str(connection.server),
        "start": iso(session.start_ns),
        "duration_s": _seconds(session.start_ns, session.end_ns),
        "client_octets": session.octets[0],
        "server_octets": session.octets[1],
        "client_sha256": digests[0],
        "server_sha256": digests[1],
        **_tls(session.tls, origin),
        "attempt": trace.attempt,
        "complete": session.complete,
        "gaps": [_gap(origin, at, gap) for at, gap in session.gaps],
        **octets("greeting", b"\n".join(session.greeting.lines) if session.greeting else None),
        "server_flavour": server_flavour(session),
        "extensions": list(_extensions(session)),
        "exchanges": exchanges(trace),
        "auth": [auth(credential, origin, ids) for credential in trace.credentials],
        "transactions": [transaction(each, origin) for each in session.transactions],
        "findings": [finding_object(finding, connection) for finding in trace.findings],
        "causes": [cause_object(cause, connection) for cause in trace.causes],
        "anomalies": [
            {"kind": each.kind, "detail": each.detail, "frame": frame_of(origin, each.span)}
            for each in session.anomalies
        ],
        "notes": [note.text for note in session.notes],
        "warnings": list(session.warnings),
    }


def source_object(reading: Reading, part: Part, coverage: Coverage, *, show_secrets: bool) -> Object:
    """The source as smtptrace.source/1, with the coverage of its reading."""
    report = part.report
    return {
        "schema": "smtptrace.source/1",
        "path": report.path,
        "sha256": part.sha256,
        "format": report.format,
        "engine": report.engine,
        "packets": report.packets,
        "skipped": dict(report.skipped),
        "sessions": reading.sessions,
        "first": iso(report.first_ns),
        "last": iso(report.last_ns),
        "damage": report.damage or part.input.damage,
        "notices": list(report.notices),
        "clock_offset_s": part.clock_offset_ns / 1e9,
        "show_secrets": show_secrets,
        "attempts": dict(reading.attempts),
        "coverage": {
            **asdict(coverage),
            "silences": [{"from": iso(first), "to": iso(last)} for first, last in reading.silences],
            "drops": dict(report.drops),
        },
    }


def session_id(connection: Connection, number: int | None) -> str:
    """What `-s` takes: the frame (line) of the first packet, after the file's number where there are several."""
    origin, frame = connection.origin, connection.number
    if origin.parts:
        return origin.name(frame)
    return f"{frame}" if number is None else f"{number}:{frame}"


def finding_object(finding: Finding, connection: Connection) -> Object:
    """A finding as it stands in a session."""
    return {
        "rule": finding.rule,
        "severity": finding.severity.name.lower(),
        "basis": finding.basis.value,
        "confidence": finding.confidence,
        "summary": finding.summary,
        "advice": finding.advice,
        "innocent": list(finding.innocent),
        "references": list(finding.references),
        "evidence": _evidence(finding.evidence, connection),
    }


def cause_object(cause: Cause, connection: Connection) -> Object:
    """A cause as it stands in a session."""
    return {
        "class": cause.slug,
        "confidence": cause.confidence,
        "summary": cause.summary,
        "fix": cause.fix,
        "references": list(cause.references),
        "evidence": _evidence(cause.evidence, connection),
    }


def _evidence(evidence: Iterable[Evidence], connection: Connection) -> list[Object]:
    return [
        {
            "file": connection.origin.locate(each.span.frame if each.span else None)[0],
            "frame": frame_of(connection.origin, each.span),
            "time": iso(each.span.time_ns) if each.span else None,
            "text": each.text,
        }
        for each in evidence
    ]


def _uid(connection: Connection) -> str:
    origin = connection.origin
    parts = (connection.client, connection.server, connection.time_ns, connection.number, origin.sha256)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def source_of(connection: Connection) -> Object:
    """Where a session was read from."""
    origin = connection.origin
    return {
        "path": origin.locate(connection.number)[0],
        "format": origin.format,
        "confidence": origin.confidence,
        "time_basis": origin.time_basis.value,
        "clock_offset_s": origin.clock_offset_ns(connection.number) / 1e9,
    }


def _gap(origin: Origin, offset: int, gap: Gap) -> Object:
    file, frame = origin.locate(gap.frame)
    record = {"side": gap.side.name.lower(), "offset": offset, "octets": gap.size, "reason": gap.reason.value}
    return {**record, "frame": frame, **({"file": file} if origin.parts else {})}


def _seconds(start_ns: int | None, end_ns: int | None) -> float | None:
    return None if start_ns is None or end_ns is None else round((end_ns - start_ns) / 1e9, 9)


def _tls(secured: Secured | None, origin: Origin) -> Object:
    if secured is None:
        return {"tls": "none", "decrypted": False, "tls_info": None}
    return {
        "tls": "implicit" if secured.implicit else "starttls",
        "decrypted": secured.opened,
        "tls_info": {
            "version": secured.version,
            "cipher": secured.cipher,
            "sni": secured.sni,
            "offered": list(secured.offered),
            "certificate": _certificate(secured),
            "alert": secured.alert and {"side": secured.alert[0].name.lower(), "description": secured.alert[1]},
            "octets_after_alert": secured.octets_after_alert,
            "frame": origin.locate(secured.frame)[1],
        },
    }


def _certificate(secured: Secured) -> Object | None:
    if secured.certificate is None:
        return None
    facts = asdict(secured.certificate)
    return {**facts, "not_before": iso(facts.pop("not_before_ns")), "not_after": iso(facts.pop("not_after_ns"))}


def _extensions(session: Session) -> tuple[str, ...]:
    return session.extensions_tls or session.extensions or ()
