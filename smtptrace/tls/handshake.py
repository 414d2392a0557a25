"""What a TLS handshake tells without any key."""

from __future__ import annotations

from smtptrace.tls._messages import (
    CERTIFICATE,
    CLIENT_HELLO,
    SERVER_HELLO,
    Messages,
    certificate,
    client_hello,
    server_hello,
)
from smtptrace.tls._names import alert_name, version_name
from smtptrace.tls._records import ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, OLD_HELLO, Record, Records
from smtptrace.wire import Certificate, Secured, Side

_FATAL = 2
_USUAL_ENDS = frozenset({0, 90})
"""close_notify, user_canceled (RFC 8446, 6.1)."""
_SEALED = "encrypted alert"


class Handshake:
    """Reads the octets of both sides from the point on where TLS begins; it never raises, whatever they are.

    `secured` holds at any time what was learnt so far. Octets that are no TLS are in clear: those the client sends
    between STARTTLS and its ClientHello were not protected and must not be believed (RFC 3207, 4.2), those of the
    server are what it answers instead of TLS.

    Args:
        implicit: TLS began with the first octet of the connection (RFC 8314).
    """

    def __init__(self, *, implicit: bool = False) -> None:
        self._implicit = implicit
        self._records = (Records(), Records())
        self._messages = (Messages(), Messages())
        self._encrypted = [False, False]
        self._offered: tuple[str, ...] = ()
        self._sni: str | None = None
        self._version: str | None = None
        self._cipher: str | None = None
        self._certificate: Certificate | None = None
        self._alert: tuple[Side, str] | None = None
        self._is_fatal = False
        self._after = 0
        self._has_data = False
        self._begun: tuple[int | None, int | None] | None = None

    def feed(self, side: Side, data: bytes, time_ns: int | None = None, frame: int | None = None) -> None:
        """Take the next octets of one side."""
        records = self._records[side]
        if self._alert is not None:
            self._after += len(data)
        for record in records.feed(data):
            if self._begun is None:
                self._begun = (time_ns, frame)
            self._take(side, record)

    def learn_certificate(self, body: bytes) -> None:
        """Take the server's Certificate message of TLS 1.3, which was opened with keys."""
        if self._certificate is None:
            self._certificate = certificate(body, with_context=True)

    def learn_alert(self, side: Side, content: bytes) -> None:
        """Take an alert that was opened with keys; a usual end is none."""
        if self._alert is not None and self._alert[1] == _SEALED:
            self._alert, self._is_fatal, self._after = None, False, 0
        if len(content) == 2 and content[1] not in _USUAL_ENDS and self._alert is None:
            self._alert, self._is_fatal, self._after = (side, alert_name(content[1])), True, 0

    def lose(self, side: Side) -> None:
        """Octets of a side are missing here; its later records cannot be found."""
        self._records[side].lose()

    @property
    def begun(self) -> bool:
        """Whether a TLS record was seen of either side."""
        return self._begun is not None

    @property
    def clear(self) -> tuple[bytes, bytes]:
        """The octets of (client, server) that are no TLS, the first 4 KiB of each."""
        return self._records[0].clear, self._records[1].clear

    @property
    def clear_octets(self) -> tuple[int, int]:
        """How many octets of (client, server) are no TLS."""
        return self._records[0].clear_octets, self._records[1].clear_octets

    @property
    def secured(self) -> Secured:
        """What was learnt so far; time and frame are those of the first record."""
        time_ns, frame = self._begun or (None, None)
        return Secured(
            implicit=self._implicit,
            version=self._version,
            cipher=self._cipher,
            sni=self._sni,
            offered=self._offered,
            certificate=self._certificate,
            alert=self._alert,
            octets_after_alert=self._after,
            time_ns=time_ns,
            frame=frame,
        )

    def _take(self, side: Side, record: Record) -> None:
        if record.kind == HANDSHAKE and not self._encrypted[side]:
            for kind, body in self._messages[side].feed(record.content):
                self._read(side, kind, body)
        elif record.kind == OLD_HELLO:
            self._offered = (version_name(int.from_bytes(record.content[1:3])),)
        elif record.kind == CHANGE_CIPHER_SPEC:
            self._encrypted[side] = self._version != "TLSv1.3"  # there it means nothing (RFC 8446, 5)
        elif record.kind == APPLICATION_DATA:
            self._has_data = True
        elif record.kind == ALERT:
            self._warn(side, record.content)

    def _read(self, side: Side, kind: int, body: bytes) -> None:
        if kind == CLIENT_HELLO and side is Side.CLIENT and not self._offered:
            asked = client_hello(body)
            if asked:
                self._offered, self._sni = asked.offered, asked.sni
        elif kind == SERVER_HELLO and side is Side.SERVER:
            chosen = server_hello(body)
            if chosen:
                self._version, self._cipher = chosen.version, chosen.cipher
        elif kind == CERTIFICATE and side is Side.SERVER and self._certificate is None:
            self._certificate = certificate(body)

    def _warn(self, side: Side, content: bytes) -> None:
        """Keep the first alert, or the first fatal one; one that is encrypted counts if nothing else came of TLS."""
        if len(content) == 2:  # one that is encrypted is longer
            is_fatal, meaning = content[0] == _FATAL, alert_name(content[1])
        elif not self._has_data and content:
            is_fatal, meaning = True, _SEALED
        else:
            return
        if self._alert is None or (is_fatal and not self._is_fatal):
            self._alert, self._is_fatal, self._after = (side, meaning), is_fatal, 0
