"""Every step's policy, on one list."""

from __future__ import annotations

import pytest

from actors.broker import broker
from actors.policy import POLICIES, Policy
from actors.sweep import STEP
from bitloot.errors import Ambiguous, Blocked, Closed, Duplicate, Permanent, Retryable

#: Resend remembers a key for this long (seconds, PROVIDERS.md §4).
RESEND_REMEMBERS = 24 * 3600


def test_every_step_is_on_the_list_with_a_queue_of_its_own() -> None:
    assert set(POLICIES) == set(broker.actors)
    queues = [actor.queue_name for actor in broker.actors.values()]
    assert len(set(queues)) == len(queues)


def test_the_default_waits_2_4_8_16_32_seconds() -> None:
    options = Policy().options()
    waits = [
        min(options["min_backoff"] * 2**n, options["max_backoff"]) / 1000
        for n in range(options["max_retries"])
    ]
    assert waits == [2, 4, 8, 16, 32]


def test_every_actor_carries_its_policy() -> None:
    for name, policy in POLICIES.items():
        options = broker.get_actor(name).options
        assert {key: options[key] for key in policy.options()} == policy.options()
        assert ("max_age" in options) == (policy.max_age is not None)


def test_a_step_works_where_sweep_sends_it() -> None:
    for state, actor in STEP.items():
        assert state in POLICIES[actor.actor_name].states


@pytest.mark.parametrize("name", ["reserve", "notify"])
def test_no_message_outlives_the_key_that_makes_its_call_safe(name: str) -> None:
    max_age = POLICIES[name].max_age
    assert max_age is not None
    assert max_age < RESEND_REMEMBERS


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_only_what_certainly_did_not_happen_is_retried(policy: Policy) -> None:
    assert all(policy.retries(error) for error in (Retryable("away"), Closed("shut"), KeyError("a bug")))
    refused = (Permanent("no"), Blocked("no"), Ambiguous("maybe"), Duplicate("known"))
    assert not any(policy.retries(error) for error in refused)
