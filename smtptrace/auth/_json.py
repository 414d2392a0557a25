"""JSON from a peer: never raises, never recurses deeply, never spends long."""

from __future__ import annotations

import json
import re
from typing import Any

_LONGEST = 64 * 1024
_DEEPEST = 32
_LONG_NUMBER = re.compile(rb"[0-9]{40}")
_BRACKET = re.compile(rb"[\[{]|[\]}]")


def read_object(octets: bytes) -> dict[str, Any] | None:
    """The JSON object, None where the octets are none, or are longer than 64 KiB or nested deeper than 32."""
    if len(octets) > _LONGEST or not octets.lstrip().startswith(b"{") or _is_dangerous(octets):
        return None
    try:
        found = json.loads(octets)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _is_dangerous(octets: bytes) -> bool:
    """Whether the parser would recurse deeply, or convert a number of thousands of digits."""
    if _LONG_NUMBER.search(octets):
        return True
    depth = 0
    for bracket in _BRACKET.finditer(octets):
        depth += 1 if bracket.group() in b"[{" else -1
        if depth > _DEEPEST:
            return True
    return False
