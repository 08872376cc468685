"""Options of TCP sockets, for peers that may vanish without a word."""

from __future__ import annotations

import socket

_TCP = socket.IPPROTO_TCP


def lively(unacknowledged_ms: int = 0) -> list[tuple[int, int, int]]:
    """(level, name, value) of each option: no waiting for more to send, and an end to a connection whose peer is silent for 20 s when asked
    for a sign of life, or acknowledges nothing for `unacknowledged_ms` (0: for as long as the system has it). Systems other than Linux
    have only a part of it."""
    options = [(_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    wanted = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 2}
    if unacknowledged_ms:
        wanted["TCP_USER_TIMEOUT"] = unacknowledged_ms
    return options + [(_TCP, getattr(socket, name), n) for name, n in wanted.items() if hasattr(socket, name)]
