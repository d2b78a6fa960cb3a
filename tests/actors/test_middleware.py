"""Around every message: nothing lost, nothing sent too early, nothing secret kept."""

from __future__ import annotations

from typing import Any

import dramatiq
import pytest
import redis
from dramatiq import Message, MessageProxy

from actors.broker import MIDDLEWARE, broker, connect
from actors.middleware import Burial, SafeRetries, Scrub, SentInsideTransaction
from actors.policy import POLICIES
from actors.reserve import reserve
from actors.step import StepFailed
from bitloot.errors import Ambiguous, Blocked, Permanent, Retryable
from bitloot.settings import Settings
from bitloot.shop import Shop
from db import Job, base
from tests.actors.conftest import Queued, valkey

CANARY = "BLKEY-0123456789abcdef0123456789abcdef"


def a_message(**options: Any) -> MessageProxy:
    return MessageProxy(
        Message(queue_name="reserve", actor_name="reserve", args=("order-1",), kwargs={}, options=options)
    )


def after(message: MessageProxy, error: BaseException) -> None:
    SafeRetries().after_process_message(broker, message, exception=error)


def delayed(shop: Shop) -> list[dict[str, Any]]:
    """The messages that wait in reserve's delay queue."""
    stored = valkey().hgetall(f"{shop.settings.queue_namespace}:reserve.DQ.msgs")
    return [Message.decode(data).asdict() for data in stored.values()]


def test_the_order_of_the_list_is_kept() -> None:
    kinds = [type(item) for item in broker.middleware]
    assert [kind for kind in kinds if kind in MIDDLEWARE] == MIDDLEWARE
    assert kinds.index(Burial) < kinds.index(SafeRetries)  # after-hooks run from the bottom


def test_what_may_be_repeated_is_delayed_by_its_policy(shop: Shop) -> None:
    message = a_message()
    after(message, Retryable("away"))
    (waiting,) = delayed(shop)
    assert not message.failed
    wait = waiting["options"]["eta"] - waiting["options"]["requeue_timestamp"]
    assert 1_900 <= wait <= 4_100


def test_retry_after_is_honoured(shop: Shop) -> None:
    after(a_message(), Retryable("slow down", after=17))
    (waiting,) = delayed(shop)
    assert 16_900 <= waiting["options"]["eta"] - waiting["options"]["requeue_timestamp"] <= 17_100


@pytest.mark.parametrize("error", [Permanent("no"), Blocked("no"), Ambiguous("maybe")])
def test_what_a_repeat_cannot_help_is_given_up_at_once(shop: Shop, error: Exception) -> None:
    message = a_message()
    after(message, error)
    assert message.failed
    assert delayed(shop) == []


@pytest.mark.parametrize("retries", range(5))
def test_waits_grow_with_a_jitter_that_never_falls_below_the_first(shop: Shop, retries: int) -> None:
    """As the docstring of `Policy` says of dramatiq's own backoff."""
    policy = POLICIES["reserve"]
    after(a_message(retries=retries), Retryable("away"))
    (waiting,) = delayed(shop)
    wait = (waiting["options"]["eta"] - waiting["options"]["requeue_timestamp"]) / 1000
    longest = policy.first * 2**retries * 2
    least = policy.first * 2**retries if longest <= policy.largest else policy.largest / 2
    assert min(least, policy.largest / 2) - 0.1 <= wait <= min(longest, policy.largest) + 0.1
    assert wait >= policy.first


def test_after_five_repeats_it_is_given_up(shop: Shop) -> None:
    message = a_message(retries=5)
    after(message, Retryable("away"))
    assert message.failed


def test_a_repeat_that_cannot_be_enqueued_is_not_acknowledged(standin_settings: Settings, shop: Shop) -> None:
    nowhere = type(standin_settings.redis_url)("redis://127.0.0.1:9/0")
    message = a_message()
    connect(standin_settings.model_copy(update={"redis_url": nowhere}))
    with pytest.raises(redis.RedisError):
        after(message, Retryable("away"))
    assert message.failed  # it will be a dead letter, where stock Retries acknowledges and forgets it


def test_no_traceback_rides_in_a_message(shop: Shop) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        after(a_message(), error)
    (waiting,) = delayed(shop)
    assert "traceback" not in waiting["options"]
    assert CANARY not in str(waiting)
    message = a_message(traceback=CANARY)
    Scrub().before_nack(broker, message)
    assert "traceback" not in message.options


def test_nothing_is_sent_inside_a_transaction(shop: Shop, queued: Queued) -> None:
    with pytest.raises(SentInsideTransaction), base.transaction():
        reserve.send("order-1")
    assert queued(reserve) == []
    reserve.send("order-1")
    assert queued(reserve) == ["order-1"]


def test_a_job_that_is_given_up_becomes_a_row_without_payload(shop: Shop) -> None:
    message = a_message(retries=5)
    message.fail()
    Burial().after_process_message(broker, message, exception=ValueError(CANARY))
    job = Job.get()
    assert (job.actor, job.subject_id, job.attempts, job.error_class) == (
        "reserve",
        "order-1",
        6,
        "ValueError",
    )
    assert CANARY not in job.error + job.traceback


def test_a_buried_step_says_where_it_died(shop: Shop) -> None:
    message = a_message()
    message.fail()
    Burial().after_process_message(
        broker, message, exception=StepFailed("KeyError in reserve", "a.py:1 in f")
    )
    assert Job.get().traceback == "a.py:1 in f"


def test_a_job_that_will_be_repeated_is_not_buried(shop: Shop) -> None:
    Burial().after_process_message(broker, a_message(), exception=Retryable("away"))
    assert Job.select().count() == 0


def test_results_are_never_stored() -> None:
    assert not any(isinstance(item, dramatiq.middleware.Pipelines) for item in broker.middleware)
    assert not any("Results" in type(item).__name__ for item in broker.middleware)
