"""What a server says to what is not recorded, where it is to accept it."""

from __future__ import annotations

import base64

from smtptrace.smtp import AuthExchange, Reply, Round
from smtptrace.wire import Side, Span

ENOUGH = {"RSET": b"250 2.0.0 OK", "NOOP": b"250 2.0.0 OK", "QUIT": b"221 2.0.0 Bye"}
"""Where nothing else is asked for; none of it leaves the script."""

_NOWHERE = Span(Side.SERVER, 0, 0)
_REPLIES = {
    **ENOUGH,
    "EHLO": b"250 smtptrace",
    "HELO": b"250 smtptrace",
    "LHLO": b"250 smtptrace",
    "MAIL": b"250 2.1.0 OK",
    "RCPT": b"250 2.1.5 OK",
    "STARTTLS": b"220 2.0.0 go ahead",
    "VRFY": b"252 2.5.0 cannot tell",
    "EXPN": b"252 2.5.0 cannot tell",
    "HELP": b"214 2.0.0 no help",
}
_PROMPTS = {"LOGIN": (b"Username:", b"Password:"), "CRAM-MD5": (b"<1.1@smtptrace>",)}
_IN_ONE_GO = frozenset(("PLAIN", "XOAUTH2", "OAUTHBEARER", "EXTERNAL", "ANONYMOUS"))


def accepting(verb: str | None) -> bytes:
    """The reply of a server that takes whatever it is told."""
    return b"500 5.5.2 no command" if verb is None else _REPLIES.get(verb, b"250 2.0.0 OK")


def accepting_login(mechanism: str) -> AuthExchange | None:
    """A login that is accepted, as if recorded; None for a mechanism whose challenges cannot be made up."""
    if mechanism not in _IN_ONE_GO and mechanism not in _PROMPTS and not mechanism.startswith("SCRAM-SHA-"):
        return None
    initial = b"" if mechanism in _IN_ONE_GO else None
    rounds = tuple(Round(_challenge(each), b"", _NOWHERE) for each in _PROMPTS.get(mechanism, ()))
    reply = Reply(235, (b"235 2.7.0 accepted",), _NOWHERE)
    return AuthExchange(None, reply, False, (), mechanism, initial, rounds)


def _challenge(octets: bytes) -> Reply:
    return Reply(334, (b"334 " + base64.b64encode(octets),), _NOWHERE)
