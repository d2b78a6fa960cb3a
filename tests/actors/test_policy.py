"""Every step's queue and policy, on one list."""

from __future__ import annotations

from actors.broker import broker
from actors.policy import POLICIES, Policy


def test_every_step_is_on_the_list_with_a_queue_of_its_own() -> None:
    assert set(POLICIES) == set(broker.actors)
    queues = [queue for queue, _ in POLICIES.values()]
    assert len(set(queues)) == len(queues)


def test_the_default_waits_2_4_8_16_32_seconds() -> None:
    options = Policy().options()
    waits = [
        min(options["min_backoff"] * 2**n, options["max_backoff"]) / 1000
        for n in range(options["max_retries"])
    ]
    assert waits == [2, 4, 8, 16, 32]


def test_every_actor_carries_its_policy() -> None:
    for name, (queue, policy) in POLICIES.items():
        actor = broker.get_actor(name)
        assert actor.queue_name == queue
        assert {key: actor.options[key] for key in policy.options()} == policy.options()
