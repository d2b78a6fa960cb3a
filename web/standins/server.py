"""One process, one port: the stand-ins over HTTP/1.1, a thread per connection."""

from __future__ import annotations

import contextlib
import io
import socket
import sys
import threading
from typing import Any, Self
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer

import falcon

from web.standins import control, kinguin, nowpayments, resend, reservations
from web.standins.answers import Refusal, refuse
from web.standins.config import StandinsConfig
from web.standins.control import OnLoopback
from web.standins.front import add_front
from web.standins.interruptions import Interruptions
from web.standins.shop import Shop
from web.standins.wire import Wire

__all__ = ["RunningStandins", "create_app", "start_standins"]

_IDLE_SECONDS = 60.0
_LARGEST_BODY = 8 << 20  # bytes


def create_app(shop: Shop) -> falcon.App[Any, Any]:
    """Every route of every stand-in."""
    middleware: list[Any] = [OnLoopback(), Interruptions(shop.faults)]
    app: falcon.App[Any, Any] = falcon.App(middleware=middleware)
    app.add_error_handler(Refusal, refuse)
    nowpayments.add_routes(app, shop.nowpayments)
    kinguin.add_routes(app, shop.kinguin)
    reservations.add_routes(app, shop.reservations, shop.bearers)
    resend.add_routes(app, shop.resend)
    control.add_routes(app, shop)
    add_front(app)
    return app


def start_standins(config: StandinsConfig, port: int = 0, host: str = "127.0.0.1") -> RunningStandins:
    """Listens at once; port 0 takes a free one. Raises OSError where that cannot be."""
    shop = Shop(config)
    try:
        return RunningStandins(shop, _Server((host, port), shop))
    except OSError:
        shop.close()
        raise


class RunningStandins:
    """Stand-ins that listen; a context manager."""

    def __init__(self, shop: Shop, server: _Server) -> None:
        self.shop = shop
        self._server = server
        self._thread = threading.Thread(
            target=server.serve_forever, args=(0.02,), name="standins", daemon=True
        )
        self._thread.start()
        self.port: int = server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.nowpayments_url = f"{self.url}/nowpayments/v1"
        self.kinguin_url = f"{self.url}/kinguin"
        self.reservations_url = f"{self.url}/reservations-api"
        self.reservations_token_url = f"{self.reservations_url}/auth/token"
        self.resend_url = f"{self.url}/resend"
        self.control_url = f"{self.url}/control"

    def configure(self, **knobs: Any) -> None:
        """Changes knobs of the configuration while running; raises ValueError."""
        self.shop.floor.configure(**knobs)

    def close(self) -> None:
        """Stops listening, cuts what is open, forgets what was to come."""
        with contextlib.suppress(OSError):
            self._server.socket.shutdown(socket.SHUT_RDWR)  # wakes the accepting thread where it can
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.cut_all()
        self.shop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Server(WSGIServer):
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], shop: Shop) -> None:
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        self._app: falcon.App[Any, Any] | None = None
        super().__init__(address, _Connection)
        self._shop = shop

    def get_app(self) -> falcon.App[Any, Any]:
        """Built for the first who asks: its routes take longer than all else of a start."""
        with self._lock:
            if self._app is None:
                self._app = create_app(self._shop)
            return self._app

    def server_bind(self) -> None:
        # The stdlib asks DNS for this host's name here, which can take seconds; nobody needs it.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", int(self.server_address[1])
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(target=self._serve, args=(request, client_address), daemon=True)
        with self._lock:
            self._connections[request] = thread
        thread.start()

    def cut_all(self) -> None:
        """Ends the connections that clients keep open, and waits for their threads."""
        with self._lock:
            threads = list(self._connections.values())
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(timeout=5)

    def _serve(self, request: socket.socket, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except OSError:
            pass  # the client left
        finally:
            with self._lock:
                self._connections.pop(request, None)
            self.shutdown_request(request)


class _Connection(WSGIRequestHandler):
    """Keeps the connection over many requests; an answer leaves whole, or not at all when a fault says so."""

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS

    def handle(self) -> None:
        self.close_connection = False
        while not self.close_connection:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                return
            self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the ledger tells what happened."""

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > _LARGEST_BODY:
            self.close_connection = True
            self.send_error(411)
            return
        body, wire = self.rfile.read(int(length)), Wire()
        environ = self.get_environ() | {"standins.body": body, "standins.wire": wire}
        written = io.BytesIO()
        handler = _Answer(io.BytesIO(body), written, sys.stderr, environ, multithread=True)
        handler.run(self.server.get_app())  # type: ignore[attr-defined]
        if not wire.send(self.wfile, written.getvalue()):
            self.close_connection = True
            self.rfile.close()  # or its hold on the socket would keep it open
            wire.finish(self.connection)


class _Answer(ServerHandler):
    http_version = "1.1"
    # The stdlib would hand every call what this process was started with.
    os_environ: dict[str, str] = {}  # noqa: RUF012

    def close(self) -> None:
        """Without the access log of the stdlib's."""
        super(ServerHandler, self).close()
