"""`capture`, with packets that come from no interface; tests/lab has the real ones."""

from __future__ import annotations

import io
import json
import os
import signal
import stat
import threading

import pytest
from rich.console import Console
from support.live import CLOSED, FakeFeed, packets, paused

from smtptrace.cli import _capture_table, _capture_views, _capture_work
from smtptrace.cli._capture_follow import FollowView
from smtptrace.cli._capture_table import TableView
from smtptrace.cli._capture_views import Scene, view_of
from smtptrace.errors import MissingError
from smtptrace.record.capture_file import CaptureFile
from smtptrace.record.live import Watch, kept
from smtptrace.redact import mask
from smtptrace.select import Selection
from smtptrace.sources import SourceReport

PASSWORD = "Zaunkoenig-77"
LOGIN = """
    S: 220 mx ESMTP Postfix
    C: EHLO app.example
    S: 250-mx
    S: 250 AUTH LOGIN
    C: AUTH LOGIN
    S: 334 VXNlcm5hbWU6
    C: YWxpY2U=
    S: 334 UGFzc3dvcmQ6
    C: WmF1bmtvZW5pZy03Nw==
    S: 535 5.7.8 Error: authentication failed
    C: QUIT
    S: 221 2.0.0 Bye
"""
MAIL = """
    S: 220 mx ESMTP
    C: HELO b.example
    S: 250 mx
    C: MAIL FROM:<a@example.org>
    S: 250 ok
    C: RCPT TO:<b@example.org>
    S: 250 ok
    C: DATA
    S: 354 go
    C: Subject: x
    C: .
    S: 250 2.0.0 queued as 4711ABCDEF
    C: QUIT
    S: 221 bye
"""
ENDED = (LOGIN + CLOSED, MAIL + CLOSED)


@pytest.fixture
def interface(monkeypatch):
    """Put packets on an interface that is asked for by any name."""

    def place(*scripts, **how):
        feed = FakeFeed(packets(*scripts), **how)
        monkeypatch.setattr(_capture_work, "_opened", lambda *_: feed)
        return feed

    return place


def test_a_line_a_session_where_nobody_looks(smtptrace, interface):
    """With its cause; the password stands nowhere, and the summary is not among the lines."""
    interface(*ENDED)
    said = smtptrace("capture", "-i", "lo")
    heading, login, mail = said.out.splitlines()
    assert heading.startswith("ID")
    assert "LOGIN alice-" in login
    assert login.endswith("[wrong-credentials]")
    assert "a@example.org" in mail
    assert not mail.endswith("]")
    assert "2 sessions" in said.err
    assert said.code == 0
    assert PASSWORD not in said.out + said.err
    assert "WmF1bmtvZW5pZy03Nw" not in said.out + said.err


