"""What happens around every message. Each policy is one class; actors/broker.py lists them in order."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import time
from typing import Any

import structlog
from dramatiq import Broker, Message, MessageProxy
from dramatiq.errors import Retry
from dramatiq.middleware import Middleware, MiddlewareError, Retries

import db
from actors import bell, workshop
from actors.chain import go_on_in_threads
from actors.figures import show_figures
from actors.policy import POLICIES, Policy
from actors.signals import hear_once
from bitloot.errors import BitLootError, Retryable, UnsafeSettings, frames_of
from bitloot.logs import configure_logs, keep_loggers
from bitloot.settings import load_settings
from bitloot.tracing import configure_traces, stop_traces
from db import base

__all__ = ["Boot", "Burial", "CommitFirst", "SafeRetries", "Scrub", "SentInsideTransaction", "Telemetry"]

log = structlog.get_logger(__name__)

#: Delayed messages that one process holds (RELIABILITY §2.7); the stock value of 1,000 a thread hides them all in one.
DELAYED = 64


class Boot(Middleware):
    """Opens what a worker process needs after the fork, or ends it: a refusal must not be swallowed as a log line."""

    def before_worker_boot(self, broker: Broker, worker: Any) -> None:
        try:
            settings = load_settings()
            configure_logs(settings, "worker")  # first: what is opened may have something to say
            configure_traces(settings, "worker")
            workshop.open_from_environment("worker")
        except UnsafeSettings as refusal:
            for reason in refusal.reasons:
                log.critical(reason, action="refused")
            sys.exit(78)  # EX_CONFIG
        show_figures(settings.host, settings.worker_metrics_port)
        if worker.worker_threads > settings.database_pool:
            log.warning(
                "DATABASE_POOL is less than the threads", action="pool_small", threads=worker.worker_threads
            )
        hear_once(signal.SIGTERM)
        go_on_in_threads()
        # As many as can run at once: fewer would idle threads, more would be hostages of a kill (RELIABILITY §2.1).
        worker.queue_prefetch = worker.worker_threads
        worker.delay_prefetch = DELAYED
        keep_loggers()
        gc.collect()
        gc.freeze()  # what is here now stays: no later collection has to walk through it

    def after_worker_shutdown(self, broker: Broker, worker: Any) -> None:
        bell.stop()
        stop_traces()
        base.dispose()


class SentInsideTransaction(MiddlewareError):
    """A message was sent before the commit that it speaks of."""


class CommitFirst(Middleware):
    """Refuses a send inside a transaction: the message could outrun the row, or outlive it."""

    def before_enqueue(self, broker: Broker, message: Message[Any], delay: int | None) -> None:
        if base.in_transaction():
            raise SentInsideTransaction(message.actor_name)


class Scrub(Middleware):
    """Messages carry ids and nothing else; dramatiq would add the traceback (RELIABILITY §0 #12)."""

    def before_enqueue(self, broker: Broker, message: Message[Any], delay: int | None) -> None:
        message.options.pop("traceback", None)

    def before_nack(self, broker: Broker, message: MessageProxy) -> None:
        message.options.pop("traceback", None)


class SafeRetries(Retries):
    """Retries by each step's policy that never lose: if the repeat cannot be enqueued the message fails.

    Stock behaviour in that moment is to acknowledge and forget (RELIABILITY §0 #1). What the policy does not retry is
    given up at once: running it again changes nothing by itself, sweep or a person goes on.
    """

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        if exception is None:
            return
        if not POLICIES.get(message.actor_name, Policy()).retries(exception):
            message.fail()
            return
        if isinstance(exception, Retryable) and exception.after is not None:
            exception = Retry(str(exception), delay=int(exception.after * 1000))
        try:
            retry = super().after_process_message
            retry(broker, message, result=result, exception=exception)  # type: ignore[no-untyped-call]
        except Exception:
            message.fail()
            raise


class Burial(Middleware):
    """Writes down what is given up: a row in `jobs`, with a redacted traceback."""

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        if exception is None or not message.failed:
            return
        known = isinstance(exception, BitLootError)
        with base.scope():
            db.bury(
                actor=message.actor_name,
                subject_id=" ".join(str(arg) for arg in message.args),
                message_id=message.message_id,
                attempts=int(message.options.get("retries", 0)) + 1,
                error_class=type(exception).__name__,
                error=str(exception) if known else type(exception).__name__,
                traceback=getattr(exception, "frames", None) or frames_of(exception),
            )


class Telemetry(Middleware):
    """Tells admins who watch live what the workers do; never journalled, never waited for."""

    def __init__(self) -> None:
        self._started = threading.local()

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        self._started.at = time.monotonic()

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        if message.actor_name == "sweep" and exception is None:
            return
        event = "admin:job-completed" if exception is None else "admin:job-failed"
        data = {"actor": message.actor_name, "subject": " ".join(str(arg) for arg in message.args)}
        data["ms"] = str(round((time.monotonic() - self._started.at) * 1000, 1))
        if exception is not None:
            data["error"] = type(exception).__name__
        bell.ring(event, data)
