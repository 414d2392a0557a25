"""Sessions as they go."""

from __future__ import annotations

from support.live import CLOSED, packets, paused

from smtptrace.record.live import Watch, kept
from smtptrace.sources import SourceReport
from smtptrace.trace import Options

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