def test_objects_are_those_of_the_file_that_is_kept(smtptrace, interface, tmp_path):
    """The same contract, field by field; source and digests of the file aside."""
    interface(*ENDED)
    path = tmp_path / "kept.pcapng"
    live = smtptrace("capture", "-i", "lo", "--json", "-w", path)
    read = smtptrace("list", "--json", path)
    assert live.code == read.code == 0
    for one, other in zip(live.objects("session"), read.objects("session"), strict=True):
        assert one["source"]["path"] == "lo"
        for each in (one, other):
            del each["source"], each["uid"]
        without_file(one)
        without_file(other)
        assert one == other
    (source,) = live.objects("source")
    assert (source["path"], source["engine"], source["sessions"]) == ("lo", "fake", 2)
    assert source["written"] == [str(path)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def without_file(record):
    """Evidence names the file it was read from, or the interface."""
    for judgement in record["findings"] + record["causes"]:
        for each in judgement["evidence"]:
            del each["file"]


def test_filters_and_secrets(smtptrace, interface):
    """Only what was asked for is shown; secrets are shown when asked for, and it is said."""
    interface(*ENDED)
    (only,) = smtptrace("capture", "-i", "lo", "--json", "--user", "alice", "--show-secrets").objects("session")
    assert only["auth"][0]["secret"] == PASSWORD
    interface(*ENDED)
    assert smtptrace("capture", "-i", "lo", "--json", "--only", "mail").objects("session")[0]["auth"] == []
    interface(*ENDED)
    assert "secrets are shown" in smtptrace("capture", "-i", "lo", "--show-secrets").out
    interface(*ENDED)
    none = smtptrace("capture", "-i", "lo", "--host", "192.0.2.77")
    assert len(none.out.splitlines()) == 1
    assert "not seen in 2 readable sessions" in none.err


def test_connections_without_a_word(smtptrace, interface):
    """Counted, and listed where asked for."""
    interface(CLOSED)
    said = smtptrace("capture", "-i", "lo")
    assert "1 connections without a word: silent server" in said.err
    interface(CLOSED)
    assert "silent server" in smtptrace("capture", "-i", "lo", "--attempts").out


def test_losses_are_told(smtptrace, interface):
    """In the summary, in the object, and in the file."""
    interface(*ENDED, lost={"system": 7})
    said = smtptrace("capture", "-i", "lo", "--json")
    assert "7 dropped by the system" in said.err
    assert said.objects("source")[0]["coverage"]["drops"] == {"system": 7}


def test_after_so_many_sessions_it_ends(smtptrace, interface):
    """Though the interface does not."""
    feed = interface(*ENDED, ends=False)
    said = smtptrace("capture", "-i", "lo", "--count", "1")
    assert len(said.out.splitlines()) == 2
    assert feed.closed


def test_after_so_long_it_ends(smtptrace, interface):
    """With the sessions that are still open told as far as they came."""
    interface(LOGIN[: LOGIN.index("    C: QUIT")], ends=False)
    said = smtptrace("capture", "-i", "lo", "--duration", "1")
    assert said.code == 0
    assert "incomplete: 535" in said.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_the_summary(smtptrace, interface, number):
    """And the handlers are as before."""
    interface(*ENDED, ends=False)
    before = signal.getsignal(number)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), number))
    timer.start()
    said = smtptrace("capture", "-i", "lo")
    timer.join()
    assert said.code == 0
    assert len(said.out.splitlines()) == 3
    assert "2 sessions" in said.err
    assert signal.getsignal(number) is before


def test_an_interface_that_goes_away(smtptrace, interface):
    """What came before is shown, then why it ended."""
    interface(*ENDED, error=MissingError("eth0: it was taken down"))
    said = smtptrace("capture", "-i", "eth0")
    assert said.code == 4
    assert len(said.out.splitlines()) == 3
    assert said.err.splitlines()[-1] == "smtptrace: eth0: it was taken down"


