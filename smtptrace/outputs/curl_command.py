"""A command line for curl that sends the same again; secrets are variables of the shell."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO
from urllib.parse import quote

from smtptrace.auth import Exposure
from smtptrace.outputs._command_line import Sending, message_remark, quoted, script, sendings
from smtptrace.smtp import DataExchange
from smtptrace.trace import Trace

FORMAT = "curl"

_MECHANISMS = frozenset(
    "LOGIN PLAIN CRAM-MD5 DIGEST-MD5 NTLM GSSAPI EXTERNAL XOAUTH2 OAUTHBEARER SCRAM-SHA-1 SCRAM-SHA-256".split()
)


def writer(stream: BinaryIO) -> Callable[[Trace, str], None]:
    """What writes the command lines of one session after the other to `stream`, as a shell script."""
    stream.write(b"#!/bin/sh\n")

    def session(trace: Trace, name: str) -> None:
        for sending in sendings(trace, name):
            stream.write(_command(sending))

    return session


def _command(sending: Sending) -> bytes:
    scheme = "smtps" if sending.tls == "implicit" else "smtp"
    host = f"[{sending.host}]" if ":" in sending.host else sending.host
    words = [
        "curl",
        "--verbose",
        "--url",
        quoted(f"{scheme}://{host}:{sending.port}/{quote(sending.helo, safe='[]:', errors='surrogateescape')}"),
    ]
    if sending.tls == "starttls":
        words.append("--ssl-reqd")
    remarks = message_remark(sending)
    words += _login(sending, remarks)
    transaction = sending.transaction
    if transaction is None or not transaction.recipients or transaction.content is None:
        if transaction is not None:
            remarks.append("curl sends no transaction without content; this shows the login only")
        return script(sending, [*words, "--request", "NOOP"], remarks, here=False)
    words += ["--mail-from", quoted(sending.sender)]
    for recipient in sending.recipients:
        words += ["--mail-rcpt", quoted(recipient)]
    if isinstance(transaction.final, DataExchange) and transaction.final.intermediate is None:
        remarks.append("sent with BDAT; curl sends it with DATA")
    here = sending.message is not None
    words += ["--crlf", "--upload-file", "-" if here else "message.eml"]
    return script(sending, words, remarks, here=here)


def _login(sending: Sending, remarks: list[str]) -> list[str]:
    login = sending.login
    if login is None:
        return []
    user = f"{login.domain}\\{login.authcid}" if login.domain and login.mechanism == "NTLM" else login.authcid or ""
    words = ["--login-options", quoted(f"AUTH={login.mechanism}")] if login.mechanism in _MECHANISMS else []
    if not words:
        remarks.append(f"curl has no {login.mechanism}; another mechanism is chosen from what the server offers")
    if login.exposure is Exposure.BEARER:
        return [*words, "--user", quoted(f"{user}:"), "--oauth2-bearer", sending.variable]
    return [*words, "--user", quoted(f"{user}:") + sending.variable]
