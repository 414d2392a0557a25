"""Each message as a file, exactly as the server took it, with a sidecar that says where it came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smtptrace._private import private_file
from smtptrace.outputs._session import frame_of
from smtptrace.outputs._text import visible
from smtptrace.outputs._time import iso
from smtptrace.smtp import Content, Transaction
from smtptrace.trace import Trace
from smtptrace.wire import Origin

Object = dict[str, Any]


@dataclass(slots=True)
class Message:
    """One message of a trace; `name` is the file's name, made of the session's id and the message's number only."""

    name: str
    transaction: Transaction
    content: Content
    trace: Trace
    session_id: str

    def octets(self) -> bytes:
        """What goes into the file; where octets are missing, a line in their place says so."""
        data = self.content.data or b""
        pieces, done = [], 0
        for offset, size in self.content.holes:
            number = "octets of unknown number" if size is None else f"{size} octets"
            pieces += [data[done:offset], f"\r\n[smtptrace: {number} are missing here]\r\n".encode()]
            done = offset
        return b"".join([*pieces, data[done:]])

    def sidecar(self) -> Object:
        """Envelope, place in the evidence, digests and what is missing; smtptrace.message/1."""
        transaction, content = self.transaction, self.content
        data = content.data or b""
        whole = content.complete
        origin = self.trace.session.connection.origin
        return {
            "schema": "smtptrace.message/1",
            "file": self.name,
            "session": self.session_id,
            "source": origin.locate(content.span.frame if content.span else None)[0],
            "clock_offset_s": origin.clock_offset_ns(content.span.frame if content.span else None) / 1e9,
            "client": str(self.trace.session.connection.client),
            "server": str(self.trace.session.connection.server),
            "time": iso(content.span.time_ns if content.span else None),
            "frames": _frames(transaction, content, origin),
            "reverse_path": visible(transaction.reverse_path),
            "forward_paths": [
                {"address": visible(each.address), "accepted": each.accepted} for each in transaction.recipients
            ],
            "outcome": transaction.outcome.value,
            "queue_id": transaction.queue_id,
            "login": _login(self.trace, transaction),
            "complete": whole,
            "size": len(data),
            "missing_octets": content.missing,
            "holes": [{"offset": offset, "octets": size} for offset, size in content.holes],
            "md5": hashlib.md5(data, usedforsecurity=False).hexdigest() if whole else None,
            "sha1": hashlib.sha1(data, usedforsecurity=False).hexdigest() if whole else None,
            "sha256": content.sha256 if whole else None,
        }


def messages(trace: Trace, session_id: str) -> Iterator[Message]:
    """The messages of a trace whose content was kept, whole or not, in order."""
    number = 0
    for transaction in trace.session.transactions:
        content = transaction.content
        if content is not None and content.data is not None:
            number += 1
            mark = "" if content.complete else "-incomplete"
            name = f"{session_id.replace(':', '-')}-{number}{mark}.eml"
            yield Message(name, transaction, content, trace, session_id)


def store(message: Message, folder: Path) -> Object:
    """Write message and sidecar into the folder (mode 0600) and give the sidecar.

    Raises:
        UsageError: a file of that name exists, or cannot be written.
    """
    sidecar = message.sidecar()
    with private_file(folder / message.name) as file:
        file.write(message.octets())
    with private_file(folder / f"{message.name}.json") as file:
        file.write(json.dumps(sidecar, indent=1, allow_nan=False).encode() + b"\n")
    return sidecar


def _frames(transaction: Transaction, content: Content, origin: Origin) -> Object:
    mail = transaction.mail.command if transaction.mail else None
    reply = transaction.final.reply if transaction.final else None
    places = {
        "mail": mail.span if mail else None,
        "content": content.span,
        "reply": reply.span if reply else None,
    }
    return {what: frame_of(origin, span) for what, span in places.items()}


def _login(trace: Trace, transaction: Transaction) -> str | None:
    at = transaction.authentication
    return trace.credentials[at].authcid if at is not None and at < len(trace.credentials) else None
