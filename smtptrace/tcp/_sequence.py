"""Sequence numbers, which count octets modulo 2^32 (RFC 9293, 3.4)."""

from __future__ import annotations

SEQUENCE = 0xFFFFFFFF
AHEAD = 1 << 31
WINDOW = 1 << 30
"""No receiver offers a larger window (RFC 7323, 2.3)."""
NEAR = 1 << 24
"""What is further away than this can hardly belong to the same octets."""


def distance(seq: int, reference: int) -> int:
    """How far `seq` is ahead of `reference`, negative where it is behind."""
    return ((seq - reference + AHEAD) & SEQUENCE) - AHEAD
