"""TLS as far as smtptrace needs it: what the clear handshake tells, and the joining of opened records.

`Handshake` reads the octets of both sides from the point on where TLS begins, without keys. `join` puts a connection
together whose TLS records were opened.
"""

from smtptrace.tls._messages import certificate_facts
from smtptrace.tls.handshake import Handshake
from smtptrace.tls.join import Opened, join

__all__ = ["Handshake", "Opened", "certificate_facts", "join"]
