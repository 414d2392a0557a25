"""A command line for swaks that sends the same again; secrets are variables of the shell."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from smtptrace.outputs._command_line import Sending, message_remark, quoted, script, sendings
from smtptrace.smtp import DataExchange
from smtptrace.trace import Trace

FORMAT = "swaks"

_MECHANISMS = frozenset(("LOGIN", "PLAIN", "CRAM-MD5", "DIGEST-MD5", "NTLM"))


def writer(stream: BinaryIO) -> Callable[[Trace, str], None]:
    """What writes the command lines of one session after the other to `stream`, as a shell script."""
    stream.write(b"#!/bin/sh\n")

    def session(trace: Trace, name: str) -> None:
        for sending in sendings(trace, name):
            stream.write(_command(sending))

    return session


def _command(sending: Sending) -> bytes:
    words = ["swaks", "--server", quoted(sending.host), "--port", str(sending.port)]
    if sending.helo:
        words += ["--ehlo", quoted(sending.helo)]
    words += {"none": [], "starttls": ["--tls"], "implicit": ["--tls-on-connect"]}[sending.tls]
    remarks = message_remark(sending)
    words += _login(sending, remarks)
    transaction = sending.transaction
    if transaction is None:
        words += ["--quit-after", "AUTH" if sending.login else "HELO"]
        return script(sending, words, remarks, here=False)
    words += ["--from", quoted(sending.sender or "<>"), "--to", quoted(",".join(sending.recipients))]
    if transaction.content is None:
        words += ["--quit-after", "RCPT" if transaction.recipients else "MAIL"]
        return script(sending, words, remarks, here=False)
    if isinstance(transaction.final, DataExchange) and transaction.final.intermediate is None:
        remarks.append("sent with BDAT; swaks sends it with DATA")
    here = sending.message is not None
    words += ["--data", "-" if here else "@message.eml"]
    return script(sending, words, remarks, here=here)


def _login(sending: Sending, remarks: list[str]) -> list[str]:
    login = sending.login
    if login is None:
        return []
    if login.mechanism not in _MECHANISMS:
        remarks.append(f"swaks has no {login.mechanism}; another mechanism is chosen from what the server offers")
    mechanism = login.mechanism if login.mechanism in _MECHANISMS else ""
    user = f"{login.domain}%{login.authcid}" if login.domain and login.mechanism == "NTLM" else login.authcid or ""
    words = ["--auth", *([mechanism] if mechanism else []), "--auth-user", quoted(user)]
    return [*words, "--auth-password", sending.variable]
