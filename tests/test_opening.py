"""TLS opened with keys: every version and kind of cipher, any port, any way in, with records lost on the way."""

from __future__ import annotations

import random
import re
import ssl
import warnings
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from support.data import CAPTURES
from support.handshakes import client_hello, server_hello
from support.secure import NO_ENCRYPT_THEN_MAC, SAID, C, Conversation, Opened, S, open_all

from smtptrace import opening
from smtptrace.errors import UnreadableError
from smtptrace.segment import Segment
from smtptrace.tls._secrets import expand_label
from smtptrace.trace import Options, Reading
from smtptrace.wire import GapReason, Irregularity, Octets, Side

CAPTURE = CAPTURES / "exim-starttls-login.pcapng"
KEYS = CAPTURES / "exim-starttls-login.keys"
TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3 = (
    ssl.TLSVersion.TLSv1,
    ssl.TLSVersion.TLSv1_1,
    ssl.TLSVersion.TLSv1_2,
    ssl.TLSVersion.TLSv1_3,
)
WEAK = ":@SECLEVEL=0"
CIPHERS = [
    (TLS_1_3, None, 0),
    (TLS_1_2, "ECDHE-ECDSA-AES256-GCM-SHA384", 0),
    (TLS_1_2, "ECDHE-ECDSA-CHACHA20-POLY1305", 0),
    (TLS_1_2, "ECDHE-ECDSA-AES128-CCM", 0),
    (TLS_1_2, "ECDHE-ECDSA-AES256-CCM8" + WEAK, 0),
    (TLS_1_2, "ECDHE-ECDSA-AES256-SHA384", 0),
    (TLS_1_2, "ECDHE-ECDSA-AES128-SHA256", NO_ENCRYPT_THEN_MAC),
    (TLS_1_2, "ECDHE-ECDSA-NULL-SHA" + WEAK, 0),
    (TLS_1_1, "ECDHE-ECDSA-AES128-SHA" + WEAK, 0),
    (TLS_1_0, "ECDHE-ECDSA-AES128-SHA" + WEAK, 0),
    (TLS_1_0, "ECDHE-ECDSA-AES256-SHA" + WEAK, NO_ENCRYPT_THEN_MAC),
]
every_cipher = pytest.mark.parametrize(("version", "ciphers", "options"), CIPHERS)
WHOLE = {side: b"".join(octets for other, octets in SAID if other is side) for side in Side}


@pytest.fixture(autouse=True)
def _old_versions() -> Iterator[None]:
    """Python warns of versions that nobody should use any more."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def talk(version: ssl.TLSVersion = TLS_1_3, ciphers: str | None = None, options: int = 0) -> Conversation:
    return Conversation().open().shake(version, ciphers, options).tell()


def the_one(segments: list[Segment], *key_logs: bytes) -> Opened:
    (found,) = open_all(segments, *key_logs)
    return found


def ended(conversation: Conversation) -> list[Segment]:
    """The FIN of both, so that TCP knows what is missing."""
    one, two = conversation.keys
    at, other = conversation._seq
    return [(one, 10**6, 10**12, at, other, 17, b"", 0), (two, 10**6 + 1, 10**12, other, at + 1, 17, b"", 0)]


# --- what was said


@every_cipher
def test_everything_that_was_said_is_opened(version, ciphers, options):
    """Octet for octet, on any port, with the packet that completed each record."""
    conversation = talk(version, ciphers, options)
    found = the_one(conversation.segments, b"# nothing", conversation.key_log)
    assert found.turns() == SAID
    assert (found.secured.opened, found.secured.implicit, found.gaps, found.oddities) == (True, True, [], [])
    assert found.secured.certificate is not None
    places = {segment[1]: segment[2] for segment in conversation.segments}
    assert all(places[event.frame] == event.time_ns for event in found.events if event.frame)


def test_each_side_may_come_by_itself():
    """As TCP gives them where the order of the sides does not matter."""
    conversation = talk()
    (found,) = open_all(conversation.segments, conversation.key_log, ordered=False)
    assert {side: found.said(side) for side in Side} == WHOLE


def test_words_before_tls_do_not_matter():
    """STARTTLS or any other, sequence numbers that wrap around, and what was in clear too early."""
    conversation = Conversation(port=25, seq=(0xFFFFFFFF - 5, 0xFFFFFFFF - 2000)).open()
    for side, octets in (
        (S, b"220 mx\r\n"),
        (C, b"EHLO a\r\n"),
        (S, b"250 STARTTLS\r\n"),
        (C, b"X-ANONYMOUSTLS\r\nNOOP\r\n"),
    ):
        conversation.say(side, octets)
    conversation.say(S, b"220 go\r\n").shake(TLS_1_3).tell([(C, b"EHLO again\r\n")])
    found = the_one(conversation.segments, conversation.key_log)
    assert found.said(C) == b"EHLO a\r\nX-ANONYMOUSTLS\r\nNOOP\r\nEHLO again\r\n"
    assert not found.secured.implicit


def test_a_port_may_be_used_again():
    """A SYN ends the TLS before it; the next has keys of its own."""
    one = Conversation(port=25).open().shake(TLS_1_3).tell()
    two = Conversation(port=25, first=500, seq=(70_000_007, 9)).open().shake(TLS_1_2).tell()
    first, second = open_all([*one.segments, *two.segments], one.key_log, two.key_log)
    assert (first.turns(), second.turns()) == (SAID, SAID)


def test_one_direction_of_tls_1_3_is_enough():
    """Its secrets are known without the other side's hello, and its suite is found by trying."""
    conversation = talk()
    client = [segment for segment in conversation.segments if segment[0] == conversation.keys[C]]
    found = the_one(client, conversation.key_log)
    assert found.said(C) == WHOLE[C]


