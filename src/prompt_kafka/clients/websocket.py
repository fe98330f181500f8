"""A WebSocket connection whose end does not depend on the other side.

``websockets`` reads a TLS socket as soon as there is something to read, and that may be a session ticket and
no data: the reader then blocks, and closing waits for it (seen with a server that refuses a stream and keeps
the connection open). Ending the connection below TLS first wakes the reader.
"""

from __future__ import annotations

import socket
from contextlib import suppress

from websockets.sync.client import ClientConnection


class Connection(ClientConnection):
    """A client's connection that can always be closed."""

    def close_socket(self) -> None:
        """Shut the TCP connection down, then close it as usual."""
        with suppress(OSError, TypeError):
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
        super().close_socket()
