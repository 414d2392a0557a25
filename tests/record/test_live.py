"""Sessions as they go."""

from __future__ import annotations

import pytest
from support.data import CAPTURES
from support.live import CLOSED, packets, paused

from smtptrace.auth import SecretIds
from smtptrace.outputs.jsonl import session_object
from smtptrace.record.live import Watch, kept
from smtptrace.redact import mask
from smtptrace.sources import SourceReport, capfile, open_input
from smtptrace.sources._layers import PAUSE
from smtptrace.trace import Options, read

RECORDED = sorted(path for path in CAPTURES.rglob("*.pcap*") if path.suffix in {".pcap", ".pcapng"})

DIALOGUE = f"""
    S: 220 mx ESMTP
    C: EHLO a
    S: 250-mx
    S: 250 AUTH LOGIN
    C: AUTH LOGIN
    S: 334 VXNlcm5hbWU6
    C: YWxpY2U=
    S: 334 UGFzc3dvcmQ6
    C: c2VjcmV0
    S: 535 5.7.8 no
    C: QUIT
    S: 221 bye
    {CLOSED}
"""


def watched(given, **options):
    """What a watch tells of packets, as (ended, codes so far, trace so far), and the watch."""
    watch = Watch(SourceReport(path="lo", engine="fake"))
    for name, value in options.items():
        setattr(watch.options, name, value)
    told = []
    for live in watch.sessions(kept(paused(given), watch.report, lambda _: None)):
        trace = live.trace if live.ended else live.course.so_far()
        if trace is None:
            continue
        told.append((live.ended, [each.reply and each.reply.code for each in trace.session.exchanges], trace))
    return told, watch


def test_a_session_is_told_turn_by_turn():
    """Each word is known when it was said, the refused login is explained before the client leaves."""
    told, watch = watched(packets(DIALOGUE))
    codes = [codes for _, codes, _ in told]
    assert codes[-1] == [250, 535, 221]
    steps = [each for at, each in enumerate(codes) if at == 0 or each != codes[at - 1]]
    assert steps == [[], [None], [250], [250, None], [250, 535], [250, 535, None], [250, 535, 221]]
    causes = [(codes, [cause.slug for cause in trace.causes][:1]) for _, codes, trace in told]
    assert ([250, 535], ["wrong-credentials"]) in causes
    assert [ended for ended, *_ in told].count(True) == 1
    assert not watch.open


def test_nothing_is_judged_while_a_login_waits():
    """Whether it is accepted changes what there is to say."""
    told, _ = watched(packets(DIALOGUE))
    waiting = [trace for _, codes, trace in told if codes == [250, None]]
    assert waiting
    assert all(not trace.findings and not trace.causes for trace in waiting)
    assert [login.authcid for login in waiting[-1].credentials] == ["alice"]


def test_the_live_session_is_that_of_the_file():
    """Pauses and turns change nothing of what is read."""
    told, watch = watched(packets(DIALOGUE))
    (live,) = [trace for ended, _, trace in told if ended]
    still = Watch(SourceReport(), Options())
    (end,) = [each for each in still.sessions(packets(DIALOGUE)) if each.ended]
    assert live.session.exchanges == end.trace.session.exchanges
    assert live.causes == end.trace.causes
    assert live.findings == end.trace.findings
    assert (watch.report.packets, watch.report.path) == (len(packets(DIALOGUE)), "lo")


def test_a_connection_without_a_word_is_counted():
    """And told where it was asked for."""
    silent = packets(CLOSED)
    told, watch = watched(silent)
    assert not told
    assert watch.attempts == {"silent-server": 1}
    asked, _ = watched(silent, attempts=True)
    assert asked[-1][2].attempt == "silent-server"


def test_every_packet_is_kept_before_it_is_read():
    """So that what was shown is in the file; pauses are no packets."""
    given = packets(DIALOGUE)
    report, stored = SourceReport(), []
    for packet in kept(paused(given), report, stored.append):
        assert packet in stored or packet[4] == packet[5]
    assert stored == given
    assert (report.first_ns, report.last_ns) == (given[0][1], given[-1][1])


def found(path):
    """The sessions of a capture, read as a file is; none where keys in it open TLS, which live ones do not."""
    traces = list(read(str(path)))
    return [] if any(trace.session.tls and trace.session.tls.opened for trace in traces) else traces


def as_object(trace):
    """What outputs tell of it; the name of the source aside."""
    shown = session_object(mask(trace), SecretIds(), "1")
    del shown["source"], shown["uid"]
    for judgement in shown["findings"] + shown["causes"]:
        for each in judgement["evidence"]:
            del each["file"]
    return shown


@pytest.mark.parametrize("path", RECORDED, ids=[path.name for path in RECORDED])
def test_a_recording_that_comes_live_gives_its_sessions(path):
    """Whatever was recorded: a pause and a look after every packet, or few of them, change nothing."""
    wanted = sorted((as_object(trace) for trace in found(path)), key=lambda each: (each["client"], each["start"] or ""))
    if not wanted:
        pytest.skip("its TLS is opened by keys")
    with open_input(str(path)) as source:
        given = list(capfile.packets(source.stream, SourceReport()))
    for every in (1, 7):
        watch = Watch(SourceReport(path="lo"))
        told = []
        for live in watch.sessions(sometimes(given, every)):
            if live.trace is not None:
                told.append(as_object(live.trace))
            elif not live.ended and live.moves % every == 0:
                mask(live.course.so_far())
        assert sorted(told, key=lambda each: (each["client"], each["start"] or "")) == wanted


def sometimes(given, every):
    """The packets with a pause after every so many; times of pauses are those of the packets."""
    for number, packet in enumerate(given, 1):
        yield packet
        if number % every == 0:
            yield packet[0], packet[1], PAUSE, b"", 0, 0, 0
