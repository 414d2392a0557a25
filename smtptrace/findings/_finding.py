"""What a rule says."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from smtptrace.wire import Span


class Severity(enum.IntEnum):
    """How much a finding matters."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Basis(enum.Enum):
    """Whether the octets show it, or it was concluded from them."""

    OBSERVED = "observed"
    INFERRED = "inferred"


class Facet(enum.IntFlag):
    """What a session has that a rule needs; a rule is asked only about sessions that have all it names."""

    ANY = 0
    CREDENTIALS = 1
    TRANSACTIONS = 2
    ANOMALIES = 4
    TLS = 8
    GAPS = 16
    OFFER_IN_CLEAR = 32
    PROBES = 64
    SLOW = 128
    UNUSED = 256
    REFUSALS = 512


@dataclass(slots=True)
class Evidence:
    """A place that shows it: the whole line as text (secrets masked later), and where it stands.

    `file` is the input, where it is not that of the one session the judgement is about.
    """

    text: str
    span: Span | None = None
    file: str | None = None


@dataclass(slots=True)
class Sight:
    """What a rule saw in one session; `severity`, `basis` and `confidence` where they differ from the rule's own."""

    summary: str
    evidence: tuple[Evidence, ...]
    severity: Severity | None = None
    confidence: float = 1.0
    basis: Basis | None = None


@dataclass(slots=True)
class Finding:
    """One judgement on one session."""

    rule: str
    severity: Severity
    summary: str
    evidence: tuple[Evidence, ...]
    basis: Basis = Basis.OBSERVED
    confidence: float = 1.0
    innocent: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    advice: str = ""
