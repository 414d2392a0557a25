"""What to do where the console cannot go on."""

from __future__ import annotations

NOT_IN_CLEAR = (
    "not sent: there is no TLS, and credentials do not go in clear; type STARTTLS, "
    "or start again with --allow-plaintext-auth"
)

NO_GREETING = "no greeting"


def hint(problem: str, *, implicit: bool) -> str:
    """What may help after a connection broke, "" where nothing is known.

    Args:
        problem: how it broke.
        implicit: whether TLS was begun with the first octet.
    """
    if "certificate does not verify" in problem:
        return "; --ca-file FILE names who vouches for it, --insecure takes any certificate"
    if implicit and "version number" in problem:
        return "; the server does not begin in TLS: leave out --tls and type STARTTLS"
    if not implicit and problem.startswith(NO_GREETING):
        return "; a port for TLS at once, as 465 is, waits for the client: try --tls"
    return ""
