"""Group commit for payment notices: what waits together is judged and committed together."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence

import structlog
from peewee import InterfaceError, OperationalError

from bitloot.gateways.base import PaymentNews
from db import NewNotice, Taken, Terms, Told, take_batch, take_news
from web.deadline import database
from web.limits import NOTICE_SECONDS

__all__ = ["Intake"]

log = structlog.get_logger(__name__)

#: Notices that one commit takes; more would make the first of them wait for the last.
MOST = 64


class _Waiting:
    """One handler that waits for its notice's commit."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.taken: Taken | None = None
        self.error: Exception | None = None
        self.until = time.monotonic() + NOTICE_SECONDS
        self._done = threading.Lock()  # cheaper than an Event: taken here, released once
        self._done.acquire()

    def wait(self) -> Taken:
        if not self._done.acquire(timeout=max(0.0, self.until - time.monotonic())):
            raise OperationalError("the notice was not committed in time")
        if self.error is not None:
            raise self.error
        if self.taken is None:
            raise RuntimeError("a notice was neither taken nor refused")
        return self.taken

    def finish(self) -> None:
        self._done.release()


class Intake:
    """One thread per process commits the notices of all handlers; each answers only after its own commit.

    While one batch is being committed the next gathers, so that a lone notice waits for nobody.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._waiting: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def take(self, news: PaymentNews, notice: NewNotice) -> Taken:
        """As db.take_news. Raises peewee's errors, OperationalError also after NOTICE_SECONDS: then whether the
        commit took effect is unknown, and the sender's repeat finds out."""
        self._start()
        waiting = _Waiting(Told(news, notice))
        self._waiting.put(waiting)
        return waiting.wait()

    def _start(self) -> None:
        """At the first notice, so that the thread belongs to the worker process and not to its parent."""
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        while True:
            batch = [self._waiting.get(), *self._more()]
            try:
                self._commit(batch)
            except Exception as error:  # each handler turns it into its own answer
                for waiting in batch:
                    waiting.error = waiting.error or (None if waiting.taken else error)
            for waiting in batch:
                waiting.finish()

    def _more(self) -> list[_Waiting]:
        more: list[_Waiting] = []
        while len(more) < MOST - 1:
            try:
                more.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return more

    def _commit(self, batch: Sequence[_Waiting]) -> None:
        """Whoever has given up by now is left out: its sender will come again."""
        now = time.monotonic()
        alive = [waiting for waiting in batch if waiting.until > now]
        with database(NOTICE_SECONDS):
            for waiting, taken in zip(alive, self._together(alive), strict=True):
                waiting.taken = taken
            for waiting in alive:
                if waiting.taken is None:
                    self._alone(waiting)

    def _together(self, alive: Sequence[_Waiting]) -> list[Taken | None]:
        """One odd notice must not cost its neighbours theirs: what fails together is taken one by one."""
        try:
            return take_batch([item.told for item in alive], self._terms)
        except (OperationalError, InterfaceError):
            raise  # the database is away, for all of them
        except Exception as error:
            log.warning("a batch was taken one by one", action="batch_split", error=type(error).__name__)
            return [None] * len(alive)

    def _alone(self, waiting: _Waiting) -> None:
        terms = self._terms
        try:
            waiting.taken = take_news(
                waiting.told.news,
                gateway=terms.gateway,
                tolerance=terms.tolerance,
                actor=terms.actor,
                poll_seconds=terms.poll_seconds,
                notice=waiting.told.notice,
            )
        except Exception as error:  # one that cannot be taken must not take the others with it
            waiting.error = error
