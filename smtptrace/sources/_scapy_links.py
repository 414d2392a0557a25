"""The IP packet in a frame of a link that only scapy knows; scapy is loaded by the first such frame."""

from __future__ import annotations

import logging
import warnings
from functools import cache
from typing import Any

from smtptrace.sources._layers import IPV4, IPV6


def knows(link: int) -> bool:
    """Whether scapy dissects frames of a pcap link type."""
    return _dissector(link) is not None


def ip_within(link: int, frame: bytes) -> tuple[int, bytes] | None:
    """The layer key and the octets of the outermost IP packet in a frame, None where scapy finds none."""
    try:
        layers = _dissector(link)(frame).iterpayloads()
        return next(((key, layer.original) for layer in layers if (key := _KEYS.get(layer.name))), None)
    except Exception:  # noqa: BLE001 - scapy raises whatever a malformed frame makes its fields raise
        return None


_KEYS = {"IP": IPV4, "IPv6": IPV6}


@cache
def _dissector(link: int) -> Any:
    """The class that scapy dissects a link type with, None where it has none."""
    logging.getLogger("scapy").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what scapy's own dependencies plan to remove
            import scapy.layers.all  # noqa: F401 - enters its link types
            from scapy.config import conf
    except ImportError:
        return None
    return conf.l2types.num2layer.get(link)
