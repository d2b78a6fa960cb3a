"""Group commit for payment notices: what waits together is judged and committed together."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

import structlog
from peewee import InterfaceError, OperationalError

from bitloot.gateways.base import PaymentNews
from bitloot.pace import Pace
from db import Later, NewNotice, Taken, Terms, Told, take_batch, take_news
from db.batches import is_locked, take_or_keep
from web.deadline import database
from web.desk import sleeper, soon
from web.limits import NOTICE_SECONDS

__all__ = ["Intake"]

log = structlog.get_logger(__name__)

Take = Callable[[Sequence[Told], Terms], list[Taken | Later]]

#: Notices that one commit takes; more would make the first of them wait for the last.
MOST = 64

#: Between the beginnings of two commits (seconds): a notice that comes after a quiet while goes at once, those of a
#: busy one together: that spares PostgreSQL a third of each, and they would wait for each other as long.
APART = 0.02

#: How long (seconds) a notice waits for an order that somebody holds, and how often it looks. Then it is kept as it is
#: and runs again later; whoever comes after it does not wait at all.
LOCK_SECONDS, PAUSE = 1.0, 0.05


class _Waiting:
    """One handler that waits for its notice's commit."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.since = time.monotonic()
        self.result: Taken | Later | None = None
        self.error: Exception | None = None
        self.sleeper = sleeper()

    @property
    def is_answered(self) -> bool:
        return self.error is not None or isinstance(self.result, Taken)

    def answer(self) -> Taken:
        if self.error is not None:
            raise self.error
        if not isinstance(self.result, Taken):
            raise RuntimeError("a notice was neither taken nor refused")
        return self.result


class Intake:
    """One thread per process commits the notices of all handlers; each answers only after its own commit.

    While one batch is being committed the next gathers, so that a lone notice waits for nobody. A long queue turns
    nobody away: as long as the database takes writes, everyone's turn comes.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._arrived: deque[_Waiting] = deque()
        self._waiting: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._began = 0.0  # the last batch
        self._pace = Pace(APART)
        self._locked: list[_Waiting] = []
        self._again_at = 0.0  # when the locked ones are tried again

    def take(self, news: PaymentNews, notice: NewNotice) -> Taken:
        """As db.take_news. Raises peewee's errors, OperationalError also if nothing was committed for NOTICE_SECONDS:
        then whether this commit took effect is unknown, and the sender's repeat finds out."""
        self._start()
        waiting = _Waiting(Told(news, notice))
        self._arrived.append(waiting)
        soon(self._hand_over)
        while not waiting.sleeper.wait(NOTICE_SECONDS):
            if time.monotonic() - self._began > NOTICE_SECONDS:
                raise OperationalError("the notice was not committed in time")
        return waiting.answer()

    def _hand_over(self) -> None:
        """Those who came together go together: the thread that each of them wakes would begin with the first, and take
        the processor from whoever reads the others."""
        while self._arrived:
            try:
                self._waiting.put(self._arrived.popleft())
            except IndexError:  # another handler was faster
                return

    def _start(self) -> None:
        """At the first notice, so that the thread belongs to the worker process and not to its parent."""
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        while True:
            batch = self._gather()
            self._began = time.monotonic()
            try:
                self._commit(batch)
            except (OperationalError, InterfaceError) as error:  # the database is away, also for those behind
                batch += self._more(self._waiting.qsize())
                _fail(batch, error)
            except Exception as error:  # each handler turns it into its own answer
                _fail(batch, error)
            for waiting in batch:
                if waiting.is_answered:
                    waiting.sleeper.wake()

    def _gather(self) -> list[_Waiting]:
        """Who is there, and now and then those whose orders were locked."""
        batch = self._more(1, PAUSE if self._locked else None)
        self._pace.begin()
        batch += self._more(MOST - 1)
        if self._locked and time.monotonic() >= self._again_at:
            batch, self._locked = [*self._locked, *batch], []
        return batch

    def _more(self, most: int, wait: float | None = 0) -> list[_Waiting]:
        """Up to `most`; waits `wait` seconds, or for ever, if there is nobody."""
        more: list[_Waiting] = []
        while len(more) < most:
            try:
                more.append(self._waiting.get(timeout=wait) if wait != 0 else self._waiting.get_nowait())
            except queue.Empty:
                break
        return more

    def _commit(self, batch: Sequence[_Waiting]) -> None:
        if not batch:  # nobody came while the locked ones waited
            return
        patient = [item for item in batch if time.monotonic() - item.since < LOCK_SECONDS]
        with database(NOTICE_SECONDS):
            self._together(patient, take_batch)
            self._together([item for item in batch if item not in patient], take_or_keep)
            for waiting in batch:
                if waiting.result is Later.UNKNOWN:
                    self._alone(waiting)
        locked = [item for item in batch if item.result is Later.LOCKED and not item.is_answered]
        if locked:
            self._locked += locked
            self._again_at = time.monotonic() + PAUSE

    def _together(self, batch: Sequence[_Waiting], take: Take) -> None:
        """One odd notice must not cost its neighbours theirs: what fails together is taken one by one."""
        if not batch:
            return
        try:
            results = take([item.told for item in batch], self._terms)
        except Exception as error:
            if isinstance(error, OperationalError | InterfaceError) and not is_locked(error):
                raise  # the database is away, for all of them
            if len(batch) == 1:
                _refuse(batch[0], error, is_last=take is take_or_keep)
                return
            log.warning("a batch was taken one by one", action="batch_split", error=type(error).__name__)
            for waiting in batch:
                self._together([waiting], take)
            return
        for waiting, result in zip(batch, results, strict=True):
            waiting.result = result

    def _alone(self, waiting: _Waiting) -> None:
        terms = self._terms
        try:
            waiting.result = take_news(
                waiting.told.news,
                gateway=terms.gateway,
                tolerance=terms.tolerance,
                actor=terms.actor,
                poll_seconds=terms.poll_seconds,
                notice=waiting.told.notice,
            )
        except Exception as error:  # one that cannot be taken must not take the others with it
            waiting.error = error


def _refuse(waiting: _Waiting, error: Exception, *, is_last: bool) -> None:
    """The same notice in an open transaction is waited for as a locked order is, but cannot be kept a second time."""
    if is_locked(error) and not is_last:
        waiting.result = Later.LOCKED
    else:
        waiting.error = error


def _fail(batch: Sequence[_Waiting], error: Exception) -> None:
    for waiting in batch:
        if not waiting.is_answered:
            waiting.error = error