def test_one_direction_of_tls_1_2_is_not():
    """Its keys depend on both hellos; that is said."""
    conversation = Conversation(port=25).open().shake(TLS_1_2).tell()
    client = [segment for segment in conversation.segments if segment[0] == conversation.keys[C]]
    found = the_one(client, conversation.key_log)
    assert not found.secured.opened
    assert found.oddities == ["tls-lost"]


def test_without_the_keys_of_the_handshake():
    """Those of the application data open what was said."""
    conversation = talk()
    keys = b"\n".join(line for line in conversation.key_log.splitlines() if b"HANDSHAKE" not in line)
    found = the_one(conversation.segments, keys)
    assert (found.turns(), found.gaps) == (SAID, [])


def test_the_keys_of_one_side():
    """The other is missing as a whole."""
    conversation = talk()
    keys = b"\n".join(line for line in conversation.key_log.splitlines() if line.startswith(b"SERVER"))
    found = the_one(conversation.segments, keys)
    assert found.said(S) == WHOLE[S]
    assert [gap.side for gap in found.gaps] == [C]
    assert found.oddities == ["tls-lost"]


def test_a_master_secret_by_session_id():
    """As servers without client randoms log it."""
    conversation = Conversation(port=25).open().shake(TLS_1_2, None, ssl.OP_NO_TICKET).tell()
    master = re.search(rb"CLIENT_RANDOM [0-9a-f]+ ([0-9a-f]+)", conversation.key_log)
    hello = next(piece for key, *_, piece, _ in conversation.segments if key == conversation.keys[S] and piece)
    session_id = hello[44 : 44 + hello[43]].hex().encode()
    assert session_id
    found = the_one(conversation.segments, b"RSA Session-ID:" + session_id + b" Master-Key:" + master[1] + b"\r\n")
    assert found.turns() == SAID


def test_a_request_to_begin_again():
    """The server wants another curve; the facts are those of its second hello."""
    conversation = Conversation().open().shake(TLS_1_3, curve="secp384r1").tell()
    found = the_one(conversation.segments, conversation.key_log)
    assert (found.turns(), found.secured.cipher) == (SAID, "TLS_AES_256_GCM_SHA384")


class Sealer:
    """Makes records of TLS 1.3 with AES-256-GCM."""

    def __init__(self, secret: bytes) -> None:
        self.secret, self.number = secret, 0

    def seal(self, kind: int, content: bytes, padding: int = 0) -> bytes:
        plain = content + bytes([kind]) + bytes(padding)
        header = b"\x17\x03\x03" + (len(plain) + 16).to_bytes(2)
        iv = int.from_bytes(expand_label(self.secret, b"iv", 12, "sha384")) ^ self.number
        self.number += 1
        key = expand_label(self.secret, b"key", 32, "sha384")
        return header + AESGCM(key).encrypt(iv.to_bytes(12), plain, header)

    def update(self) -> Sealer:
        return Sealer(expand_label(self.secret, b"traffic upd", 48, "sha384"))


def sealer(conversation: Conversation, side: Side) -> Sealer:
    found = re.search(side.name.encode() + rb"_TRAFFIC_SECRET_0 [0-9a-f]+ ([0-9a-f]+)", conversation.key_log)
    assert found
    return Sealer(bytes.fromhex(found[1].decode()))


