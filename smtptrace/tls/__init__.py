"""TLS as far as smtptrace needs it: what the clear handshake tells, and what is opened with keys.

`Handshake` reads the octets of both sides from the point on where TLS begins, without keys. A `Course` gives the events
of a connection with its TLS opened by a `KeyLog`.
"""

from smtptrace.tls._keylog import KeyLog
from smtptrace.tls._messages import certificate_facts
from smtptrace.tls._order import in_order
from smtptrace.tls.course import Course
from smtptrace.tls.handshake import Handshake

__all__ = ["Course", "Handshake", "KeyLog", "certificate_facts", "in_order"]
