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
from web.desk import sleeper
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
        self.sleeper = sleeper()

    def answer(self) -> Taken:
        if self.error is not None:
            raise self.error
        if self.taken is None:
            raise RuntimeError("a notice was neither taken nor refused")
        return self.taken


class Intake:
    """One thread per process commits the notices of all handlers; each answers only after its own commit.

    While one batch is being committed the next gathers, so that a lone notice waits for nobody. A long queue turns
    nobody away: as long as the database takes writes, everyone's turn comes.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._waiting: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._began = 0.0  # the last batch

    def take(self, news: PaymentNews, notice: NewNotice) -> Taken:
        """As db.take_news. Raises peewee's errors, OperationalError also if nothing was committed for NOTICE_SECONDS:
        then whether this commit took effect is unknown, and the sender's repeat finds out."""
        self._start()
        waiting = _Waiting(Told(news, notice))
        self._waiting.put(waiting)
        while not waiting.sleeper.wait(NOTICE_SECONDS):
            if time.monotonic() - self._began > NOTICE_SECONDS:
                raise OperationalError("the notice was not committed in time")
        return waiting.answer()

    def _start(self) -> None:
        """At the first notice, so that the thread belongs to the worker process and not to its parent."""
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        while True:
            batch = [self._waiting.get(), *self._more(MOST - 1)]
            self._began = time.monotonic()
            try:
                self._commit(batch)
            except (OperationalError, InterfaceError) as error:  # the database is away, also for those behind
                batch += self._more(self._waiting.qsize())
                _fail(batch, error)
            except Exception as error:  # each handler turns it into its own answer
                _fail(batch, error)
            for waiting in batch:
                waiting.sleeper.wake()

    def _more(self, most: int) -> list[_Waiting]:
        more: list[_Waiting] = []
        while len(more) < most:
            try:
                more.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return more

    def _commit(self, batch: Sequence[_Waiting]) -> None:
        with database(NOTICE_SECONDS):
            for waiting, taken in zip(batch, self._together(batch), strict=True):
                waiting.taken = taken
            for waiting in batch:
                if waiting.taken is None:
                    self._alone(waiting)

    def _together(self, batch: Sequence[_Waiting]) -> list[Taken | None]:
        """One odd notice must not cost its neighbours theirs: what fails together is taken one by one."""
        try:
            return take_batch([item.told for item in batch], self._terms)
        except (OperationalError, InterfaceError):
            raise  # the database is away, for all of them
        except Exception as error:
            log.warning("a batch was taken one by one", action="batch_split", error=type(error).__name__)
            return [None] * len(batch)

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


def _fail(batch: Sequence[_Waiting], error: Exception) -> None:
    for waiting in batch:
        if waiting.taken is None:
            waiting.error = waiting.error or error
