"""What a recording is: who speaks, what they do, and what must be found in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab.__main__ import Lab as Servers


@dataclass(frozen=True, slots=True)
class Lab:
    """What a scenario can use: the servers, and a folder of its own."""

    servers: Servers
    folder: Path

    def file(self, content: bytes) -> Path:
        """A file with this content."""
        path = self.folder / "message.eml"
        path.write_bytes(content)
        return path

    @property
    def keylog(self) -> Path:
        """Where a client writes its TLS keys."""
        return self.folder / "keys"


@dataclass(frozen=True, slots=True)
class Expected:
    """One session: exchanges as "VERB CODE", AUTH as "MECHANISM user outcome", digests of the messages.

    The verb is `*` where a line begins with none, the user `?` where no octets show one, and a digest "" where server
    or client changes what it was given.
    """

    exchanges: str
    auth: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """One recording: what it shows, who speaks (names of `versions`), on which ports, and what must be found."""

    name: str
    what: str
    server: tuple[str, ...]
    client: str
    ports: tuple[int, ...]
    act: Callable[[Lab], None]
    sessions: tuple[Expected, ...]
    keylog: bool = False


SCENARIOS: dict[str, Scenario] = {}


def recorded(
    what: str, server: str, client: str, ports: tuple[int, ...], *sessions: Expected, keylog: bool = False
) -> Callable[[Callable[[Lab], None]], Callable[[Lab], None]]:
    """Make a function a scenario; its name with hyphens is the recording's."""

    def add(act: Callable[[Lab], None]) -> Callable[[Lab], None]:
        name = act.__name__.replace("_", "-")
        SCENARIOS[name] = Scenario(name, what, tuple(server.split(", ")), client, ports, act, sessions, keylog)
        return act

    return add
