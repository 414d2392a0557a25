"""Which mechanism an exchange shows, whatever the command calls it."""

from __future__ import annotations

from smtptrace.auth._kinds import kind_of
from smtptrace.auth._talk import Talk

_CARRIERS = {
    "gssapi": {"gss_spnego", "ntlm", "gssapi"},
    "gss_spnego": {"gss_spnego", "ntlm", "gssapi"},
    "ntlm": {"ntlm", "gss_spnego"},
    "exchangeauth": {"gss_spnego", "gssapi", "exchangeauth", "ntlm"},
}
"""Mechanism names under which another one's octets are in order: Windows negotiates inside GSSAPI."""


_OWN_PLAIN = frozenset(("LOGIN", "PLAIN", "EXTERNAL", "ANONYMOUS"))
"""Mechanisms that read the three fields of PLAIN themselves, or take any text."""


def mechanism_of(talk: Talk) -> str | None:
    """The entry that the client's first response shows, None where it does not tell."""
    first = next((response.octets for response in talk.responses if response.octets), None)
    kind = None if first is None else kind_of(first)
    return None if kind == "plain" and talk.mechanism in _OWN_PLAIN else kind


def mismatch(shown: str | None, called: str | None) -> tuple[str, ...]:
    """The problem of octets that belong to another mechanism's file than the one that serves the command's name."""
    if shown is None or called is None or shown in _CARRIERS.get(called, {called}):
        return ()
    return (f"{shown.replace('_', '-')}-response-in-{called.replace('_', '-')}",)
