"""The sockets of an HTTP client, so that a thread that waits for an answer can be woken up.

Closing a client from another thread closes its sockets, but who waits at one goes on waiting until the time is up.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import weakref
from typing import Any

__all__ = ["Sockets"]

_OPENED = ("connect_tcp.complete", "start_tls.complete")


class Sockets:
    """Told of a client's connections by httpx's request extension `trace`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._shut = False

    def trace(self, event: str, details: dict[str, Any]) -> None:
        """To be given as the extension `trace` of every request."""
        if not event.endswith(_OPENED):
            return
        found = details["return_value"].get_extra_info("socket")
        if isinstance(found, socket.socket):
            with self._lock:
                self._open.add(found)
                if self._shut:
                    _end(found)

    def shut(self) -> None:
        """End the connections there are, and those that are still being opened once they are."""
        with self._lock:
            self._shut = True
            for each in list(self._open):
                _end(each)


def _end(each: socket.socket) -> None:
    with contextlib.suppress(OSError, ValueError):
        each.shutdown(socket.SHUT_RDWR)
