"""The parts of a session's JSON object: exchanges, logins, transactions."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any

from smtptrace.auth import Credential, SecretIds
from smtptrace.grammar import enhanced_code
from smtptrace.outputs._message import message_facts
from smtptrace.outputs._time import iso
from smtptrace.secret import Masked
from smtptrace.smtp import AuthExchange, DataExchange, Exchange, Recipient, Reply, Transaction
from smtptrace.trace import Trace
from smtptrace.wire import Origin, Span

Object = dict[str, Any]


def put(record: Object, key: str, value: bytes | None) -> None:
    """The octets as text under `key`; where they are no UTF-8, also in base64 under `key_b64`."""
    if value is None:
        record[key] = None
        return
    try:
        record[key] = value.decode("utf-8")
    except UnicodeDecodeError:
        record[key] = value.decode("utf-8", "replace")
        record[f"{key}_b64"] = base64.b64encode(value).decode("ascii")


def octets(key: str, value: bytes | None) -> Object:
    """The same as an object of its own."""
    record: Object = {}
    put(record, key, value)
    return record


def frame_of(origin: Origin, span: Span | None) -> int | None:
    """The number of the packet or line within its file."""
    return None if span is None else origin.locate(span.frame)[1] if origin.parts else span.frame


def place(origin: Origin, span: Span | None) -> Object:
    """Frame and time of a span; the file too where the timeline is made of several."""
    if span is None:
        return {"frame": None, "time": None}
    if not origin.parts:
        return {"frame": span.frame, "time": iso(span.time_ns)}
    file, frame = origin.locate(span.frame)
    return {"frame": frame, "time": iso(span.time_ns), "file": file}


def exchanges(trace: Trace) -> list[Object]:
    """All exchanges in the order of their commands."""
    session = trace.session
    decoded = {
        id(auth): credential for auth, credential in zip(session.authentications, trace.credentials, strict=False)
    }
    origin = session.connection.origin
    return [_exchange(each, origin, decoded.get(id(each))) for each in session.exchanges]


def _exchange(exchange: Exchange, origin: Origin, credential: Credential | None) -> Object:
    command, reply = exchange.command, exchange.reply
    span = command.span if command is not None else reply.span if reply is not None else None
    record: Object = {"verb": command.verb if command is not None else None}
    put(record, "argument", command.argument if command is not None else None)
    record |= _NOTHING if reply is None else _said(reply.code, reply.lines)
    if span is None or origin.parts:
        record |= place(origin, span)
    else:
        record["frame"], record["time"] = span.frame, iso(span.time_ns)
    record["tls"] = exchange.tls
    if exchange.replies:
        record["codes"] = [each.code for each in exchange.replies]
    if isinstance(exchange, DataExchange):
        record["intermediate"] = exchange.intermediate.code if exchange.intermediate else None
    elif isinstance(exchange, AuthExchange):
        record["rounds"] = _rounds(credential)
    return record


_NOTHING: Object = {"code": None, "enhanced": None, "text": []}


@lru_cache(maxsize=1024)
def _said(code: int, lines: tuple[bytes, ...]) -> Object:
    """What a reply says; who gets it never changes it, since servers repeat themselves."""
    text = [line[4:].decode("utf-8", "replace") for line in lines]
    return {"code": code, "enhanced": enhanced_code(lines), "text": text}


def _rounds(credential: Credential | None) -> list[Object]:
    return [
        {"challenge": _joined(each.challenge), "response": _joined(each.response)}
        for each in (credential.rounds if credential else ())
    ]


def _joined(parts: Masked | None) -> str | None:
    return None if parts is None else "".join(map(str, parts))


def auth(credential: Credential, origin: Origin, ids: SecretIds) -> Object:
    """One login attempt."""
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
        **place(origin, span),
        "exposure": credential.exposure.value,
        "details": credential.details,
        "problems": list(credential.problems),
        "advice": credential.advice or None,
    }


def transaction(each: Transaction, origin: Origin) -> Object:
    """One mail transaction."""
    content, span = each.content, _where(each)
    return {
        **octets("reverse_path", each.reverse_path),
        "forward_paths": [_recipient(recipient) for recipient in each.recipients],
        "outcome": each.outcome.value,
        "complete": bool(content and content.complete),
        "size": content.size if content else None,
        "sha256": content.sha256 if content else None,
        "missing_octets": content.missing if content else 0,
        "queue_id": each.queue_id,
        "reply": _reply_text(each.final.reply if each.final else None),
        "auth": each.authentication,
        **place(origin, span),
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
    record: Object = {}
    put(record, "address", recipient.address)
    record["code"] = reply.code if reply else None
    record["enhanced"] = reply.enhanced if reply else None
    record["accepted"] = recipient.accepted
    record["time"] = iso(command.span.time_ns) if command else None
    return record


def _reply_text(reply: Reply | None) -> str | None:
    return b"\n".join(reply.lines).decode("utf-8", "replace") if reply else None
