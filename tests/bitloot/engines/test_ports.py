"""Free ports can be bound."""

from __future__ import annotations

import socket

from bitloot.engines.ports import free_port


def test_a_free_port_can_be_bound_at_once() -> None:
    port = free_port()
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        assert server.getsockname() == ("127.0.0.1", port)
