"""TLS as far as smtptrace needs it: what the clear handshake tells, and the joining of opened records.

`Handshake` reads the octets of both sides from the point on where TLS begins, without keys.
"""

from smtptrace.tls.handshake import Handshake

__all__ = ["Handshake"]