@pytest.mark.parametrize("lost", [False, True])
def test_keys_that_are_updated(lost):
    """After the message that says so, also where it was lost; padding is no content, and tickets are none either."""
    conversation = Conversation(port=25).open().shake(TLS_1_3)
    one = sealer(conversation, C)
    conversation.say(C, one.seal(23, b"EHLO a\r\n", 300))
    conversation.say(C, one.seal(22, b"\x18\0\0\1\1"))
    update = conversation.segments[-1]
    two = one.update()
    conversation.say(C, two.seal(22, b"\x04\0\0\2ab")).say(C, two.seal(23, b"NOOP\r\n"))
    segments = [segment for segment in conversation.segments if not (lost and segment is update)]
    found = the_one(segments + ended(conversation), conversation.key_log)
    assert found.said(C) == b"EHLO a\r\nNOOP\r\n"
    assert bool(found.gaps) is lost


def test_an_alert_that_was_opened():
    """Why a client gives up is told by keys in TLS 1.3; a usual end is no alert."""
    for number, meaning in ((48, (C, "unknown_ca")), (0, None)):
        conversation = Conversation(port=25).open().shake(TLS_1_3)
        conversation.say(C, sealer(conversation, C).seal(21, bytes([2 if number else 1, number])))
        assert the_one(conversation.segments, conversation.key_log).secured.alert == meaning


def test_a_suite_that_cannot_be_opened():
    """It is named."""
    conversation = Conversation(port=25).open().shake(TLS_1_2).tell()
    at, segment = next((at, s) for at, s in enumerate(conversation.segments) if s[0] == conversation.keys[S] and s[6])
    hello = segment[6]
    behind = 44 + hello[43]
    conversation.segments[at] = (*segment[:6], hello[:behind] + b"\xc0\x60" + hello[behind + 2 :], 0)
    found = the_one(conversation.segments, conversation.key_log)
    (told,) = {event.detail for event in found.events if isinstance(event, Irregularity)}
    assert told == "TLSv1.2 with TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256 cannot be opened"


# --- what is lost


@every_cipher
@pytest.mark.parametrize("lost", [[5], [10, 11, 12], [0], [2, 4]])
def test_behind_lost_packets_reading_goes_on(version, ciphers, options, lost):
    """At the next record that can be told; what is lost is a gap, and nothing is made up."""
    conversation = talk(version, ciphers, options)
    long = [
        segment for segment in conversation.segments if segment[0] == conversation.keys[C] and len(segment[6]) == 1400
    ]
    gone = [long[at] for at in lost]
    segments = [segment for segment in conversation.segments if segment not in gone] + ended(conversation)
    found = the_one(segments, conversation.key_log)
    said = found.said(C)
    assert found.said(S) == WHOLE[S]
    assert said.endswith(b"file]\r\n.\r\n")
    assert len(said) < len(WHOLE[C])
    assert next((gap.side, gap.size, gap.reason) for gap in found.gaps) == (C, None, GapReason.LOST)
    assert found.oddities == ["tls-records-lost"]
    assert all(event.data in WHOLE[event.side] for event in found.events if isinstance(event, Octets))


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
@pytest.mark.parametrize("seed", range(12))
def test_many_lost_packets(version, seed):
    """However much is gone, each side is made of pieces of what it said, in their order."""
    conversation = Conversation(port=25).open().shake(version)
    said = [(side, b"%05d %s\r\n" % (at, b"x" * (at * 37 % 3000))) for at, side in enumerate([C, S] * 100)]
    conversation.tell(said)
    chance = random.Random(seed)
    hello = conversation.segments[:4]
    segments = [segment for segment in conversation.segments if segment in hello or chance.random() > 0.1]
    found = the_one(segments + ended(conversation), conversation.key_log)
    for side in Side:
        whole = b"".join(octets for other, octets in said if other is side)
        at = 0
        for event in found.events:
            if getattr(event, "data", None) and event.side is side:
                at = whole.index(event.data, at) + len(event.data)
    assert len(found.said(C)) > 50_000


def test_packets_that_were_cut():
    """A snap length leaves no record whole; where each begins is still known."""
    conversation = talk()
    segments = [
        (*segment[:6], segment[6][:900], len(segment[6]) - 900) if len(segment[6]) == 1400 and at > 12 else segment
        for at, segment in enumerate(conversation.segments)
    ]
    found = the_one(segments, conversation.key_log)
    assert found.said(S) == WHOLE[S]
    assert WHOLE[C].startswith(found.said(C)[:60])
    assert [gap.reason for gap in found.gaps] == [GapReason.SNAPLEN]


