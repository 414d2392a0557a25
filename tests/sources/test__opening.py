"""TLS opened with a key log: both versions, every kind of cipher, any port, any way in."""

from __future__ import annotations

import datetime
import shutil
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from smtptrace.errors import UnreadableError
from smtptrace.segment import Segment
from smtptrace.sources.tshark_source import opened_streams, read_key_log

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")

CLIENT = b"\x0a\0\0\x05\x0a\0\0\x19\xc3\x5b\x09\xdd"
SERVER = b"\x0a\0\0\x19\x0a\0\0\x05\x09\xdd\xc3\x5b"
KEYS = (CLIENT, SERVER)

SAID = [
    (1, b"220 mx.test ESMTP\r\n"),
    (0, b"EHLO app01\r\n"),
    (1, b"250-mx.test\r\n250 AUTH LOGIN\r\n"),
    (0, b"MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n"),
    (1, b"250 ok\r\n250 ok\r\n354 go\r\n"),
    (0, b"GET / HTTP/1.1\r\n\r\n" + b"0123456789abcdef\r\n" * 3000 + b"[7 bytes missing in capture file]\r\n.\r\n"),
    (1, b"250 queued\r\n"),
]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate with its key."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    none = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none)
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path


class Conversation:
    """Segments of two sides that speak; TLS through memory, without a network."""

    def __init__(self, first: int = 1, seq: tuple[int, int] = (1000, 5000)) -> None:
        self.segments: list[Segment] = []
        self._seq = list(seq)
        self._frame = first
        self._tls: list[tuple[ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO]] = []

    def say(self, side: int, octets: bytes, size: int = 1400) -> None:
        """Octets of one side in as many segments as they need."""
        for at in range(0, len(octets), size):
            piece = octets[at : at + size]
            seq, ack = self._seq[side] & 0xFFFFFFFF, self._seq[1 - side] & 0xFFFFFFFF
            self.segments.append((KEYS[side], self._frame, self._frame * 1000, seq, ack, 16, piece, 0))
            self._seq[side] += len(piece)
            self._frame += 1

    def secure(self, certificate: Path, key_log: Path, version: ssl.TLSVersion, ciphers: str | None = None) -> None:
        """A handshake."""
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
        client.keylog_filename = str(key_log)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(certificate)
        client.minimum_version = client.maximum_version = version
        if ciphers:
            client.set_ciphers(ciphers)
        for context, is_server in ((client, False), (server, True)):
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self._tls.append((context.wrap_bio(incoming, outgoing, server_side=is_server), incoming, outgoing))
        done = set()
        while len(done) < 2:
            for side in (0, 1):
                try:
                    self._tls[side][0].do_handshake()
                    done.add(side)
                except ssl.SSLWantReadError:
                    pass
                self._deliver(side)

    def _deliver(self, side: int) -> None:
        octets = self._tls[side][2].read()
        self.say(side, octets)
        self._tls[1 - side][1].write(octets)

    def protected(self, side: int, octets: bytes) -> None:
        """Octets of one side through TLS."""
        self._tls[side][0].write(octets)
        self._deliver(side)


def spoken(opened: list) -> list[tuple[int, bytes]]:
    """What each side said in turn."""
    turns: list[tuple[int, bytes]] = []
    for key, _, _, octets in opened:
        side = KEYS.index(key)
        before = turns.pop()[1] if turns and turns[-1][0] == side else b""
        turns.append((side, before + octets))
    return turns


def converse(certificate: Path, key_log: Path, version: ssl.TLSVersion, ciphers: str | None = None, **more):
    conversation = Conversation(**more)
    conversation.secure(certificate, key_log, version, ciphers)
    for side, octets in SAID:
        conversation.protected(side, octets)
    return conversation.segments


