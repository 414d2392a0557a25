"""The client asks which addresses exist, by VRFY, EXPN or many refused recipients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings._evidence import of_exchange
from smtptrace.findings._finding import Basis, Evidence, Facet, Severity, Sight
from smtptrace.smtp import Exchange, Session

SEVERITY = Severity.MEDIUM
NEEDS = Facet.PROBES
BASIS = Basis.INFERRED
INNOCENT = ("an old mailing list", "an administrator's test")
REFERENCES = ("RFC 5321, 7.3", "MITRE ATT&CK T1589.002", "CWE-204")
ADVICE = "Turn VRFY and EXPN off (252 for all), and limit refused recipients for each client."
_MANY_QUESTIONS = 3
_MANY_REFUSED = 5


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:  # noqa: ARG001
    """Questions about addresses, and a run of refused recipients without content."""
    asked = [each for each in session.exchanges if _is(each, "VRFY", "EXPN", "XVRFY")]
    if asked:
        severity = SEVERITY if len(asked) >= _MANY_QUESTIONS else Severity.LOW
        answered = sum(1 for each in asked if each.reply and each.reply.code in {250, 251})
        summary = f"The client asks about {len(asked)} addresses by VRFY or EXPN; {answered} are confirmed"
        yield Sight(summary, _shown(asked), severity, 0.9, Basis.OBSERVED)
    recipients = [each for each in session.exchanges if _is(each, "RCPT") and each.reply]
    refused = [each for each in recipients if each.reply and each.reply.code in {550, 551, 553}]
    if len(refused) >= _MANY_REFUSED and 2 * len(refused) > len(recipients):
        summary = f"{len(refused)} of {len(recipients)} recipients are refused: consistent with probing for addresses"
        yield Sight(summary, _shown(refused), SEVERITY, 0.7)


def _is(exchange: Exchange, *verbs: str) -> bool:
    return exchange.command is not None and exchange.command.verb in verbs


def _shown(exchanges: list[Exchange]) -> tuple[Evidence, ...]:
    return tuple(of_exchange(each)[0] for each in exchanges[:3])
