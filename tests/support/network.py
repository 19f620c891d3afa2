"""The network is closed: a test that reaches out of this machine fails."""

from __future__ import annotations

import ipaddress
import sys

_LOCAL_NAMES = {None, "", "localhost"}


class NetworkClosed(Exception):
    """A test tried to reach another machine."""


def close_network() -> None:
    """From now on, in this process and for good."""
    sys.addaudithook(_refuse_outside)


def _refuse_outside(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and not _is_local(address[0]):
            raise NetworkClosed(f"a test connects to {address}")
    if event == "socket.getaddrinfo" and not _is_local(arguments[0]):
        raise NetworkClosed(f"a test looks up {arguments[0]!r}")


def _is_local(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in _LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        return False
