"""How much sweep may add to a queue: what waits in it already is work enough."""

from __future__ import annotations

import dramatiq

from actors.prompt import PromptRedisBroker

__all__ = ["LEAST", "room"]

#: The part of a batch that is sent however long the queue is.
LEAST = 0.1


def room(actor: dramatiq.Actor[..., None], batch: int) -> int:
    """How many of a batch go to the queue of `actor`: as many as fill it up to one batch, a tenth of one at least.

    To sweep an order whose message waits for a free thread looks like one whose message is lost. Were all of them sent
    again each grace, a backlog would feed itself: the longer the queue, the more is sent twice, and the longer it gets.
    The tenth is for what was really lost while the queue never gets short; sweep takes the longest waiting first.

    Raises what the broker raises when it cannot be asked. Of brokers other than Redis the length is not known: a batch.
    """
    broker = actor.broker
    waiting = broker.waiting(actor.queue_name) if isinstance(broker, PromptRedisBroker) else 0
    return max(batch - waiting, round(batch * LEAST), 1)
