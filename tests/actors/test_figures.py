"""Where worker and clock show what they count."""

from __future__ import annotations

import socket

import requests

from actors.figures import show_figures
from bitloot.engines.ports import free_port
from bitloot.settings import Settings


def test_each_process_takes_the_next_free_port(database: Settings) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        taken = show_figures("127.0.0.1", port)
        assert taken is not None
        assert taken > port
    text = requests.get(f"http://127.0.0.1:{taken}/metrics", timeout=10).text
    assert 'bitloot_pool_connections{state="used"} 1.0' in text
    assert f"bitloot_pool_size {database.database_pool}.0" in text
    assert "# TYPE bitloot_provider_calls_total counter" in text


def test_nobody_listens_unless_asked_to() -> None:
    assert show_figures("127.0.0.1", 0) is None
