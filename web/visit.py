"""One request at the desk: gunicorn's steps for it, without those for a socket that may keep somebody waiting."""

from __future__ import annotations

import errno
from typing import Any, Protocol

import structlog
from gunicorn.http.errors import NoMoreData  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn  # type: ignore[import-untyped]

from web.desk import Elsewhere

__all__ = ["Server", "Visit"]

log = structlog.get_logger(__name__)

#: The client is; nothing more is to be said.
GONE = frozenset({errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN})


class Server(Protocol):
    """What the worker does with a request."""

    def handle_request(self, req: Any, conn: TConn) -> bool:
        """Whether the connection may bring another one."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answers for a request that could not be served."""


class Visit:
    """How it ended: whether the connection `keeps` on, or its request is to be served `elsewhere`, anew."""

    keeps = False
    is_elsewhere = False

    def run(self, server: Server, conn: TConn) -> None:
        try:
            self.keeps = _serve(server, conn)
        except Elsewhere:
            self.is_elsewhere = True


def _serve(server: Server, conn: TConn) -> bool:
    """As ThreadWorker.handle, for a request that is here whole, on a socket that does not block and stays so: to switch
    that on and off took four system calls, at each of which another thread might take the processor."""
    req = None
    try:
        req = next(conn.parser)
        if not server.handle_request(req, conn):
            return False
        done = bool(conn.parser.finish_body())  # what the application left; all of it is here
        conn.parser.mesg = None  # or the next request would finish it a second time
        return done
    except (StopIteration, NoMoreData):  # the client ended too early
        return False
    except OSError as error:
        if error.errno not in GONE:
            log.warning("an answer was not sent", action="answer_lost", error=type(error).__name__)
        return False
    except Exception as error:
        server.handle_error(req, conn.sock, conn.client, error)
        return False
