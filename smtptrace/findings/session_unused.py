"""The session was opened and nothing was done in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings._evidence import of_reply
from smtptrace.findings._finding import Facet, Severity, Sight
from smtptrace.smtp import Session

SEVERITY = Severity.INFO
NEEDS = Facet.UNUSED
INNOCENT = ("monitoring, or the health check of a load balancer", "a client that found no mechanism it could use")
REFERENCES = ("RFC 5321, 3.1",)
ADVICE = "If nobody watches the server from that address, ask what it is."
_WORK = frozenset(("MAIL", "RCPT", "DATA", "BDAT", "AUTH", "X-EXPS", "VRFY", "EXPN", "ETRN"))


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:  # noqa: ARG001
    """A greeting, and no command that does anything, in a session that can be read to its end."""
    secured = session.tls
    if session.greeting is None or session.gaps or (secured is not None and not secured.opened):
        return
    if any(exchange.command and exchange.command.verb in _WORK for exchange in session.exchanges):
        return
    if session.closes:
        yield Sight("The session is opened and closed without a login or mail", (of_reply(session.greeting),))
