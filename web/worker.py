"""The gunicorn worker: a thread is taken only for a request that has arrived whole (RELIABILITY.md §0 #10)."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker  # type: ignore[import-untyped]

from web.arrivals import Arrival, Held, parser_of_what_came, receive, send, unblock
from web.desk import Desk, at_the_desk
from web.exchange import Still, exchange
from web.framing import Verdict
from web.limits import HEAD_SECONDS, LINGER_SECONDS, MAX_HELD, REQUEST_SECONDS, WRITE_SECONDS
from web.refusals import Refusal, refusal_for
from web.visit import Visit

__all__ = ["GatheringWorker"]

#: How often (seconds) the connections that are being waited for are looked through.
LOOK = 0.25

#: When the room is full, whoever has been arriving for less than this (seconds) is not yet shown out.
PATIENCE = 1.0

#: Served at the desk, since they come in crowds; other notices by threads of their own, with nothing slow in front.
PAYMENTS = b"POST /payments/ipn "
NOTICES = b"POST /kinguin/webhooks "
NOTICE_THREADS = 32

#: What tells others how we are is never turned away.
ASKING = (b"GET /healthz ", b"GET /readyz ", b"GET /metrics ")

REFUSALS: Mapping[Verdict, Refusal] = {
    Verdict.HEAD_TOO_LARGE: Refusal(431, "head_too_large"),
    Verdict.BODY_TOO_LARGE: Refusal(413, "body_too_large"),
    Verdict.AMBIGUOUS: Refusal(400, "bad_request"),
}

OVERLOADED = Refusal(503, "overloaded")


class GatheringWorker(ThreadWorker):  # type: ignore[misc]
    """Waits for requests in the poller, where a slow client costs a socket and no thread.

    Four half-sent requests stop gthread's four threads, and its time-out guards the process, not them. Here the main
    loop reads: head and body have a deadline each, what is too large is refused at once, and farewells do not block
    (gthread lingers there). Payment notices are served by the loop itself, at the desk: many at once wait for a commit.
    """

    cfg: Any

    head_seconds = HEAD_SECONDS
    request_seconds = REQUEST_SECONDS
    write_seconds = WRITE_SECONDS
    linger_seconds = LINGER_SECONDS

    #: General requests in line; more are turned away, so that notices keep the processor.
    most_waiting = 256

    #: Bytes of requests that are held at once; beyond, whoever sent most is turned away.
    most_held = MAX_HELD

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cfg = Still(self.cfg)
        self._arriving: dict[TConn, Arrival] = {}  # oldest first
        self._parting: dict[TConn, float] = {}  # until when, soonest first
        self._next_look = 0.0
        self._held = Held(self.most_held)

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        if cfg.is_ssl:
            raise RuntimeError("TLS ends at the proxy; this worker speaks plain HTTP.")
        super().check_config(cfg, log)

    def init_process(self) -> None:
        self._notices = ThreadPoolExecutor(NOTICE_THREADS, thread_name_prefix="notices")
        self._desk = Desk(self.method_queue.defer, self._has_more)
        super().init_process()

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        # Whoever it was put off for may have gone meanwhile: to another process, or because the time was up.
        super().wait_for_and_dispatch_events(0.0 if self._desk.has_work else timeout)
        self._desk.end_round()

    def _has_more(self) -> bool:
        """Whether somebody waits to be read; a stopping worker puts nothing off for them."""
        own = self.method_queue.fileno()
        return self.alive and any(key.fd != own for key, _ in self.poller.select(0))

    # --- arriving: called by ThreadWorker for a new connection, and for one on which the next request begins

    def enqueue_req(self, conn: TConn) -> None:
        """Gathers a request, then hands it to a thread."""
        if conn.parser is None:
            conn.parser = parser_of_what_came(self.cfg, conn.client)
            conn.initialized = True
        unblock(conn.sock)
        self._arriving[conn] = Arrival()
        self._take(conn, conn.parser.unreader.take_buffered() or receive(conn.sock))

    def _on_readable(self, conn: TConn, _sock: socket.socket) -> None:
        self._take(conn, receive(conn.sock))

    def _take(self, conn: TConn, piece: bytes | None) -> None:
        """`piece` is what came; empty if the client has finished sending, None if there is nothing yet."""
        arrival = self._arriving[conn]
        ended = piece == b""
        verdict = arrival.framing.feed(piece) if piece else Verdict.MORE
        self._held.note(conn, arrival.framing.held)
        if verdict is Verdict.MORE and not ended:
            self._await(conn, arrival)
            while (largest := self._held.largest(self._arriving)) is not None:
                self._forget(largest)
                self._refuse(largest, OVERLOADED)
            return
        self._forget(conn)
        if verdict in REFUSALS:
            self._refuse(conn, REFUSALS[verdict])
        elif not self._held.has_room(conn):
            self._refuse(conn, OVERLOADED)
        elif not arrival.framing.held:
            self._drop(conn)
        else:  # if the client ended too early, the parser and the application say so
            self._serve(conn, arrival.framing.data)

    def _serve(self, conn: TConn, data: bytes) -> None:
        conn.parser.unreader.unread(data)
        if data.startswith(PAYMENTS):
            visit = Visit()
            self._desk.serve(partial(visit.run, self, conn), partial(self._end_visit, conn, data, visit))
        elif data.startswith(NOTICES):
            self._hand_over(conn, self._notices)
        elif self.tpool._work_queue.qsize() < self.most_waiting or data.startswith(ASKING):
            self._hand_over(conn, self.tpool)
        else:
            self._refuse(conn, OVERLOADED)

    def _end_visit(self, conn: TConn, data: bytes, visit: Visit) -> None:
        if not visit.is_elsewhere:
            self._finish(conn, visit.keeps)
            return
        conn.parser = parser_of_what_came(
            self.cfg, conn.client
        )  # nothing was read but `data`, and nothing was written
        conn.parser.unreader.unread(data)
        self._hand_over(conn, self._notices)

    def _hand_over(self, conn: TConn, threads: ThreadPoolExecutor) -> None:
        served = threads.submit(self.handle, conn)
        served.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

    def _await(self, conn: TConn, arrival: Arrival) -> None:
        if arrival.framing.expects_continue and not arrival.continued:
            arrival.continued = True
            send(conn.sock, b"HTTP/1.1 100 Continue\r\n\r\n")
        if not arrival.watched:
            arrival.watched = True
            self.poller.register(conn.sock, EVENT_READ, partial(self._on_readable, conn))

    def _forget(self, conn: TConn) -> None:
        if self._arriving.pop(conn).watched:
            self.poller.unregister(conn.sock)

    # --- being served

    def handle_request(self, req: Any, conn: TConn) -> bool:
        """With nothing left to read. At the desk, where the socket does not block, what it does not take at once is not
        sent."""
        if not at_the_desk():
            conn.sock.settimeout(self.write_seconds)
        req._expected_100_continue = False  # said in _await, when there was something to wait for
        self.nr += 1
        if self.nr >= self.max_requests:
            self.alive = False
        is_last = (
            not self.alive or not self.cfg.keepalive or len(self.keepalived_conns) >= self.max_keepalived
        )
        return exchange(self.wsgi, req, conn, is_last=is_last)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """What the parser refused. Neither answer nor log repeats any of the request."""
        refusal = refusal_for(exc)
        if refusal.status >= 500:
            self.log.error("request failed outside the application: %s", type(exc).__name__, exc_info=exc)
        else:
            self.log.info("request refused: %s", refusal.code)
        client.setblocking(False)  # gunicorn made it wait for ever, and this may be the loop
        send(client, refusal.answer())

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        self._finish(conn, not fs.cancelled() and fs.exception() is None and fs.result())

    def _finish(self, conn: TConn, keeps: bool) -> None:
        self._held.release(conn)
        if not keeps:
            self._part(conn)
        elif conn.parser.unreader.buf.getvalue():  # the next request is here: a turn of the loop for each
            self.method_queue.defer(self.enqueue_req, conn)
        else:
            unblock(conn.sock)
            conn.set_timeout()
            if not self.alive:
                conn.timeout = min(conn.timeout, time.monotonic() + STOP_KEEPALIVE_LINGER)
            self.keepalived_conns.append(conn)
            self.poller.register(conn.sock, EVENT_READ, partial(self.on_client_socket_readable, conn))

    # --- parting

    def _refuse(self, conn: TConn, refusal: Refusal) -> None:
        self.log.info("request refused: %s", refusal.code)
        send(conn.sock, refusal.answer())
        self._part(conn)

    def _part(self, conn: TConn) -> None:
        """Says that no more will come, and lets the client read to the end before the socket closes."""
        self._held.release(conn)
        try:
            unblock(conn.sock)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(conn)
            return
        if receive(conn.sock) == b"":
            self._drop(conn)
            return
        self._parting[conn] = time.monotonic() + self.linger_seconds
        self.poller.register(conn.sock, EVENT_READ, partial(self._on_parting, conn))

    def _on_parting(self, conn: TConn, _sock: socket.socket) -> None:
        if receive(conn.sock) == b"":
            self._end_parting(conn)

    def _end_parting(self, conn: TConn) -> None:
        self.poller.unregister(conn.sock)
        del self._parting[conn]
        self._drop(conn)

    def _drop(self, conn: TConn) -> None:
        self._held.release(conn)
        self.nr_conns -= 1
        conn.close()

    # --- deadlines: called by ThreadWorker after each round of events

    def murder_pending(self) -> None:
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK
        for conn, until in list(self._parting.items()):
            if until > now:
                break
            self._end_parting(conn)
        for conn, arrival in list(self._arriving.items()):
            limit = self.request_seconds if arrival.framing.has_head else self.head_seconds
            if arrival.since + limit <= now:
                self._let_go(conn, arrival)
        self._make_room(now)

    def _make_room(self, now: float) -> None:
        """When no more connections are taken: farewells are cut short, idle ones go, and whoever is slow to arrive."""
        if self.nr_conns < self.worker_connections:
            return
        for conn in list(self._parting):
            self._end_parting(conn)
        for conn in islice(self.keepalived_conns, max(1, self.worker_connections // 10)):
            conn.timeout = now
        self.murder_keepalived()
        for conn, arrival in list(self._arriving.items()):
            if now - arrival.since >= PATIENCE:
                self._forget(conn)
                self._drop(conn)

    def _let_go(self, conn: TConn, arrival: Arrival) -> None:
        self._forget(conn)
        if arrival.framing.held:
            self._refuse(conn, Refusal(408, "too_slow"))
        else:
            self._drop(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """A stopping worker waits for nobody who has not begun to send. What came since it last looked counts."""
        super()._cap_keepalive(deadline)
        for conn, arrival in list(self._arriving.items()):
            if conn not in self._arriving or arrival.framing.held:
                continue
            if piece := receive(conn.sock):
                self._take(conn, piece)
            else:
                self._let_go(conn, arrival)
