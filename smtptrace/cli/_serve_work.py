"""What `serve` does: read the sessions, listen, serve one connection after the other."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from smtptrace import net
from smtptrace._private import private_file
from smtptrace.clean import clean
from smtptrace.cli._password import PASSWORD, secret_from
from smtptrace.cli._reading import Run
from smtptrace.errors import UnreadableError, UsageError
from smtptrace.outputs._text import visible
from smtptrace.replay.save import checked, saver
from smtptrace.replay.serve import Manner, Server
from smtptrace.replay.serve_run import Served, serve_one
from smtptrace.replay.throwaway import throwaway
from smtptrace.select import Selection
from smtptrace.smtp import Session, read_session
from smtptrace.trace import Options
from smtptrace.wire import Connection

_REPLY = re.compile(r"[2-5][0-9]{2} [\x20-\x7e]{1,400}")


def serve(source: str, options: dict[str, Any]) -> Iterator[Served]:
    """Each connection as soon as it has ended.

    Raises:
        UsageError: the options cannot be.
        WireError: nobody can listen there.
    """
    sessions = _sessions(source, options)
    manner = _manner(options)
    place = _place(options["listen"])
    secured = throwaway(("localhost", "127.0.0.1", "::1", place[0], *_names(sessions)))
    with ExitStack() as stack:
        save = _saver(options["save"], stack)
        listener = stack.enter_context(net.Listener(*place))
        if options["ca_out"]:
            _write(options["ca_out"], secured.authority)
        if options["port_file"]:
            _write(options["port_file"], f"{listener.port}\n".encode())
        click.echo(f"smtptrace: listening on {place[0]}:{listener.port}", err=True)
        for session in sessions if options["once"] else itertools.cycle(sessions):
            implicit = session.tls is not None and session.tls.implicit
            wire = listener.accept()
            server = Server(session, manner)
            served = serve_one(server, wire, secured.context, implicit=implicit, timeout_s=options["timeout_s"])
            save(served.connection)
            yield served


def _sessions(source: str, options: dict[str, Any]) -> list[Session]:
    """The sessions as they were meant, in the order in which they began."""
    run = Run((source,), Selection(ids=options["ids"]), Options(keep_events=True, keylog=options["keylog"]))
    found = sorted((trace for trace, _ in run.raw()), key=lambda each: each.session.start_ns or 0)
    if run.unreadable:
        raise UnreadableError(f"{visible(source)}: it must be whole to be played")
    meant = [read_session(clean(each.session.connection).connection, keep_content=True) for each in found]
    meant = [replace(each, tls=one.session.tls) for each, one in zip(meant, found, strict=True) if each.greeting]
    if not meant:
        raise UsageError(f"{visible(source)}: no session with a greeting, and so nothing that a server said")
    return meant


def _manner(options: dict[str, Any]) -> Manner:
    if not _REPLY.fullmatch(options["unrecorded"]):
        raise UsageError(f"--unrecorded {options['unrecorded']!a}: no reply such as '502 5.5.1 no'")
    given = options["password_fd"] is not None or PASSWORD in os.environ
    secret = secret_from(options["password_fd"]) if given else None
    return Manner(options["strict"], options["unrecorded"].encode(), secret)


def _place(text: str) -> tuple[str, int]:
    """Where to listen; unlike a target, port 0 is one."""
    host, colon, port = text.rpartition(":")
    if colon and port == "0":
        return host.strip("[]"), 0
    found = net.endpoint(text, 25)
    return found.host, found.port


def _names(sessions: list[Session]) -> Iterator[str]:
    """The names that clients of the recording may expect in the certificate."""
    for session in sessions:
        found = re.match(rb"220[ -]([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})[ \r\n]", _greeting(session))
        if found:
            yield found[1].decode()


def _greeting(session: Session) -> bytes:
    return session.greeting.lines[0] + b"\r\n" if session.greeting else b""


def _saver(path: Path | None, stack: ExitStack) -> Callable[[Connection], None]:
    return saver(path, stack.enter_context(private_file(checked(path)))) if path else lambda _: None


def _write(path: Path, octets: bytes) -> None:
    """Write a file at once, so that who waits for it finds it whole."""
    new = path.with_name(path.name + ".new")
    try:
        new.write_bytes(octets)
        new.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
