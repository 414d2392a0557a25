"""Lines of a session as evidence: whole lines with the place where they stand."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from operator import itemgetter

from smtptrace.findings._finding import Evidence
from smtptrace.smtp import Anomaly, AuthExchange, Command, DataExchange, Exchange, Reply, Round, Session
from smtptrace.wire import Note, Side, Span

LONGEST = 1000
"""Octets of one line that are cited."""

_offset_of = itemgetter(0)


def text_of(octets: bytes) -> str:
    """Octets of one line as text; what is no UTF-8 is kept as lone surrogates, for masking and output to mend."""
    return octets[:LONGEST].decode("utf-8", "surrogateescape")


def of_command(command: Command) -> Evidence:
    """The command line."""
    return Evidence(text_of(command.line), command.span)


def of_reply(reply: Reply, containing: bytes = b"") -> Evidence:
    """The first line of the reply that contains `containing` (upper case), else its first."""
    for number, line in enumerate(reply.lines):
        if containing in line.upper():
            return Evidence(text_of(line), _line_span(reply, number))
    return Evidence(text_of(reply.lines[0]) if reply.lines else str(reply.code), reply.span)


def of_round(each: Round) -> Evidence | None:
    """The response line of a step of AUTH, None where nothing was said."""
    return None if each.response is None else Evidence(text_of(each.response), each.response_span)


def of_note(note: Note) -> Evidence:
    """What the source says beside the wire, cited with the line it stands on."""
    return Evidence(note.text[:LONGEST], Span(Side.CLIENT, 0, 0, note.time_ns, note.frame))


def of_exchange(exchange: Exchange) -> tuple[Evidence, ...]:
    """The command and the first line of the reply that ended it, those of them that are here."""
    found = (exchange.command and of_command(exchange.command), exchange.reply and of_reply(exchange.reply))
    return tuple(each for each in found if each)


def of_responses(exchange: AuthExchange) -> tuple[Evidence, ...]:
    """What the client sent within AUTH: the command, then its response lines."""
    lines = [of_round(each) for each in exchange.rounds]
    return tuple(each for each in (exchange.command and of_command(exchange.command), *lines) if each)


def of_intermediate(exchange: Exchange | None) -> tuple[Evidence, ...]:
    """The 354 of DATA, where there is one."""
    if isinstance(exchange, DataExchange) and exchange.intermediate is not None:
        return (of_reply(exchange.intermediate),)
    return ()


def of_anomaly(anomaly: Anomaly, session: Session) -> Evidence:
    """The line in which the anomaly lies, its description where no line has it."""
    span = anomaly.span
    if span is not None:
        for exchange in session.exchanges:
            command = exchange.command
            if command is not None and _within(span, command.span):
                return Evidence(text_of(command.line), span)
            if exchange.reply is not None and _within(span, exchange.reply.span):
                return Evidence(of_reply(exchange.reply).text, span)
    return Evidence(f"({anomaly.detail})", span or Span(Side.CLIENT, 0, 0, session.start_ns, session.connection.number))


def placed(evidence: Evidence, session: Session) -> Evidence:
    """The evidence with a frame or line to point at: where it has none of its own, that of the session's beginning."""
    span = evidence.span
    if span is not None and span.frame is not None:
        return evidence
    place = span or Span(Side.CLIENT, 0, 0, session.start_ns)
    return replace(evidence, span=replace(place, frame=session.connection.number))


def _within(inner: Span, outer: Span) -> bool:
    return inner.side is outer.side and outer.start <= inner.start < outer.stop


def _line_span(reply: Reply, number: int) -> Span:
    """The place of one line of a reply, which may have come in a later packet than its first."""
    span = reply.span
    start = span.start + sum(len(line) + 2 for line in reply.lines[:number])
    at = bisect_right(reply.places, start, key=_offset_of)
    time_ns, frame = reply.places[at - 1][1:] if at else (span.time_ns, span.frame)
    return Span(span.side, start, start + len(reply.lines[number]), time_ns, frame) if number else span
