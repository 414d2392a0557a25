"""The server of a recording as a fixture for pytest (docs/serve.md).

Every run of pytest loads this module where smtptrace is installed, so it imports nothing until a test asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from smtptrace.replay.serve_local import LocalServer

MARKER = "smtptrace"


class _Watch:
    """What is known of the server of one test: whether the test was over, and nobody had left the script."""

    def __init__(self, server: LocalServer) -> None:
        self.server = server
        self.was_fine = False


_WATCH = pytest.StashKey[_Watch]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(recording, *, fail=True, sessions=(), strict=False, match='order', unrecorded='refuse',"
        " password=None, keylog=None, timeout_s=30): what the fixture smtptrace_server plays; it fails the test when"
        " a client leaves the script, unless fail=False.",
    )


@pytest.fixture
def smtptrace_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """The server of the recording that the marker smtptrace names: host, port, ca_file, and what it received."""
    server = _made(request.node.get_closest_marker(MARKER), request.path.parent, tmp_path_factory.mktemp(MARKER))
    watch = request.node.stash[_WATCH] = _Watch(server)
    server.start()
    try:
        yield server
    finally:
        server.stop()
    if watch.was_fine:  # what clients said while other fixtures ended
        _check(server)


def _made(marker: pytest.Mark | None, beside: Path, folder: Path) -> LocalServer:
    """The server that the marker asks for; its files are named from the folder of the test."""
    from smtptrace.errors import SmtptraceError
    from smtptrace.replay.serve_local import LocalServer

    problem = f"name what is to be played: @pytest.mark.{MARKER}('recording.smtp')"
    if marker is not None and len(marker.args) == 1:
        options: dict[str, Any] = {name: value for name, value in marker.kwargs.items() if name != "fail"}
        if options.get("keylog"):
            options["keylog"] = beside / options["keylog"]
        try:
            return LocalServer(beside / Path(marker.args[0]), folder, **options)
        except (SmtptraceError, TypeError) as error:  # TypeError: an option that there is not
            problem = f"@pytest.mark.{MARKER}: {str(error).removeprefix('LocalServer.__init__() ')}"
    pytest.fail(problem, pytrace=False)


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """After a test that passed: nobody may have left the script."""
    watch = item.stash.get(_WATCH, None)
    marker = item.get_closest_marker(MARKER)
    if watch is not None and marker is not None and marker.kwargs.get("fail", True):
        _check(watch.server)
        watch.was_fine = True


def _check(server: LocalServer) -> None:
    found = server.deviations()
    if found:
        pytest.fail("\n".join(("the client left the script:", *(f"  {each}" for each in found))), pytrace=False)
