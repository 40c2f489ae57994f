"""Ports for servers that are told their port before they listen."""

import secrets
import socket

FIRST, LAST = 15_000, 32_000
"""Below the ports that systems give to outgoing connections: one of those may be taken before it is used."""


def free_port() -> int:
    """Return a local port that nobody listens on."""
    for _attempt in range(200):
        port = FIRST + secrets.randbelow(LAST - FIRST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port")
