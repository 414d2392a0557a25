"""One side waited for the other too long, and the server closed."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight

FIX = {
    "any": (
        "Look: the times of the last lines: who was waiting for whom? Change: close idle connections in the "
        "client; if a long DATA stalls, look at the path (MTU, inspection)."
    ),
}
REFERENCES = ("RFC 5321, 4.5.3.2",)
AT = ()


def weigh(case: Case) -> Weight | None:
    """The words; weaker where another refusal came before."""
    said = case.said("idle-timeout")
    if said is None:
        return None
    first = case.first
    return said if first is None or first.reply.code in {421, 451} else Weight(said.confidence * 0.6, said.evidence)
