"""Rows of one session -> its Connection: what the text leaves out is told from the dialogue."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping

from smtptrace import grammar
from smtptrace.transcripts import _hidden as hidden
from smtptrace.transcripts._lines import better, meant, reply_lines
from smtptrace.transcripts._rows import Kind, Row
from smtptrace.transcripts._times import Clock
from smtptrace.transcripts._wording import FAILED, TLS_BEGAN, TLS_NAMED, TLS_READY
from smtptrace.wire import (
    Connection,
    Endpoint,
    Event,
    Exactness,
    Gap,
    GapReason,
    Note,
    Octets,
    Origin,
    Secured,
    Side,
    Typed,
)

UNKNOWN = Endpoint("", 0)
SCHANNEL = re.compile(r"^TLS(\d)_(\d)$")
"""A version of TLS as Windows writes it."""

NOTES = 2000
ASIDE = 20
"""Notes kept from before the dialogue, and from after it: what stands nearest to it."""

LINE_END = b"\r\n"

STAGE = re.compile(rb"[<(\[][A-Za-z][^@<>()\[\]]{2,100}[>)\]][ .]*")
"""What people write in a dialogue in place of a command: (connects), <negotiate a TLS session>."""

UNNAMED = b"\0"
"""Begins a key that is not the source's own name of a session."""


