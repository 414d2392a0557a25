"""What `capture` does: open the interface and the files, watch until it is told to end, and sum up."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import FrameType
from typing import Any

import click

from smtptrace import redact, tcp
from smtptrace.cli._capture_views import Scene, View, view_of
from smtptrace.cli._signals import ending
from smtptrace.errors import MissingError, UsageError
from smtptrace.outputs._text import visible
from smtptrace.record.capture_feed import Feed, Pump
from smtptrace.record.capture_file import CaptureFile, rotation, seconds
from smtptrace.record.live import Watch, kept
from smtptrace.select import Selection
from smtptrace.sources import SourceReport
from smtptrace.sources._pcap import Packet
from smtptrace.trace import Options


def list_interfaces() -> int:
    """Print the interfaces by name; those of dumpcap where it is installed, since it knows more."""
    from smtptrace.record import capture_dumpcap, capture_scapy

    beside = dict(capture_scapy.interfaces())
    found = capture_dumpcap.interfaces() if capture_dumpcap.program() else []
    for name, what in found or beside.items():
        words = ", ".join(word for word in (beside.get(name), what) if word)
        click.echo(f"{visible(name):20} {visible(words)}".rstrip())
    return 0


def capture(options: dict[str, Any]) -> int:
    """Watch until the end that was asked for.

    Raises:
        UsageError: the options cannot be, or there is no such interface or filter.
        MissingError: the interface may not be read, or what reads it is not installed.
    """
    interface, capture_filter = _asked(options)
    when = rotation(options["rotate"])
    lasting = seconds(options["duration"]) if options["duration"] else None
    with ExitStack() as stack:
        feed = _opened(options["engine"], interface, capture_filter)
        pump = Pump(feed)
        stack.callback(pump.close)
        view: list[View] = []
        file = None
        if options["path"]:
            complain = _complainer(view)
            file = CaptureFile(options["path"], (interface, capture_filter), when, options["keep"], complain)
            stack.callback(file.finish, {})
        scene = _scene(interface, feed, file, options)
        _say_what_happens(interface, capture_filter, feed, file)
        view.append(stack.enter_context(view_of(scene, options)))
        pump.tick = view[0].tick
        stack.enter_context(_ending(feed.stop, lasting))
        _run(scene, pump, view[0], file, options["count"])
        view[0].close()
        if file is not None:
            file.finish(feed.dropped())
        return _finish(scene, pump, file)


def _asked(options: dict[str, Any]) -> tuple[str, str]:
    """Interface and filter, if the options go together."""
    if not options["interface"]:
        raise UsageError("-i IFACE says where to capture; 'smtptrace capture -D' lists the interfaces")
    if (options["rotate"] or options["keep"]) and not options["path"]:
        raise UsageError("--rotate and --keep are about the files that -w FILE names")
    if options["keep"] and not options["rotate"]:
        raise UsageError("--keep is about the files that --rotate makes")
    if options["follow"] and options["as_json"]:
        raise UsageError("--follow shows a dialogue, --json objects; choose one of them")
    return options["interface"], " ".join(options["capture_filter"])


def _opened(engine: str, interface: str, capture_filter: str) -> Feed:
    """The interface, opened by the engine that was asked for, or by the faster one of those installed."""
    from smtptrace.record.capture_dumpcap import DumpcapFeed, program

    if engine == "dumpcap" or (engine == "auto" and program()):
        return DumpcapFeed(interface, capture_filter)
    from smtptrace.record.capture_scapy import ScapyFeed

    return ScapyFeed(interface, capture_filter)


def _scene(interface: str, feed: Feed, file: CaptureFile | None, options: dict[str, Any]) -> Scene:
    reading = Options(attempts=options["attempts"], digests=options["digests"], limits=tcp.Limits(turns=0))
    return Scene(
        watch=Watch(SourceReport(path=interface, format="pcap-live", engine=feed.engine), reading),
        treat=redact.reveal if options["show_secrets"] else redact.mask,
        selection=Selection(
            hosts=options["hosts"], ports=options["ports"], users=options["users"], only=options["only"]
        ),
        feed=feed,
        file=file,
        show_secrets=options["show_secrets"],
    )


def _complainer(view: list[View]) -> Callable[[str], None]:
    """Says what must not be overlooked, through the view once there is one."""
    return lambda text: view[0].say(f"smtptrace: {visible(text)}") if view else click.echo(text, err=True)


@contextlib.contextmanager
def _ending(stop: Callable[[], None], lasting: int | None) -> Iterator[None]:
    """End at a signal, or after so many seconds; the second signal does what it does elsewhere."""
    before = {number: signal.getsignal(number) for number in ending()}

    def end(_number: int, _frame: FrameType | None) -> None:
        restore()
        stop()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in before:
        signal.signal(number, end)
    timer = threading.Timer(lasting or 0, stop)
    timer.daemon = True
    if lasting is not None:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
        restore()


def _say_what_happens(interface: str, capture_filter: str, feed: Feed, file: CaptureFile | None) -> None:
    what = f"'{visible(capture_filter)}'" if capture_filter else "everything"
    click.echo(f"smtptrace: capturing {what} on {visible(interface)} with {feed.engine}; Ctrl-C ends it", err=True)
    if file is not None:
        path = visible(str(file.written[-1]))
        click.echo(f"smtptrace: packets are kept in {path}, readable by you alone (mode 0600)", err=True)


def _run(scene: Scene, pump: Pump, view: View, file: CaptureFile | None, count: int | None) -> None:
    """Show each session as it goes, until the packets or the wanted number of sessions come to an end."""
    watch, shown = scene.watch, 0

    def keep(packet: Packet) -> None:
        if file is not None:
            file.put(packet)

    for live in watch.sessions(kept(pump, watch.report, keep)):
        if not live.ended:
            view.moved(live)
            continue
        taken = live.trace is not None and scene.selection.takes(live.trace, live.name)
        if live.trace is not None:
            watch.coverage.add(live.trace, selected=taken)
            shown += taken
        view.ended(live, scene.treat(live.trace) if live.trace is not None and taken else None)
        if count is not None and shown >= count:
            pump.close()
            return


def _finish(scene: Scene, pump: Pump, file: CaptureFile | None) -> int:
    """Sum up on standard error; the exit code is 4 where packets stopped coming, or stopped being kept."""
    sys.stdout.flush()
    for text in scene.summary(time.monotonic()):
        click.echo(f"smtptrace: {visible(text)}", err=True)
    if pump.problem is not None:
        raise pump.problem
    return MissingError.exit_code if file is not None and file.stopped else 0
