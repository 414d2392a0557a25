"""An authority and a certificate that live as long as one run."""

from __future__ import annotations

import datetime
import ssl
from collections.abc import Iterable
from dataclasses import dataclass

from smtptrace.certificates import new_authority
from smtptrace.net import server_context

_LIFE = datetime.timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Throwaway:
    """The authority in PEM form, for clients to trust, and the settings of a server that it vouches for."""

    authority: bytes
    context: ssl.SSLContext


def throwaway(names: Iterable[str]) -> Throwaway:
    """A new authority and a certificate for these names (and numeric addresses)."""
    authority = new_authority("smtptrace serve, for this run", _LIFE)
    return Throwaway(authority.certificate, server_context(authority.issue(names, _LIFE)))
