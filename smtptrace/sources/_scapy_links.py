"""The IP packet in a frame as scapy dissects it; scapy is loaded by the first frame."""

from __future__ import annotations

import logging
import warnings
from functools import cache
from itertools import pairwise
from typing import Any

from smtptrace.sources._layers import IPV4, IPV6, LINK, Skip, unknown

_KEYS = {"IP": IPV4, "IPv6": IPV6}
_FRAGMENT_HEADER = "IPv6ExtHdrFragment"


def knows(link: int) -> bool:
    """Whether scapy dissects frames of a pcap link type."""
    return _dissector(link) is not None


def ip_within(link: int, frame: bytes) -> tuple[int, bytes]:
    """The layer key and the octets of the innermost whole IP packet, or the fragment of one, in a frame.

    Raises `Skip` where scapy finds none.
    """
    dissect = _dissector(link)
    if dissect is None:
        raise unknown(LINK + link)
    try:
        layers = list(dissect(frame).iterpayloads())
    except Exception as error:  # scapy raises whatever a malformed frame makes its fields raise
        raise Skip("not understood by scapy") from error
    found = None
    for layer, following in pairwise([*layers, None]):
        if layer.name in _KEYS:
            found = _KEYS[layer.name], layer.original
            if _is_fragment(layer, following):
                break
    if found is None:
        raise Skip("not IP")
    return found


def _is_fragment(ip: Any, following: Any) -> bool:
    if ip.name == "IPv6":
        return type(following).__name__ == _FRAGMENT_HEADER
    return bool(ip.original[6] & 0x3F or ip.original[7])


@cache
def _dissector(link: int) -> Any:
    """The class that scapy dissects a link type with, None where it has none."""
    logging.getLogger("scapy").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what scapy's own dependencies plan to remove
        import scapy.layers.all  # noqa: F401 - enters its link types
        from scapy.config import conf
    return conf.l2types.num2layer.get(link)
