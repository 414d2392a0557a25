"""The reader of a dialogue: events in, a Session out."""

from __future__ import annotations

from smtptrace.smtp.records import Session
from smtptrace.wire import Connection, Event


class Dialogue:
    """Reads one connection event by event.

    Args:
        connection: the connection the events belong to.
        keep_content: keep the octets of each content in `Content.data`, else they are only hashed.
    """

    def __init__(self, connection: Connection, *, keep_content: bool = False) -> None:
        self.session = Session(connection)

    def feed(self, event: Event) -> None:
        """Take the next event; what it completes is in `session` afterwards."""
        raise NotImplementedError

    def finish(self) -> Session:
        """End the dialogue and give the whole Session."""
        raise NotImplementedError


def read_session(connection: Connection, *, keep_content: bool = False) -> Session:
    """The Session of a connection whose events are all here."""
    dialogue = Dialogue(connection, keep_content=keep_content)
    for event in connection.events:
        dialogue.feed(event)
    return dialogue.finish()
