"""A server of `serve` without a wire: what it says when a client says this."""

from __future__ import annotations

from replay.scripts import trace

from smtptrace.replay.serve import Manner, Server
from smtptrace.replay.serve_action import BeginTls, HearContent, HearLine, Say
from smtptrace.replay.serve_roster import Match, Roster
from smtptrace.replay.serve_script import Recorded
from smtptrace.replay.serve_source import recorded


def sessions(*texts: str) -> tuple[Recorded, ...]:
    """Dialogues as recorded sessions, named by their number."""
    return recorded([(trace(text), str(at)) for at, text in enumerate(texts, 1)], "test")


def roster(*texts: str, match: Match = Match.ORDER) -> Roster:
    return Roster(sessions(*texts), match)


def served(text: str | Roster, *said: bytes, manner: Manner | None = None) -> tuple[list[bytes], Server]:
    """What the server says (without line ends; TLS where it begins that) to these lines, and the server."""
    seat = (roster(text) if isinstance(text, str) else text).seat()
    server = Server(seat, manner or Manner())
    return talk(server, *said), server


def talk(server: Server, *said: bytes) -> list[bytes]:
    """The same with a server at hand; a content is said as one piece."""
    actions, waiting, replies = server.serve(), [*said], []
    answer: bytes | None = None
    try:
        while True:
            action = actions.send(answer)
            answer = None
            if isinstance(action, Say):
                replies.append(action.octets.rstrip(b"\r\n"))
            elif isinstance(action, BeginTls):
                replies.append(b"TLS")
            else:
                assert isinstance(action, HearLine | HearContent)
                answer = waiting.pop(0) + b"\r\n" if waiting else None
    except StopIteration:
        assert not waiting, "the server did not listen to the end"
        return replies
