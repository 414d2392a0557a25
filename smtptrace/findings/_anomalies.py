"""What the rules about broken grammar and order have in common."""

from __future__ import annotations

from smtptrace.findings._evidence import of_anomaly
from smtptrace.findings._finding import Evidence
from smtptrace.smtp import Anomaly, Session


def of_kind(session: Session, *kinds: str) -> list[Anomaly]:
    """The anomalies of these kinds, in their order."""
    return [anomaly for anomaly in session.anomalies if anomaly.kind in kinds]


def shown(session: Session, anomalies: list[Anomaly]) -> tuple[Evidence, ...]:
    """The first three of them as evidence."""
    return tuple(of_anomaly(anomaly, session) for anomaly in anomalies[:3])


def counted(anomalies: list[Anomaly], what: str) -> str:
    """How many of them, in words."""
    return f"{what} ({len(anomalies)} times)" if len(anomalies) > 1 else what
