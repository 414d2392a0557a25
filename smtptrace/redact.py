"""Trace -> Trace without secrets, or with them laid open; the only place that decides what is hidden."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from smtptrace._changes import changed, each_changed, replaced
from smtptrace.auth import Credential, DecodedRound, Description, stray_spans
from smtptrace.findings import Evidence
from smtptrace.forms import forms, without
from smtptrace.secret import MASK, Masked, Secret
from smtptrace.smtp import (
    Anomaly,
    AuthExchange,
    Command,
    Content,
    DataExchange,
    Exchange,
    Recipient,
    Reply,
    Round,
    Session,
    Transaction,
)
from smtptrace.trace import Trace
from smtptrace.wire import Span, Typed

__all__ = ["Revealed", "forms", "mask", "reveal", "reveal_description"]

_MASK = MASK.encode()
_SHORTEST = 4
"""A secret shorter than this is masked where it was sent, but not searched for: it would be found in every word."""


class Revealed(Secret):
    """A secret that prints; made for `--show-secrets` only."""

    __slots__ = ()

    def __str__(self) -> str:
        value = self._value
        return value if isinstance(value, str) else value.decode("utf-8", "backslashreplace")

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


def reveal(trace: Trace) -> Trace:
    """The same trace with secrets that print."""
    return replaced(trace, credentials=tuple(_revealed(credential) for credential in trace.credentials))


def mask(trace: Trace) -> Trace:
    """The trace without any octet of a secret: in raw lines, in decoded fields, and wherever it was repeated."""
    strays = stray_spans(trace.session)
    if not trace.credentials and not strays:
        return trace
    blind = _Blind(trace.session, trace.credentials, strays)
    return replaced(
        trace,
        session=_session(trace.session, blind),
        credentials=tuple(_masked_credential(credential, blind) for credential in trace.credentials),
        findings=each_changed(trace.findings, lambda finding: _judgement(finding, blind)),
        causes=each_changed(trace.causes, lambda cause: _judgement(cause, blind)),
    )


class _Blind:
    """Hides the secrets of one session in octets and in text.

    Most sessions say a secret once, where it is sent; only if it stands anywhere else is every line searched.
    """

    def __init__(self, session: Session, credentials: Iterable[Credential], strays: Iterable[Span] = ()) -> None:
        spans: tuple[list[Span], list[Span]] = ([], [])
        for span in strays:
            spans[span.side].append(span)
        found: set[bytes] = set()
        for credential in credentials:
            for span in credential.secret_spans:
                spans[span.side].append(span)
            if not _is_secret(credential, credential.authcid):
                found.update(_long_forms(credential.secret))
        self._places = _apart(spans[0]), _apart(spans[1])
        self._stops = tuple([stop for _, stop in places] for places in self._places)
        said = [b"\n".join(self._said(session)), *_contents(session)] if found else []
        repeated = [form for form in found if any([form in part for part in said])]  # noqa: C419 - faster
        self._forms = sorted(repeated, key=len, reverse=True)

    def _said(self, session: Session) -> Iterator[bytes]:
        """Everything outputs may show but contents, and but for the lines that are masked anyway."""
        for exchange in session.exchanges:
            yield from self._spoken(exchange)
        yield from session.greeting.lines if session.greeting else ()
        yield session.helo or b""
        for remark in (*(note.text for note in session.notes), *(each.detail for each in session.anomalies)):
            yield remark.encode("utf-8", "surrogateescape")
        for typed in session.typed:
            yield from (typed.raw, typed.meant)

    def _spoken(self, exchange: Exchange) -> Iterator[bytes]:
        if exchange.command is not None:
            yield b"" if self.touches(exchange.command.span) else exchange.command.raw
        for reply in (exchange.reply, *exchange.replies):
            yield from reply.lines if reply and not self.touches(reply.span) else ()
        if isinstance(exchange, AuthExchange):
            for each in exchange.rounds:
                yield from each.challenge.lines if each.challenge and not self.touches(each.challenge.span) else ()
                yield b"" if each.response is None or self.touches(each.response_span) else each.response

    def leaves(self, exchange: Exchange) -> bool:
        """Whether nothing in the exchange needs to be hidden."""
        return (
            not self._forms
            and not isinstance(exchange, AuthExchange)
            and not (exchange.command and self.touches(exchange.command.span))
            and not (exchange.reply and self.touches(exchange.reply.span))
        )

    def raw(self, octets: bytes, span: Span | None) -> bytes:
        """The octets that stand at `span`, with everything secret in them masked."""
        if span is not None and (places := self._places[span.side]):
            at = bisect_right(self._stops[span.side], span.start)
            stop = at
            while stop < len(places) and places[stop][0] < span.start + len(octets):
                stop += 1
            for start, end in reversed(places[at:stop]):
                octets = octets[: max(start - span.start, 0)] + _MASK + octets[end - span.start :]
        return self.anywhere(octets)

    def touches(self, span: Span | None) -> bool:
        """Whether a part of the span is secret."""
        if span is None or not (places := self._places[span.side]):
            return False
        at = bisect_right(self._stops[span.side], span.start)
        return at < len(places) and places[at][0] < span.stop

    def anywhere(self, octets: bytes) -> bytes:
        """The octets without any repetition of a secret."""
        for form in self._forms:
            if form in octets:
                octets = without(octets, form, lambda _: _MASK)
        return octets

    def text(self, text: str) -> str:
        """The text without any repetition of a secret."""
        if not self._forms:
            return text
        octets = text.encode("utf-8", "surrogateescape")
        hidden = self.anywhere(octets)
        return text if hidden is octets else hidden.decode("utf-8", "surrogateescape")


def _apart(spans: Iterable[Span]) -> list[tuple[int, int]]:
    """(start, stop) of the places in their order, those that overlap as one."""
    places: list[tuple[int, int]] = []
    for start, stop in sorted((span.start, span.stop) for span in spans):
        if places and start < places[-1][1]:
            places[-1] = places[-1][0], max(stop, places[-1][1])
        else:
            places.append((start, stop))
    return places


def _contents(session: Session) -> Iterator[bytes]:
    """As much of each content as outputs may show."""
    for exchange in session.exchanges:
        if isinstance(exchange, DataExchange) and exchange.content is not None:
            yield exchange.content.data or exchange.content.head


def _long_forms(secret: Secret | None) -> Iterator[bytes]:
    value = secret.octets() if secret else b""
    return (form for form in forms(value) if len(form) >= _SHORTEST) if len(value) >= _SHORTEST else iter(())


def _session(session: Session, blind: _Blind) -> Session:
    new = {id(exchange): _exchange(exchange, blind) for exchange in session.exchanges}
    return replaced(
        session,
        greeting=_reply(session.greeting, blind),
        exchanges=tuple(new[id(exchange)] for exchange in session.exchanges),
        authentications=tuple(new.get(id(each)) or _exchange(each, blind) for each in session.authentications),
        transactions=each_changed(session.transactions, lambda each: _transaction(each, new, blind)),
        anomalies=each_changed(session.anomalies, lambda each: _anomaly(each, blind)),
        notes=each_changed(session.notes, lambda note: changed(note, text=blind.text(note.text))),
        typed=each_changed(session.typed, lambda each: _typed(each, blind)),
        helo=None if session.helo is None else blind.anywhere(session.helo),
        warnings=[blind.text(warning) for warning in session.warnings],
    )


def _exchange(exchange: Exchange, blind: _Blind) -> Any:
    if blind.leaves(exchange):
        return exchange
    parts: dict[str, Any] = {
        "command": _command(exchange.command, blind),
        "reply": _reply(exchange.reply, blind),
        "replies": each_changed(exchange.replies, lambda reply: _reply(reply, blind)),
    }
    if isinstance(exchange, AuthExchange):
        parts["initial"] = _initial(exchange, blind)
        parts["rounds"] = each_changed(exchange.rounds, lambda each: _round(each, blind))
    if isinstance(exchange, DataExchange):
        parts["intermediate"] = _reply(exchange.intermediate, blind)
        parts["content"] = _content(exchange.content, blind)
    return changed(exchange, **parts)


def _initial(exchange: AuthExchange, blind: _Blind) -> bytes | None:
    if exchange.initial is None or exchange.command is None or not blind.touches(exchange.command.span):
        return exchange.initial
    return _MASK


def _command(command: Command | None, blind: _Blind) -> Command | None:
    return command and changed(command, raw=blind.raw(command.raw, command.span))


def _reply(reply: Reply | None, blind: _Blind) -> Reply | None:
    if reply is None:
        return None
    if blind.touches(reply.span):
        return replaced(reply, lines=tuple(line[:4] + _MASK for line in reply.lines))
    return changed(reply, lines=each_changed(reply.lines, blind.anywhere))


def _round(each: Round, blind: _Blind) -> Round:
    response = None if each.response is None else blind.raw(each.response, each.response_span)
    return changed(each, challenge=_reply(each.challenge, blind), response=response)


def _content(content: Content | None, blind: _Blind) -> Content | None:
    if content is None:
        return None
    data = None if content.data is None else blind.anywhere(content.data)
    return changed(content, head=blind.anywhere(content.head), data=data)


def _transaction(each: Transaction, new: dict[int, Any], blind: _Blind) -> Transaction:
    def renewed(exchange: Exchange | None) -> Any:
        return exchange and (new.get(id(exchange)) or _exchange(exchange, blind))

    def recipient(one: Recipient) -> Recipient:
        return changed(one, address=blind.anywhere(one.address), exchange=renewed(one.exchange))

    return changed(
        each,
        reverse_path=blind.anywhere(each.reverse_path),
        mail=renewed(each.mail),
        recipients=each_changed(each.recipients, recipient),
        content=_content(each.content, blind),
        final=renewed(each.final),
    )


def _anomaly(anomaly: Anomaly, blind: _Blind) -> Anomaly:
    return changed(anomaly, detail=MASK if blind.touches(anomaly.span) else blind.text(anomaly.detail))


def _typed(typed: Typed, blind: _Blind) -> Typed:
    return changed(typed, raw=blind.anywhere(typed.raw), meant=blind.anywhere(typed.meant))


def _evidence(evidence: Evidence, blind: _Blind) -> Evidence:
    octets = evidence.text.encode("utf-8", "surrogateescape")
    hidden = blind.raw(octets, evidence.span)
    return evidence if hidden is octets else replaced(evidence, text=hidden.decode("utf-8", "surrogateescape"))


def _judgement(judgement: Any, blind: _Blind) -> Any:
    """A Finding or a Cause without secrets."""
    return changed(
        judgement,
        summary=blind.text(judgement.summary),
        evidence=each_changed(judgement.evidence, lambda each: _evidence(each, blind)),
    )


def _masked_credential(credential: Credential, blind: _Blind) -> Credential:
    def text(value: str | None) -> str | None:
        return value if value is None or _is_secret(credential, value) else blind.text(value)

    return replaced(
        credential,
        authcid=text(credential.authcid),
        authzid=text(credential.authzid),
        details={key: _each_string(value, blind.text) for key, value in credential.details.items()},
    )


def _is_secret(credential: Credential, name: str | None) -> bool:
    """Whether the user's name is also the password: hiding the name would tell so."""
    return name is not None and credential.secret is not None and name.encode() == credential.secret.octets()


def _each_string(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _each_string(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_each_string(item, change) for item in value]
    return value


def reveal_description(description: Description) -> Description:
    """The same decoded token with secrets that print."""
    return replaced(description, rows=tuple(replaced(row, value=_parts(row.value) or ()) for row in description.rows))


def _revealed(credential: Credential) -> Credential:
    return replaced(
        credential,
        secret=_open(credential.secret),
        rounds=tuple(DecodedRound(_parts(each.challenge), _parts(each.response)) for each in credential.rounds),
        details={key: _open(value) for key, value in credential.details.items()},
    )


def _parts(parts: Masked | None) -> Masked | None:
    return None if parts is None else tuple(_open(part) for part in parts)


def _open(value: Any) -> Any:
    if isinstance(value, Secret):
        return Revealed(value.reveal())
    if isinstance(value, dict):
        return {key: _open(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_open(item) for item in value]
    return value
