"""Packets as pyshark gives them, for captures that only Wireshark opens.

pyshark runs an event loop, which it cannot inside another one. Elsewhere it gets a loop of its own: the one that it
would look for is missing after `asyncio.run` and in other threads, and setting it up uses what Python 3.14 took out.
"""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import Iterator
from typing import Any

_LOG = logging.getLogger(__name__)


def works_here() -> bool:
    """Whether pyshark can run where this is called."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return True
    return False


def rows(path: str, program: str, fields: tuple[str, ...], preferences: dict[str, str]) -> Iterator[list[str]]:
    """The fields of each packet of a file, innermost layers only; ends early where pyshark or tshark fail."""
    loop, capture = asyncio.new_event_loop(), None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what later versions of Python take out
            import pyshark
        capture = pyshark.FileCapture(
            path,
            keep_packets=False,
            tshark_path=program,
            custom_parameters=["-n"],
            override_prefs=preferences,
            eventloop=loop,
        )
        for packet in capture:
            yield _row(packet, fields)
    except Exception as error:  # noqa: BLE001 - pyshark raises what asyncio, lxml and tshark's exit code make it raise
        _LOG.info("pyshark stopped: %s", type(error).__name__)
    finally:
        if capture is not None:
            _close(capture)
        loop.close()


def _close(capture: Any) -> None:
    """Close a capture of pyshark, which raises here, and once more when it is collected, if tshark had complaints."""
    try:
        capture.close()
    except Exception as error:  # noqa: BLE001 - as above
        _LOG.info("pyshark did not close: %s", type(error).__name__)
        getattr(capture, "_running_processes", set()).clear()


def _row(packet: Any, fields: tuple[str, ...]) -> list[str]:
    """The values of one packet; of several layers of a protocol the last counts."""
    layers = {layer.layer_name: layer for layer in packet.layers}
    layers["frame"] = packet.frame_info
    found = []
    for field in fields:
        protocol, _, name = field.partition(".")
        value = layers[protocol].get(name) if protocol in layers else None
        found.append(str(value or "").replace(":", "") if field == "tcp.payload" else str(value or ""))
    return found
