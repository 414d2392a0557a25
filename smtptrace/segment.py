"""What a source hands to the TCP stage for one packet; a plain tuple, since there are millions."""

from __future__ import annotations

Segment = tuple[bytes, int, int, int, int, int, bytes, int]
"""(key, frame, time_ns, seq, ack, flags, payload, cut) of one TCP packet.

`key` is source address, destination address, source port, destination port in network order: 12 octets for IPv4, 36
for IPv6; the key of the other direction is made by swapping. `frame` counts from 1 as Wireshark does. `flags` are
TCP's (FIN 1, SYN 2, RST 4, ACK 16). `cut` is the number of payload octets that the snap length cut off.

A segment without a key is a pause: no packet came for a moment, and what waits for more is to be told.
"""


def pause(frame: int, time_ns: int) -> Segment:
    """A pause at a time, as only live sources know it; `frame` is that of the packet before."""
    return b"", frame, time_ns, 0, 0, 0, b"", 0