def test_damaged_octets():
    """A record whose octets changed on the way is left out."""
    conversation = talk()
    at = [at for at, segment in enumerate(conversation.segments) if len(segment[6]) == 1400][20]
    segment = conversation.segments[at]
    damaged = bytes([segment[6][700] ^ 1])
    conversation.segments[at] = (*segment[:6], segment[6][:700] + damaged + segment[6][701:], 0)
    found = the_one(conversation.segments, conversation.key_log)
    assert found.said(C).endswith(b"file]\r\n.\r\n")
    assert found.oddities == ["tls-records-lost"]


def test_a_capture_that_ends_within_a_record():
    """What was seen of it is not opened, and missing."""
    conversation = Conversation(port=25).open().shake(TLS_1_3).tell()
    found = the_one(conversation.segments[:-5], conversation.key_log)
    assert [gap.reason for gap in found.gaps] == [GapReason.AFTER_CAPTURE]


# --- what is no SMTP, and what there are no keys for


def test_other_keys_open_nothing():
    """The connection of an SMTP port is as it was captured; on another port there is none."""
    other = b"CLIENT_TRAFFIC_SECRET_0 " + b"00" * 32 + b" " + b"11" * 48
    conversation = Conversation(port=465).open().shake(TLS_1_3).tell()
    assert the_one(conversation.segments, other).events == the_one(conversation.segments).events
    assert open_all(talk().segments, other) == []
    assert open_all(talk().segments) == []


def test_what_is_not_smtp_is_dropped():
    """A web server behind TLS, one that answers in clear, and one that does not answer."""
    web = Conversation(port=443).open().shake(TLS_1_3)
    web.tell([(C, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), (S, b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 9000)])
    clear = Conversation(port=80).open().say(C, client_hello()).say(S, b"HTTP/1.1 400 Bad Request\r\n\r\n")
    mute = Conversation(port=8443).open().say(C, client_hello())
    for conversation in (web, clear, mute):
        assert open_all(conversation.segments, web.key_log) == []


def test_a_server_that_answers_tls_in_clear():
    """It is SMTP by what it says, whatever the keys."""
    conversation = Conversation(port=26).open().say(C, client_hello()).say(S, b"554 mx SMTP synchronization error\r\n")
    found = the_one(conversation.segments, b"# none")
    assert found.said(S).startswith(b"554 mx")


@pytest.mark.parametrize("port", [25, 40001])
def test_what_waits_for_keys_is_bounded(monkeypatch, port):
    """A long connection without its keys is not held for ever; on an SMTP port nothing of it is lost."""
    monkeypatch.setattr(opening, "MOST_HELD", 10_000)
    conversation = Conversation(port=port).open().shake(TLS_1_3).tell()
    other = b"CLIENT_TRAFFIC_SECRET_0 " + b"00" * 32 + b" " + b"11" * 48
    found = open_all(conversation.segments, other)
    assert [one.said(C) for one in found] == [one.said(C) for one in open_all(conversation.segments)]
    assert len(found) == (port == 25)


def test_content_that_looks_like_tls():
    """A message in clear may hold any octets."""
    conversation = Conversation(port=25).open().say(S, b"220 mx ESMTP\r\n").say(C, b"EHLO a\r\nDATA\r\n")
    conversation.say(
        C, b"a\r\n" + client_hello() + b"\n\x16\x03\x01" + b"\n\x16\x03\x01\0\x05hello" * 9000 + b"\r\n.\r\n"
    )
    conversation.say(S, b"250 ok\r\n" + server_hello())
    found = the_one(conversation.segments, b"# none")
    for side in Side:
        assert found.said(side) == the_one(conversation.segments).said(side)


# --- through the whole river


def test_keys_open_what_follows_starttls() -> None:
    """The clear prologue and what was opened are one session; the login was protected on the wire."""
    (trace,) = Reading((str(CAPTURE),), Options(keylog=str(KEYS)))
    verbs = [exchange.command.verb for exchange in trace.session.exchanges if exchange.command]
    assert verbs[:3] == ["EHLO", "STARTTLS", "EHLO"]
    assert trace.session.tls is not None
    assert trace.session.tls.opened
    assert trace.session.complete
    (credential,) = trace.credentials
    assert credential.tls


def test_without_keys_the_handshake_is_told() -> None:
    """Version and cipher, and that nothing after it can be read."""
    (trace,) = Reading((str(CAPTURE),))
    assert trace.session.tls is not None
    assert not trace.session.tls.opened
    assert trace.session.tls.version is not None


def test_a_missing_key_log_is_named(tmp_path) -> None:
    """One line that names the file."""
    with pytest.raises(UnreadableError, match="nowhere"):
        list(Reading((str(CAPTURE),), Options(keylog=str(tmp_path / "nowhere"))))
