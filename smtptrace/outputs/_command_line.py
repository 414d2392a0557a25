"""What swaks and curl need to know to send again what a session sent."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from smtptrace.auth import AuthOutcome, Credential, Exposure
from smtptrace.smtp import Transaction
from smtptrace.trace import Trace

_TEXT = re.compile(rb"[\t\r\n\x20-\x7e\x80-\xff]*")


@dataclass(slots=True)
class Sending:
    """One command line to be: where to, as whom, with which mail transaction (None where there was none)."""

    trace: Trace
    name: str
    host: str
    port: int
    helo: str
    tls: str
    login: Credential | None
    transaction: Transaction | None

    @property
    def variable(self) -> str:
        """The shell variable that the secret is taken from; the shell complains where it is not set."""
        bearer = self.login is not None and self.login.exposure is Exposure.BEARER
        return '"${TOKEN:?set it to the access token}"' if bearer else '"${PASSWORD:?set it to the password}"'

    @property
    def sender(self) -> str:
        """The reverse-path."""
        return _text(self.transaction.reverse_path) if self.transaction else ""

    @property
    def recipients(self) -> list[str]:
        """The forward-paths, those refused too."""
        return [_text(each.address) for each in self.transaction.recipients] if self.transaction else []

    @property
    def message(self) -> str | None:
        """The message as text for a here-document, None where it is not all here or no text."""
        content = self.transaction.content if self.transaction else None
        if content is None or content.data is None or not content.complete or not _TEXT.fullmatch(content.data):
            return None
        try:
            return content.data.decode("utf-8").replace("\r\n", "\n")
        except UnicodeDecodeError:
            return None


def sendings(trace: Trace, name: str) -> Iterator[Sending]:
    """One for each mail transaction, or one for a session without any."""
    session = trace.session
    login = _login(trace)
    tls = "none" if session.tls is None else "implicit" if session.tls.implicit else "starttls"
    server = session.connection.server
    for transaction in session.transactions or (None,):
        helo = _text(session.helo) if session.helo else ""
        yield Sending(trace, name, server.host or "localhost", server.port or 25, helo, tls, login, transaction)


def script(sending: Sending, words: list[str], remarks: list[str], here: bool) -> bytes:
    """The command line with comments above it and, if asked for, the message below it; `words` are quoted already."""
    lines = [f"# session {_line(sending.name)}", *(f"# {_line(remark)}" for remark in remarks)]
    message = sending.message if here else None
    if message is None:
        return ("\n".join([*lines, " ".join(words)]) + "\n\n").encode("utf-8", "surrogateescape")
    end = "END_OF_MESSAGE"
    while end in message:
        end += "_"
    text = "\n".join([*lines, f"{' '.join(words)} <<'{end}'", message.removesuffix("\n"), end])
    return (text + "\n\n").encode("utf-8", "surrogateescape")


def quoted(text: str) -> str:
    """The text as one word of a shell; controls are left out."""
    return shlex.quote(re.sub(r"[\x00-\x1f\x7f]", "", text))


def message_remark(sending: Sending) -> list[str]:
    """What is to be said where the message cannot stand in the command line."""
    if sending.transaction is None or sending.transaction.content is None or sending.message is not None:
        return []
    return ["the message is not all here, or no text: `smtptrace extract` writes it to a file; name that file below"]


def _login(trace: Trace) -> Credential | None:
    """The login that succeeded, else the last that was tried."""
    accepted = [each for each in trace.credentials if each.outcome is AuthOutcome.ACCEPTED]
    tried = [each for each in trace.credentials if each.verb]
    return (accepted or tried)[-1] if tried else None


def _line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")
