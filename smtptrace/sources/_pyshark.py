"""Packets as pyshark gives them, for captures that only Wireshark opens.

pyshark keeps an event loop of its own: it works in the main thread, outside a running loop, and before Python 3.14
took the child watchers out of asyncio. Elsewhere, and where it stops, the caller runs tshark itself.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

_LOG = logging.getLogger(__name__)


def works_here() -> bool:
    """Whether pyshark can run where this is called."""
    if sys.version_info >= (3, 14) or threading.current_thread() is not threading.main_thread():
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return True
    return False


def rows(path: str, program: str, fields: tuple[str, ...], preferences: dict[str, str]) -> Iterator[list[str]]:
    """The fields of each packet of a file, innermost layers only; ends early where pyshark or tshark fail."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what later versions of Python take out
        import pyshark

        capture = pyshark.FileCapture(
            path, keep_packets=False, tshark_path=program, custom_parameters=["-n"], override_prefs=preferences
        )
        try:
            for packet in capture:
                yield _row(packet, fields)
        except Exception as error:  # noqa: BLE001 - pyshark raises what asyncio, lxml and tshark's exit code make it
            _LOG.info("pyshark stopped: %s", type(error).__name__)
        finally:
            _close(capture)


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
