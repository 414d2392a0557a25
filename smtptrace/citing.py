"""Short evidence from a text is cited with what the text has around it: a few words alone could stand anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from smtptrace.auth import Credential
from smtptrace.diagnosis import Cause
from smtptrace.findings import Evidence, Finding
from smtptrace.wire import Span

J = TypeVar("J", Finding, Cause)

SHORT = 16
"""Words of fewer characters are cited with their whole line."""

LONGEST = 500
"""Octets of a source line that is cited whole; of a longer one only the words are."""


def cited(judgements: Iterable[J], lines: Sequence[bytes], credentials: Iterable[Credential]) -> tuple[J, ...]:
    """The judgements with whole source lines in place of short words.

    A line with a secret in it stays as it was said on the wire, so that it can be masked octet by octet.

    Args:
        judgements: findings or causes of one session.
        lines: the source, line by line; a frame is a number in it, from 1.
        credentials: those of the session, for where its secrets stand.
    """
    secret = [span for credential in credentials for span in credential.secret_spans]
    return tuple(
        replace(judgement, evidence=tuple(_whole(evidence, lines, secret) for evidence in judgement.evidence))
        for judgement in judgements
    )


def _whole(evidence: Evidence, lines: Sequence[bytes], secret: Sequence[Span]) -> Evidence:
    span = evidence.span
    if len(evidence.text) >= SHORT or span is None or _touched(span, secret):
        return evidence
    if span.frame is None or not 1 <= span.frame <= len(lines):
        return evidence
    line = lines[span.frame - 1].strip()
    if len(line) > LONGEST or evidence.text.encode("utf-8", "surrogateescape") not in line:
        return evidence
    if _touched(replace(span, stop=span.start + len(line)), secret):  # masking would take its last octets for secret
        return evidence
    return replace(evidence, text=line.decode("utf-8", "replace"))


def _touched(span: Span, secret: Sequence[Span]) -> bool:
    return any(each.side is span.side and each.frame == span.frame for each in secret) or any(
        each.side is span.side and each.start < span.stop and span.start < each.stop for each in secret
    )
