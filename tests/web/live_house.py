"""A shop on a real port beside a real relay, and pages' own client in Node."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from bitloot.engines.ports import free_port
from bitloot.shop import Shop
from tests.tools import NODE
from tests.web.relay.ears import PATIENCE
from web.app import create_app
from web.pages import FOLDER

__all__ = ["NODE", "LiveHouse", "NodeEar", "live_house"]

EAR = Path(__file__).parent / "live_ear.mjs"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@dataclass(frozen=True)
class LiveHouse:
    """Where the shop answers, and where its relay is or will be."""

    base: str
    relay_port: int
    shop: Shop


@contextmanager
def live_house(shop: Shop) -> Iterator[LiveHouse]:
    web, relay = free_port(), free_port()
    changes = {
        "public_url": f"http://127.0.0.1:{web}",
        "relay_port": relay,
        "relay_url": f"ws://127.0.0.1:{relay}/fulfillment",
        "relay_look_seconds": 0.1,
    }
    settings = shop.settings.model_copy(update=changes)
    own = replace(shop, settings=settings)
    server = make_server("127.0.0.1", web, create_app(settings, own), _Server, _Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield LiveHouse(settings.public_url, relay, own)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class NodeEar:
    """web/console/live.js at work; `next` gives what it calls its page with."""

    def __init__(self, folder: Path, *tokens: str, **options: Any) -> None:
        assert NODE is not None
        module = folder / "live.mjs"
        module.write_text((FOLDER / "live.js").read_text())
        told = json.dumps({"module": module.as_uri(), "tokens": tokens, **options})
        self._process = subprocess.Popen(
            [NODE, "--no-warnings", "--experimental-websocket", str(EAR), told],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> NodeEar:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def stop(self) -> int:
        """Asks the client to stop; the exit code, once nothing keeps Node alive."""
        assert self._process.stdin is not None
        self._process.stdin.write("stop\n")
        self._process.stdin.flush()
        return self._process.wait(PATIENCE)

    def next(self, *calls: str) -> Any:
        """What the next of these calls told; others are passed over."""
        while True:
            heard = json.loads(self._lines.get(timeout=PATIENCE))
            if heard["call"] in calls:
                return heard["told"]

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
