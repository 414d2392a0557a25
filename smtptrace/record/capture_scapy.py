"""Live packets through scapy's sockets."""

from __future__ import annotations

import contextlib
import errno
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from struct import Struct
from typing import Any

from smtptrace.errors import MissingError, SmtptraceError, UsageError
from smtptrace.sources._pcap import LARGEST_PACKET, Packet

ENGINE = "scapy"

_WAIT_S = 0.1
_BUFFER = 32 * 1024 * 1024
_LOOPBACK = 772
"""ARPHRD_LOOPBACK: each packet passes twice there, on its way out and in."""
_SOL_PACKET, _PACKET_STATISTICS, _PACKET_IGNORE_OUTGOING, _SO_RCVBUFFORCE = 263, 6, 23, 33
_statistics = Struct("=II")
_RAW_IP = {12: 101, 14: 101}
"""DLT_RAW, which differs between systems, as files have it."""

Received = tuple[bytes, float] | None


class ScapyFeed:
    """An interface read by scapy.

    Args:
        interface: its name.
        capture_filter: in libpcap's words, "" for none.

    Raises:
        UsageError: there is no such interface, or the filter is none.
        MissingError: it may not be read, or what reads it is not installed.
    """

    engine = ENGINE

    def __init__(self, interface: str, capture_filter: str) -> None:
        self._interface = interface
        self._socket = _opened(interface, capture_filter)
        self._receive = _receiver(self._socket)
        self._link = _link_of(self._socket)
        self._stopping = False
        self._dropped = 0
        self.dropped()  # what it could not take before it was bound to the interface is no loss
        self._dropped = 0

    def packets(self) -> Iterator[Packet]:
        """The packets as they come, each once on the loopback interface too."""
        frame, link = 0, self._link
        while not self._stopping:
            try:
                received = self._receive()
            except TimeoutError:
                continue
            except OSError as error:
                if self._stopping:
                    return
                reason = "it was taken down" if error.errno == errno.ENETDOWN else str(error.strerror)
                raise MissingError(f"{self._interface}: no more packets can be read: {reason}") from error
            if received is not None:
                frame += 1
                octets, time_s = received
                yield frame, round(time_s * 1e9), link, octets, 0, len(octets), len(octets)

    def dropped(self) -> dict[str, int]:
        """What the system dropped because nobody took it in time; the system counts from one question to the next."""
        if sys.platform == "linux":
            try:
                octets = self._socket.ins.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, _statistics.size)
            except OSError:  # closed already
                return {"system": self._dropped}
            self._dropped += _statistics.unpack(octets)[1]
        return {"system": self._dropped}

    def stop(self) -> None:
        """End at the next packet, or a moment later."""
        self._stopping = True

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()


def interfaces() -> list[tuple[str, str]]:
    """The interfaces that scapy knows, by name, with their addresses."""
    scapy = _scapy()
    return [(each.name, ", ".join(each.ips[4] + each.ips[6])) for each in scapy.ifaces.values()]


def _scapy() -> Any:
    """scapy's configuration, with its sockets chosen for this system."""
    logging.getLogger("scapy").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what scapy's own dependencies plan to remove
        import scapy.layers.l2
        import scapy.sendrecv  # noqa: F401 - both enter what they know
        from scapy.config import conf
    return conf


def _opened(interface: str, capture_filter: str) -> Any:
    if interface == "any":
        raise UsageError("any: all interfaces at once are read by dumpcap only: install it (apt install tshark)")
    conf = _scapy()
    if interface not in {each.name for each in conf.ifaces.values()}:
        raise UsageError(f"{interface}: there is no such interface; 'smtptrace capture -D' lists them")
    from scapy.error import Scapy_Exception

    try:
        return conf.L2listen(iface=interface, filter=capture_filter or None)
    except PermissionError as error:
        raise denied(interface) from error
    except Scapy_Exception as error:
        raise _refused(str(error), capture_filter) from error
    except OSError as error:
        raise MissingError(f"{interface}: cannot be opened: {error.strerror or error}") from error


def denied(interface: str) -> MissingError:
    """Only some may capture: what to run."""
    return MissingError(
        f"{interface}: capturing needs privileges: run it with sudo, or allow dumpcap to capture "
        "(sudo setcap cap_net_raw,cap_net_admin=eip $(command -v dumpcap)) and use --engine dumpcap"
    )


def _refused(said: str, capture_filter: str) -> SmtptraceError:
    if "libpcap is not available" in said:
        return MissingError("libpcap is not installed, which filters are made with: install it (libpcap0.8 on Debian)")
    reason = said.rpartition("(")[2].strip(") ") or said
    return UsageError(f"'{capture_filter}' is no capture filter: {reason}; such as: tcp port 25 or tcp port 587")


def _link_of(socket: Any) -> int:
    """The pcap link type of what the socket gives."""
    from scapy.config import conf
    from scapy.data import ARPHRD_TO_DLT

    if sys.platform == "linux":
        link = ARPHRD_TO_DLT.get(socket.ins.getsockname()[3])
    else:
        link = conf.l2types.layer2num.get(socket.LL)
    if link is None:
        raise MissingError(f"{socket.iface}: scapy does not know what lies on this interface; try --engine dumpcap")
    return _RAW_IP.get(link, int(link))


def _receiver(socket: Any) -> Callable[[], Received]:
    """Gives octets and time of the next packet, None for one that does not count; TimeoutError where none comes."""
    if sys.platform != "linux":
        return lambda: _received(*socket.recv_raw(LARGEST_PACKET))
    import socket as system

    try:
        socket.ins.setsockopt(system.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
    except OSError:  # without CAP_NET_ADMIN it stays as large as the system allows
        socket.ins.setsockopt(system.SOL_SOCKET, system.SO_RCVBUF, _BUFFER)
    if socket.ins.getsockname()[3] == _LOOPBACK:
        with contextlib.suppress(OSError):  # before Linux 4.20, where `receive` alone must tell them
            socket.ins.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    socket.ins.settimeout(_WAIT_S)

    def receive() -> Received:
        octets, (_, _, way, hardware, *_), time_s = socket._recv_raw(socket.ins, LARGEST_PACKET)
        if hardware == _LOOPBACK and way == system.PACKET_OUTGOING:
            return None
        return octets, time_s

    return receive


def _received(_layer: object, octets: bytes | None, time_s: float | None) -> Received:
    return None if octets is None or time_s is None else (octets, float(time_s))
