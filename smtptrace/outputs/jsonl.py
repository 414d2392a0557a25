"""JSON lines: one object a session, one a source (schema smtptrace.session/1 and smtptrace.source/1)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from smtptrace.auth import Credential, SecretIds
from smtptrace.coverage import Coverage
from smtptrace.diagnosis import Cause, server_flavour
from smtptrace.findings import Evidence, Finding
from smtptrace.outputs._community import community_id
from smtptrace.outputs._message import message_facts
from smtptrace.outputs._time import iso
from smtptrace.secret import Masked
from smtptrace.smtp import AuthExchange, DataExchange, Exchange, Recipient, Reply, Session, Transaction
from smtptrace.trace import Part, Reading, Trace
from smtptrace.wire import PART_BITS, Connection, Gap, Origin, Secured, Span

Object = dict[str, Any]

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(", ", ": "), default=str).encode


def line(record: Object) -> str:
    """The object as one line of valid JSON; lone surrogates become U+FFFD."""
    text = _encode(record)
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


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
        "source": _source(connection),
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
        "complete": session.complete,
        "gaps": [
            {
                "side": gap.side.name.lower(),
                "offset": at,
                "octets": gap.size,
                "reason": gap.reason.value,
                "frame": gap.frame,
            }
            for at, gap in session.gaps
        ],
        **_octets("greeting", b"\n".join(session.greeting.lines) if session.greeting else None),
        "server_flavour": server_flavour(session),
        "extensions": list(_extensions(session)),
        "exchanges": _exchanges(trace),
        "auth": [_auth(credential, origin, ids) for credential in trace.credentials],
        "transactions": [_transaction(each, origin) for each in session.transactions],
        "findings": [finding_object(finding, connection) for finding in trace.findings],
        "causes": [cause_object(cause, connection) for cause in trace.causes],
        "anomalies": [
            {"kind": each.kind, "detail": each.detail, "frame": _frame(origin, each.span)} for each in session.anomalies
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
        "sha256": part.input.sha256(),
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
        "attempts": {how.value if how else "silent-server": count for how, count in reading.attempts.items()},
        "coverage": {
            **asdict(coverage),
            "silences": [{"from": iso(first), "to": iso(last)} for first, last in reading.silences],
            "drops": dict(report.drops),
        },
    }


def session_id(connection: Connection, number: int | None) -> str:
    """What `-s` takes: the frame (line) of the first packet, after the file's number where there are several."""
    origin, frame = connection.origin, connection.number
    if origin.parts and frame is not None:
        return f"{(frame >> PART_BITS) + 1}:{origin.locate(frame)[1]}"
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
            "frame": _frame(connection.origin, each.span),
            "time": iso(each.span.time_ns) if each.span else None,
            "text": each.text,
        }
        for each in evidence
    ]


def _octets(key: str, octets: bytes | None) -> Object:
    """The octets as text under `key`; where they are no UTF-8, also in base64 under `key_b64`."""
    if octets is None:
        return {key: None}
    try:
        return {key: octets.decode("utf-8")}
    except UnicodeDecodeError:
        return {key: octets.decode("utf-8", "replace"), f"{key}_b64": base64.b64encode(octets).decode("ascii")}


def _uid(connection: Connection) -> str:
    origin = connection.origin
    parts = (connection.client, connection.server, connection.time_ns, connection.number, origin.sha256)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _source(connection: Connection) -> Object:
    origin = connection.origin
    return {
        "path": origin.path,
        "format": origin.format,
        "confidence": origin.confidence,
        "time_basis": origin.time_basis.value,
    }


def _gap(origin: Origin, offset: int, gap: Gap) -> Object:
    side = gap.side.name.lower()
    return {
        "side": side,
        "offset": offset,
        "octets": gap.size,
        "reason": gap.reason.value,
        "frame": origin.locate(gap.frame)[1],
    }