class Maker:
    """One connection in the making: it follows the dialogue far enough to tell what the text leaves out."""

    def __init__(self, clock: Clock, hides: frozenset[str]) -> None:
        self.spoke = False
        self.in_content = False
        self.in_auth = False
        self.waiting: deque[str | None] = deque()
        self._clock, self._hides = clock, hides
        self.events: list[Event] = []
        self._server = self._client = UNKNOWN
        self._facts: dict[str, str] = {}
        self._label: bytes = b""
        self._reply: int | None = None
        self._chunk, self._content_shown = 0, False
        self._connected = self._ended = self._secured = self._greeted = False
        self._tls_at: int | None = None
        self._shown: tuple[int, bytes] | None = None
        self._notes = self._aside = 0

    @property
    def failed(self) -> bool:
        """Whether the text tells of a connection that failed before anything was said."""
        said = (event.text for event in self.events if isinstance(event, Note))
        return self._connected and any(FAILED.search(text) for text in said)

    def is_over(self, row: Row) -> bool:
        """Whether the row belongs to the next connection."""
        if row.kind is Kind.START:
            return self._ended or self.spoke
        if row.kind in (Kind.NOTE, Kind.END, Kind.EVENT):
            return False
        return self._ended or (self.is_greeting(row.data) and self.spoke and row.kind in (Kind.SERVER, Kind.SAID))

    def is_greeting(self, line: bytes) -> bool:
        """Whether a reply line is a greeting at this point: 220, and nobody waits for one but after QUIT."""
        free = not set(self.waiting) - {"QUIT"} and not self.in_content and self._reply is None
        return free and line.startswith(b"220") and not TLS_READY.match(line)

    def take(self, row: Row) -> None:
        """Add a row."""
        if not row.key.startswith(UNNAMED):
            self._label = self._label or row.key
        self._facts.update(row.facts)
        self._server, self._client = better(self._server, row.server), better(self._client, row.client)
        TAKE[Kind.NOTE if self._is_stage(row) else row.kind](self, row)

    def _is_stage(self, row: Row) -> bool:
        """Whether a line stands where something was said, and only tells what happened."""
        free = not (self.in_content or self.in_auth or self._chunk) and row.kind in (Kind.CLIENT, Kind.SERVER)
        return free and row.exactness is not Exactness.SEEN and STAGE.fullmatch(row.data) is not None

    def connection(self, origin: Origin) -> Connection:
        """What was made of the rows."""
        if self.in_content and "content" in self._hides:
            self.events.append(Gap(Side.CLIENT, None, GapReason.NOT_LOGGED))
        first = self.events[0]
        label = self._label.decode("utf-8", "replace") or None
        return Connection(
            self._client, self._server, origin, first.frame, first.time_ns, tuple(self.events), label, self._facts
        )

    def _gap(self, side: Side, row: Row, size: int | None = None, reason: GapReason = GapReason.NOT_LOGGED) -> None:
        last = self.events[-1] if self.events else None
        if not (isinstance(last, Gap) and last.side is side and size is None and last.size is None):
            self.events.append(Gap(side, size, reason, self._clock.ns(row.when), row.frame))

    def _octets(
        self, side: Side, row: Row, data: bytes, exactness: Exactness | None = None, *, end: bytes = LINE_END
    ) -> None:
        exactness = exactness or row.exactness
        if exactness is Exactness.LINE_END_SUPPLIED and b"rotected" in data and hidden.WEB_ADDRESS.search(data):
            exactness = Exactness.MASKED
        if row.exactness is not Exactness.SEEN:
            data += end
        self.spoke = True
        if row.typed:
            self.events.append(Typed(row.typed, meant(data), self._clock.ns(row.when), row.frame))
        self.events.append(Octets(side, data, self._clock.ns(row.when), row.frame, exactness))

    # What the client sent

    def _from_client(self, row: Row) -> None:
        self._open(row, Side.CLIENT)
        if self._chunk:
            self._chunked(row)
        elif self.in_content:
            self._content(row)
        elif self.in_auth:
            self._response(row)
        else:
            self._command(row)

    def _chunked(self, row: Row) -> None:
        """A line of a BDAT chunk; the last one need not end in CRLF."""
        end = b"" if row.exactness is Exactness.SEEN else LINE_END[: max(0, self._chunk - len(row.data))]
        self._chunk = max(0, self._chunk - len(row.data) - len(end))
        self._octets(Side.CLIENT, row, row.data, end=end)

    def _content(self, row: Row) -> None:
        ends = row.data.removesuffix(b"\r\n") == b"."
        if ends and not self._content_shown and "content" in self._hides:
            self._gap(Side.CLIENT, row)
        self._content_shown = not ends
        self._octets(Side.CLIENT, row, row.data)
        if ends or row.data.endswith(b"\r\n.\r\n"):
            self.in_content = False
            self.waiting.append("")

    def _command(self, row: Row) -> None:
        self._break_reply(row)
        line = row.data.removesuffix(b"\r\n")
        verb = grammar.verb_of(line)
        self.waiting.append(verb)
        self._octets(Side.CLIENT, row, *self._auth_command(row, line) if hidden.is_auth(verb) else (row.data,))
        size = re.match(rb"BDAT +([0-9]{1,12})", line, re.I)
        if size and "content" in self._hides:
            self._gap(Side.CLIENT, row, int(size[1]))
        elif size:
            self._chunk = int(size[1])

    def _auth_command(self, row: Row, line: bytes) -> tuple[bytes, Exactness | None]:
        mechanism, initial = hidden.auth_arguments(line)
        if initial is None or initial == b"=" or row.exactness is Exactness.SEEN:
            return row.data, Exactness.MASKED if initial and hidden.is_masked(initial) else None
        if hidden.is_masked(initial):
            return row.data, Exactness.MASKED
        if b"\\0" in initial or (mechanism.upper() == b"PLAIN" and b"\0" in initial):
            return line[: len(line) - len(initial)] + hidden.encoded(initial), Exactness.DECODED
        return row.data, None

    def _response(self, row: Row) -> None:
        shown, self._shown = self._shown, None
        value = row.data.removesuffix(b"\r\n")
        self.in_auth = False
        exactness = Exactness.MASKED if hidden.is_masked(value) else None
        if shown and row.exactness is not Exactness.SEEN and value != b"*" and not hidden.reads_as_base64(value):
            at, challenge = shown
            event = self.events[at]
            assert isinstance(event, Octets)
            event.data, event.exactness = b"334 " + hidden.encoded(challenge) + b"\r\n", Exactness.DECODED
            value = value if exactness else hidden.encoded(value)
            self._octets(Side.CLIENT, row, value, exactness or Exactness.DECODED)
        else:
            self._octets(Side.CLIENT, row, row.data, exactness)

    def _unseen(self, row: Row) -> None:
        """The client sent what is not shown; `data` says how many octets, where it is known."""
        self._gap(Side.CLIENT, row, int(row.data) if re.fullmatch(rb"[0-9]{1,12}", row.data) else None)
        self.in_auth = self.in_content = False

    # What the server sent

    def _from_server(self, row: Row) -> None:
        lines = reply_lines(row)
        self._open(row, Side.SERVER)
        if self._chunk:
            self._gap(Side.CLIENT, row, self._chunk)
            self._chunk = 0
        for line in lines:
            self._reply_line(row, line)

    def _reply_line(self, row: Row, line: bytes) -> None:
        code, last = hidden.reply_code(line) or (self._reply, self._reply is None)
        if self._reply is not None and code != self._reply:
            self._break_reply(row)
        if self._reply is None:
            self._reply_begins(row)
        self._greeted = True
        masked = code == 334 and hidden.is_masked(line[4:].strip())
        self._octets(Side.SERVER, row, line, Exactness.MASKED if masked else None)
        self._reply = None if last else code
        if last and code:
            self._reply_ends(code, line)

    def _unheard(self, row: Row) -> None:
        """The server answered the command that was sent first, and that is not shown."""
        if self.waiting:
            self.waiting.popleft()
            self._gap(Side.SERVER, row)
            self.in_auth = False

    def _reply_begins(self, row: Row) -> None:
        """Before a reply: the client must have sent what the server waited for."""
        if self.in_content or self.in_auth:
            self._gap(Side.CLIENT, row)
            self.in_content = self.in_auth = False

    def _reply_ends(self, code: int, line: bytes) -> None:
        verb = self.waiting[0] if self.waiting else None
        if code < 400:
            self._prove_tls()
        if 300 <= code < 400 and (hidden.is_auth(verb) or (verb is None and code == 334)):
            self.in_auth = True
            text = line[4:].rstrip(b"\r\n")
            if code == 334 and hidden.is_shown_decoded(text):
                self._shown = len(self.events) - 1, text
            return
        if self.waiting:
            self.waiting.popleft()
        if 300 <= code < 400 and (verb == "DATA" or verb is None):
            self.in_content = True
        if code == 220 and (verb in ("STARTTLS", "X-ANONYMOUSTLS") or (verb is None and TLS_READY.match(line))):
            self._tls_at, self._secured = len(self.events), False

    def _prove_tls(self) -> None:
        """After 220 to STARTTLS a further good reply can only have come through TLS."""
        if self._tls_at is not None and not self._secured:
            place = self.events[self._tls_at - 1]
            self.events.insert(self._tls_at, Secured(opened=True, time_ns=place.time_ns, frame=place.frame))
            self._secured = True
        self._tls_at = None

    def _break_reply(self, row: Row) -> None:
        """A reply that was never finished: the rest of it is not shown."""
        if self._reply is not None:
            if self._reply < 400:
                self._prove_tls()
            self._gap(Side.SERVER, row)
            if self.waiting:
                self.waiting.popleft()
            self._reply = None

    # What was beside the wire

    def _open(self, row: Row, side: Side) -> None:
        """Before the first octets: a text may begin in the middle."""
        if self.spoke or (self._connected and side is Side.SERVER):
            return
        code, _ = (side is Side.SERVER and hidden.reply_code(row.data)) or (0, True)
        if code in (220, 421, 554) and not TLS_READY.match(row.data):
            return
        greeting = "greeting" in self._hides and side is Side.CLIENT
        reason = GapReason.NOT_LOGGED if greeting else GapReason.BEFORE_CAPTURE
        self._gap(Side.SERVER, row, None, reason)
        if side is Side.SERVER:
            self._gap(Side.CLIENT, row, None, reason)

    def _note(self, row: Row) -> None:
        text = row.data.decode("utf-8", "replace").rstrip()
        began = TLS_BEGAN.search(text) if TLS_NAMED.search(text) else None
        part = began.groupdict() if began else {}
        sure = self._tls_at is not None or not self.spoke or part.get("v1") or part.get("v2")
        if began and sure and not self._secured:
            version = part["v1"] or part["v2"] or SCHANNEL.sub(r"TLSv\1.\2", part["v3"] or "") or None
            cipher = part["c1"] or part["c2"] or part["c3"]
            event = Secured(True, not self._greeted, version, cipher)
            event.time_ns, event.frame = self._clock.ns(row.when), row.frame
            self.events.append(event)
            self._secured, self._tls_at = True, None
        if text.strip():
            self._keep(Note(text, self._clock.ns(row.when), row.frame))

    def _keep(self, note: Note) -> None:
        """Keep a note, as long as there are not too many of them."""
        self._notes += 1
        self._aside += not self.spoke or self._ended
        if not self.spoke and self._aside > ASIDE:
            self._notes -= 1
            self.events.pop(next(at for at, event in enumerate(self.events) if isinstance(event, Note)))
        elif self._ended and self._aside > ASIDE:
            return
        if self._notes == NOTES:
            note.text += " (further notes of this session are left out)"
        if self._notes <= NOTES:
            self.events.append(note)

    def _event(self, row: Row) -> None:
        assert row.event is not None
        self.spoke = self.spoke or isinstance(row.event, Octets | Gap)
        self._greeted = self._greeted or (isinstance(row.event, Octets) and row.event.side is Side.SERVER)
        if row.event.time_ns is None:
            row.event.time_ns = self._clock.ns(row.when)
        self.events.append(row.event)

    def _start(self, row: Row) -> None:
        self._connected = True
        if row.data.strip():
            self._note(row)

    def _end(self, row: Row) -> None:
        self._ended, self._aside = True, 0
        if row.data:
            self._note(row)


TAKE: Mapping[Kind, Callable[[Maker, Row], None]] = {
    Kind.CLIENT: Maker._from_client, Kind.SERVER: Maker._from_server, Kind.SAID: Maker._from_client,
    Kind.NOTE: Maker._note, Kind.EVENT: Maker._event, Kind.START: Maker._start, Kind.END: Maker._end,
    Kind.UNSEEN: Maker._unseen, Kind.UNHEARD: Maker._unheard,
}  # fmt: skip
