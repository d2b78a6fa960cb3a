"""One request and its answer by WSGI: as gunicorn does it, in fewer steps and fewer packets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import closing, nullcontext
from functools import lru_cache
from typing import Any

import structlog
from gunicorn import util  # type: ignore[import-untyped]
from gunicorn.http.wsgi import Response, create  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn  # type: ignore[import-untyped]

__all__ = ["OneWrite", "Still", "exchange"]

log = structlog.get_logger(__name__)

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

#: Headers whose check is remembered: most are the same in every answer.
REMEMBERED = 256

#: … but not those of one answer alone, of which some are secret.
OWN = frozenset({"content-length", "etag", "location", "set-cookie", "x-request-id"})


def exchange(application: Application, req: Any, conn: TConn, *, is_last: bool) -> bool:
    """Runs the application and sends what it answers; whether the connection may bring another request.

    Raises what the application raises before anything was sent, and StopIteration after: half an answer is out, and
    another behind it would be read as its rest. gunicorn's hooks and access lines are not called.
    """
    answer, environ = create(req, conn.sock, conn.client, conn.server, conn.cfg, OneWrite)
    environ["wsgi.multithread"] = True
    if is_last:
        answer.force_close()
    try:
        pieces: Any = application(environ, answer.start_response)
        with closing(pieces) if hasattr(pieces, "close") else nullcontext():
            for piece in pieces:
                answer.write(piece)
            answer.close()
    except OSError:
        raise
    except (Exception, SystemExit) as error:
        if not answer.headers_sent:
            raise
        log.error("an answer broke off", action="answer_broken", error=type(error).__name__)
        raise StopIteration from None
    return not answer.should_close()


class Still:
    """gunicorn's settings, each looked up once: they stand while a worker runs, and each request asks for forty."""

    def __init__(self, settings: Any) -> None:
        self._settings = settings

    def __getattr__(self, name: str) -> Any:
        found = self.__dict__[name] = getattr(self._settings, name)
        return found


class OneWrite(Response):  # type: ignore[misc]
    """Two writes are two packets, and wake the client twice: its half of the processor is ours on one machine."""

    headers_sent: bool
    upgrade: bool
    _head: bytes | None = None  # on its way, ahead of the first of the body

    def process_headers(self, headers: Iterable[tuple[str, str]]) -> None:
        for name, value in headers:
            check = _look_at if name.lower() in OWN else _known
            kept, length, upgrade = check(name, value)
            self.headers += kept
            self.upgrade = self.upgrade or upgrade
            if length is not None:
                self.response_length = length

    def write(self, arg: bytes) -> None:
        joined = isinstance(arg, bytes) and arg and not self._omits_body and self.response_length != 0
        if joined and not self.headers_sent:
            self._head = self._rendered()
            self.headers_sent = True
        super().write(arg)

    def _emit_body(self, data: bytes) -> None:
        head, self._head = self._head, None
        if head is None:
            super()._emit_body(data)
        else:
            self.sock.sendall(b"%b%X\r\n%b\r\n" % (head, len(data), data) if self.chunked else head + data)

    def _rendered(self) -> bytes:
        lines = [f"{name}: {value}\r\n" for name, value in self.headers]
        return "".join([*self.default_headers(), *lines, "\r\n"]).encode("latin-1")

    def default_headers(self) -> list[str]:
        major, minor = self.req.version
        told = [
            f"HTTP/{major}.{minor} {self.status}\r\nServer: {self.version}\r\nDate: {_date(int(time.time()))}\r\n",
            f"Connection: {'close' if self.should_close() else 'keep-alive'}\r\n",
        ]
        return [*told, "Transfer-Encoding: chunked\r\n"] if self.chunked else told


def _look_at(name: str, value: str) -> tuple[tuple[tuple[str, str], ...], int | None, bool]:
    """What gunicorn makes of one header: (what is sent, the length that it gives, whether it upgrades). Raises as it
    does."""
    alone: Any = Response(None, None, None)
    alone.process_headers([(name, value)])
    return tuple(alone.headers), alone.response_length, alone.upgrade


_known = lru_cache(maxsize=REMEMBERED)(_look_at)


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return str(util.http_date(second))