VERSIONS = [
    (ssl.TLSVersion.TLSv1_3, None),
    (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES256-GCM-SHA384"),
    (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-CHACHA20-POLY1305"),
    (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES128-SHA256"),
]


@pytest.mark.parametrize(("version", "ciphers"), VERSIONS)
def test_everything_that_was_said_is_opened(certificate, tmp_path, version, ciphers):
    """Octet for octet, on any port, whatever the content looks like to tshark."""
    segments = converse(certificate, tmp_path / "keys", version, ciphers)
    opened = list(opened_streams(segments, [read_key_log(str(tmp_path / "keys"))]))
    assert spoken(opened) == SAID
    places = {segment[1]: (segment[0], segment[2]) for segment in segments}
    assert all(places[frame] == (key, time_ns) for key, frame, time_ns, _ in opened)
    assert [frame for _, frame, _, _ in opened] == sorted(frame for _, frame, _, _ in opened)


def test_words_before_tls_do_not_matter(certificate, tmp_path):
    """STARTTLS or any other; they are not repeated, and neither is what another flow says."""
    conversation = Conversation(seq=(0xFFFFFFFF - 5, 0xFFFFFFFF - 2000))
    for side, octets in ((1, b"220 mx\r\n"), (0, b"EHLO a\r\n"), (1, b"250 STARTTLS\r\n"), (0, b"X-ANONYMOUSTLS\r\n")):
        conversation.say(side, octets)
    conversation.say(1, b"220 go\r\n")
    before = list(conversation.segments)
    conversation.secure(certificate, tmp_path / "keys", ssl.TLSVersion.TLSv1_3)
    conversation.protected(0, b"EHLO again\r\n")
    late = [before[1], before[0]]  # repeated by the network when TLS has begun
    segments = conversation.segments[:8] + late + conversation.segments[8:]
    keys = [b"# nothing", read_key_log(str(tmp_path / "keys"))]
    assert spoken(list(opened_streams(segments, keys))) == [(0, b"EHLO again\r\n")]


def test_segments_may_come_twice_and_in_disorder(certificate, tmp_path):
    """TCP puts them in order before TLS sees them."""
    segments = converse(certificate, tmp_path / "keys", ssl.TLSVersion.TLSv1_3)
    shuffled = [segments[at] for at in range(len(segments)) for _ in (0, 1)]
    last = max(at for at, segment in enumerate(segments) if segment[0] == CLIENT)
    shuffled[2 * last], shuffled[2 * last - 2] = shuffled[2 * last - 2], shuffled[2 * last]
    sides = {0: b"", 1: b""}
    for key, _, _, octets in opened_streams(shuffled, [read_key_log(str(tmp_path / "keys"))]):
        sides[KEYS.index(key)] += octets
    assert sides == {side: b"".join(octets for other, octets in SAID if other == side) for side in (0, 1)}


def test_what_is_lost_is_not_made_up(certificate, tmp_path):
    """Before the hole all is there; behind it nothing of that side, and no text of tshark's."""
    segments = converse(certificate, tmp_path / "keys", ssl.TLSVersion.TLSv1_2)
    long = [segment for segment in segments if segment[0] == CLIENT and len(segment[6]) == 1400]
    segments.remove(long[5])
    opened = list(opened_streams(segments, [read_key_log(str(tmp_path / "keys"))]))
    said = b"".join(octets for key, _, _, octets in opened if key == CLIENT)
    whole = b"".join(octets for side, octets in SAID if side == 0)
    assert whole.startswith(said)
    assert len(said) < len(whole)
    assert b"".join(octets for key, _, _, octets in opened if key == SERVER).endswith(b"250 queued\r\n")


def test_a_port_may_be_used_again(certificate, tmp_path):
    """A SYN ends the TLS before it; the next has keys of its own."""
    one = converse(certificate, tmp_path / "keys", ssl.TLSVersion.TLSv1_3)
    two = converse(certificate, tmp_path / "keys", ssl.TLSVersion.TLSv1_2, first=500, seq=(7, 9))
    syn = [(CLIENT, 400, 0, 6, 0, 2, b"", 0), (SERVER, 401, 0, 8, 7, 18, b"", 0), (CLIENT, 402, 0, 7, 9, 16, b"x", 0)]
    opened = list(opened_streams([*one, *syn, *two], [read_key_log(str(tmp_path / "keys"))]))
    assert spoken([item for item in opened if item[1] < 400]) == SAID
    assert spoken([item for item in opened if item[1] >= 500]) == SAID


def test_other_keys_open_nothing(certificate, tmp_path):
    """And no keys, and no TLS."""
    segments = converse(certificate, tmp_path / "keys", ssl.TLSVersion.TLSv1_3)
    clear = [(CLIENT, 1, 0, 1, 1, 24, b"EHLO a\r\n", 0)]
    other = b"CLIENT_TRAFFIC_SECRET_0 " + b"00" * 32 + b" " + b"11" * 48
    assert list(opened_streams(segments, [other])) == []
    assert list(opened_streams(segments, [])) == []
    assert list(opened_streams(clear, [read_key_log(str(tmp_path / "keys"))])) == []


def test_octets_that_are_no_tls_are_not_given_back(certificate, tmp_path):
    """A handshake that falls back to clear text gives no octets twice."""
    conversation = Conversation()
    conversation.secure(certificate, tmp_path / "keys", ssl.TLSVersion.TLSv1_3)
    conversation.say(0, b"MAIL FROM:<a@b.test>\r\n" * 20)
    conversation.say(1, b"\x17\x03\x03\x00\x05abcde")
    assert list(opened_streams(conversation.segments, [read_key_log(str(tmp_path / "keys"))])) == []


def test_keys_may_be_found_while_the_segments_are_read(certificate, tmp_path):
    """Those inside a pcapng are in the report by then."""
    keys: list[bytes] = []

    def segments() -> Iterator[Segment]:
        yield from converse(certificate, tmp_path / "keys", ssl.TLSVersion.TLSv1_3)
        keys.append(read_key_log(str(tmp_path / "keys")))

    assert spoken(list(opened_streams(segments(), keys))) == SAID


def test_a_key_log_that_cannot_be_read_is_named(tmp_path):
    """With the reason."""
    with pytest.raises(UnreadableError, match="none: no such file or directory"):
        read_key_log(str(tmp_path / "none"))