def _frame(origin: Origin, span: Span | None) -> int | None:
    return None if span is None else origin.locate(span.frame)[1]


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


def _exchanges(trace: Trace) -> list[Object]:
    session = trace.session
    decoded = {
        id(auth): credential for auth, credential in zip(session.authentications, trace.credentials, strict=False)
    }
    origin = session.connection.origin
    return [_exchange(each, origin, decoded.get(id(each))) for each in session.exchanges]


def _exchange(exchange: Exchange, origin: Origin, credential: Credential | None) -> Object:
    command, reply = exchange.command, exchange.reply
    span = command.span if command else reply.span if reply else None
    record: Object = {
        "verb": command.verb if command else None,
        **_octets("argument", command.argument if command else None),
        "code": reply.code if reply else None,
        "enhanced": reply.enhanced if reply else None,
        "text": _texts(reply),
        "frame": _frame(origin, span),
        "time": iso(span.time_ns) if span else None,
        "tls": exchange.tls,
    }
    if exchange.replies:
        record["codes"] = [each.code for each in exchange.replies]
    if isinstance(exchange, DataExchange):
        record["intermediate"] = exchange.intermediate.code if exchange.intermediate else None
    if isinstance(exchange, AuthExchange):
        record["rounds"] = _rounds(credential)
    return record


def _texts(reply: Reply | None) -> list[str]:
    return [text.decode("utf-8", "replace") for text in reply.texts] if reply else []


def _rounds(credential: Credential | None) -> list[Object]:
    return [
        {"challenge": _joined(each.challenge), "response": _joined(each.response)}
        for each in (credential.rounds if credential else ())
    ]


def _joined(parts: Masked | None) -> str | None:
    return None if parts is None else "".join(map(str, parts))


def _auth(credential: Credential, origin: Origin, ids: SecretIds) -> Object:
    span = credential.span
    return {
        "mechanism": credential.mechanism,
        "verb": credential.verb,
        "authcid": credential.authcid,
        "authzid": credential.authzid,
        "domain": credential.domain,
        "secret": None if credential.secret is None else str(credential.secret),
        "secret_id": None if credential.secret is None else ids.of(credential.secret),
        "outcome": credential.outcome.value,
        "code": credential.code,
        "tls": credential.tls,
        "frame": _frame(origin, span),
        "time": iso(span.time_ns) if span else None,
        "exposure": credential.exposure.value,
        "details": credential.details,
        "problems": list(credential.problems),
    }


def _transaction(each: Transaction, origin: Origin) -> Object:
    content, span = each.content, _where(each)
    return {
        **_octets("reverse_path", each.reverse_path),
        "forward_paths": [_recipient(recipient) for recipient in each.recipients],
        "outcome": each.outcome.value,
        "complete": bool(content and content.complete),
        "size": content.size if content else None,
        "sha256": content.sha256 if content else None,
        "missing_octets": content.missing if content else 0,
        "queue_id": each.queue_id,
        "reply": _reply_text(each.final.reply if each.final else None),
        "auth": each.authentication,
        "frame": _frame(origin, span),
        "time": iso(span.time_ns) if span else None,
        **message_facts(content),
    }


def _where(each: Transaction) -> Span | None:
    """Where a transaction begins, or the first that is seen of it."""
    for exchange in (each.mail, *(recipient.exchange for recipient in each.recipients), each.final):
        if exchange is not None and exchange.command is not None:
            return exchange.command.span
    return None


def _recipient(recipient: Recipient) -> Object:
    reply, command = recipient.exchange.reply, recipient.exchange.command
    return {
        **_octets("address", recipient.address),
        "code": reply.code if reply else None,
        "enhanced": reply.enhanced if reply else None,
        "accepted": recipient.accepted,
        "time": iso(command.span.time_ns) if command else None,
    }


def _reply_text(reply: Reply | None) -> str | None:
    return b"\n".join(reply.lines).decode("utf-8", "replace") if reply else None