def test_a_full_disk_is_said_aloud_and_watching_goes_on(smtptrace, interface, tmp_path, monkeypatch):
    """All sessions are shown; the exit code tells of it."""
    interface(*ENDED)
    put = CaptureFile.put

    def once(file, packet):
        if packet[0] == 5:
            file._stop(OSError(28, "No space left on device"))
        put(file, packet)

    monkeypatch.setattr(CaptureFile, "put", once)
    said = smtptrace("capture", "-i", "lo", "--json", "-w", tmp_path / "a.pcapng")
    assert said.code == 4
    assert len(said.objects("session")) == 2
    assert said.objects("source")[0]["damage"] == "no space left on device"
    assert said.err.count("watching goes on") == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "-i IFACE says where"),
        (("-i", "lo", "--rotate", "1h"), "--rotate and --keep are about the files that -w FILE names"),
        (("-i", "lo", "-w", "a.pcapng", "--keep", "3"), "--keep is about the files that --rotate makes"),
        (("-i", "lo", "-w", "a.pcapng", "--rotate", "soon"), "'soon' is not a size such as 100MB"),
        (("-i", "lo", "--follow", "--json"), "choose one of them"),
        (("-i", "lo", "--duration", "1MB"), "no time"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(smtptrace, arguments, told):
    """Before anything is opened."""
    said = smtptrace("capture", *arguments)
    assert said.code == 2
    assert told in said.err
    assert said.err.count("\n") == 1


def test_an_interface_that_is_not_there(smtptrace):
    """By either engine, in the same words."""
    for engine in ("auto", "scapy"):
        said = smtptrace("capture", "-i", "nosuch0", "--engine", engine)
        assert (said.code, said.err.count("\n")) == (2, 1)
        assert "nosuch0: there is no such interface" in said.err


def test_interfaces_are_listed(smtptrace):
    """By name, with their addresses."""
    said = smtptrace("capture", "-D")
    assert said.code == 0
    assert any(line.startswith("lo") and "127.0.0.1" in line for line in said.out.splitlines())


# --- what is seen while it goes on


def scene(**selection):
    """A scene without an interface."""
    return Scene(Watch(SourceReport(path="lo", engine="fake")), mask, Selection(**selection), FakeFeed([]))


def played(view, given):
    """Show packets in a view, with a pause after each."""
    watch = view.scene.watch
    with view:
        for live in watch.sessions(kept(ticking(view, given), watch.report, lambda _: None)):
            if not live.ended:
                view.moved(live)
                continue
            taken = live.trace is not None and view.scene.selection.takes(live.trace, live.name)
            view.ended(live, mask(live.trace) if live.trace is not None and taken else None)
        view.close()


def ticking(view, given):
    for packet in paused(given):
        yield packet
        view.tick()


@pytest.fixture
def at_once(monkeypatch):
    """Draw and look whenever there is something new."""
    monkeypatch.setattr(_capture_table, "REFRESH_S", 0.0)
    monkeypatch.setattr(_capture_views, "IDLE_SHARE", 0)


def at_port(given, port):
    """The packets of a client with another port than 50011."""
    return [(*p[:3], p[3][p[4] : p[5]].replace(b"\xc3\x5b", port.to_bytes(2)), 0, p[5] - p[4], p[6]) for p in given]


def numbered(given):
    """Packets with frames from 1 on."""
    return [(frame, *packet[1:]) for frame, packet in enumerate(given, 1)]


def screen(width=120, height=30, **how):
    """A terminal that keeps what was written to it."""
    stream = io.StringIO()
    return stream, Console(
        file=stream, force_terminal=True, width=width, height=height, soft_wrap=True, highlight=False, **how
    )


def test_a_followed_session_is_shown_line_by_line_once(at_once):
    """Each line is there once, as soon as it was said, with what it means and without the password."""
    stream, console = screen(color_system=None)
    played(FollowView(scene(), console), packets(*ENDED))
    lines = stream.getvalue().splitlines()
    assert sum("C: QUIT" in line for line in lines) == 2
    assert sum("535 5.7.8" in line for line in lines) == 1
    assert sum("= alice" in line for line in lines) == 1
    assert sum("wrong-credentials" in line for line in lines) == 1
    at = {word: next(n for n, line in enumerate(lines) if word in line) for word in ("535", "wrong-cred", "QUIT")}
    assert at["535"] < at["wrong-cred"] < at["QUIT"]
    assert PASSWORD not in stream.getvalue()


def test_only_a_wanted_session_is_followed():
    """By its ends, or by who logs in."""
    stream, console = screen(color_system=None)
    played(FollowView(scene(only=("mail",)), console), packets(*ENDED))
    assert "b.example" in stream.getvalue()
    assert "535" not in stream.getvalue()


def test_of_two_at_a_time_one_is_followed(at_once):
    """Their lines are not mixed; the other is passed over, the next after it is shown."""
    one = packets(LOGIN + CLOSED)
    other = at_port(packets(LOGIN.replace("app.", "app2.") + CLOSED), 50012)
    mixed = [packet for pair in zip(one, other, strict=True) for packet in pair]
    stream, console = screen(color_system=None)
    played(FollowView(scene(), console), numbered([*mixed, *at_port(packets(MAIL + CLOSED), 50013)]))
    shown = stream.getvalue()
    assert shown.count("session ") == 2
    assert "app.example" in shown
    assert "app2.example" not in shown
    assert "b.example" in shown


def test_the_table_shows_open_sessions_and_keeps_the_ended_ones(at_once):
    """An open one with what it said last and why it fails; an ended one stays above with its cause and findings."""
    stream, console = screen(width=200)
    played(TableView(scene(), None, console), packets(*ENDED))
    shown = stream.getvalue()
    assert shown.count("START (") == 1
    assert "fake" in shown
    assert "packets" in shown
    for word in ("LOGIN alice-", "a@example.org", "wrong-credentials", "fix", "cleartext-credentials"):
        assert word in shown
    assert PASSWORD not in shown


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_table_never_wraps_a_row_of_the_region(at_once, width):
    """Which would leave remains of it behind."""
    _, console = screen(width=width)
    view = TableView(scene(), None, console)
    watch = view.scene.watch
    with view:
        for live in watch.sessions(kept(ticking(view, packets(LOGIN)), watch.report, lambda _: None)):
            if live.ended:
                break
            view.moved(live)
            view._next = 0.0
            view.tick()
            for text in view._region.get_renderable().renderables:
                assert text.no_wrap
                assert text.overflow == "ellipsis"


def test_more_open_sessions_than_there_is_room_for(at_once):
    """They are counted."""
    stream, console = screen(height=6)
    begun = packets("S: 220 mx ESMTP\nC: EHLO a")
    many = [packet for port in range(50011, 50016) for packet in at_port(begun, port)]
    played(TableView(scene(), None, console), numbered(many))
    assert "... 4 more open connections" in stream.getvalue()


def test_a_new_width_lays_the_table_out_anew():
    """With its heading again."""
    stream, console = screen()
    view = TableView(scene(), None, console)
    with view:
        console.width = 100
        view.tick()
        view._draw()
    assert stream.getvalue().count("START (") == 2


def test_what_must_not_be_overlooked_stands_above_the_table():
    """In the terminal too."""
    stream, console = screen()
    with TableView(scene(), None, console) as view:
        view.say("RECORDING STOPPED")
    assert "RECORDING STOPPED" in stream.getvalue()


def test_the_view_is_that_of_standard_output(monkeypatch):
    """A table for a person, lines for a pipe."""
    options = {"utc": True, "follow": False, "as_json": False}
    assert type(view_of(scene(), options)).__name__ == "LinesView"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert type(view_of(scene(), options)).__name__ == "TableView"
    assert type(view_of(scene(), {**options, "follow": True})).__name__ == "FollowView"
    assert type(view_of(scene(), {**options, "as_json": True})).__name__ == "JsonView"


def test_an_engine_is_chosen(monkeypatch):
    """dumpcap where it is installed, since it is the faster one; scapy else, or where it is asked for."""
    from smtptrace.record import capture_dumpcap, capture_scapy

    monkeypatch.setattr(capture_dumpcap, "DumpcapFeed", lambda *_: "dumpcap")
    monkeypatch.setattr(capture_scapy, "ScapyFeed", lambda *_: "scapy")
    monkeypatch.setattr(capture_dumpcap, "program", lambda: "/usr/bin/dumpcap")
    assert [_capture_work._opened(name, "lo", "") for name in ("auto", "dumpcap", "scapy")] == [
        "dumpcap", "dumpcap", "scapy"
    ]  # fmt: skip
    monkeypatch.setattr(capture_dumpcap, "program", lambda: None)
    assert _capture_work._opened("auto", "lo", "") == "scapy"


def test_the_object_of_the_capture_is_valid_json(smtptrace, interface):
    """Every line is."""
    interface()
    for text in smtptrace("capture", "-i", "lo", "--json").out.splitlines():
        json.loads(text)
