"""The workers' module with a clumsy hand: its first errors quote the key, in their text, their cause and their frames.

`dramatiq tests.faults.clumsy` with FAULTS_CLUMSY set fails twice while it stores keys, once before the seal and once
between store and commit. A message is given up at its first failure, and waits are short: soon a job is dead.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from typing import Any

from actors import broker, encrypt_store, policy

__all__ = ["CLUMSY", "HANDS", "broker"]

CLUMSY, HANDS = "tests.faults.clumsy", "FAULTS_CLUMSY"

#: Seconds before the first repeat of any step.
SOON = 0.2


def _plant() -> None:
    module: Any = encrypt_store
    seal, failures = module._seal_and_put, itertools.count()

    def seal_clumsily(order: Any, purchase: Any, data_key: bytes, key: Any) -> Any:
        failure = next(failures)
        if failure == 0:
            raise _quoting(key.content)
        stored = seal(order, purchase, data_key, key)
        if failure == 1:
            raise _quoting(key.content)
        return stored

    module._seal_and_put = seal_clumsily
    policies: Any = policy.POLICIES
    for name, known in policies.items():
        policies[name] = replace(known, first=SOON)
        broker.broker.get_actor(name).options["min_backoff"] = int(SOON * 1000)
    broker.broker.get_actor("encrypt_store").options["max_retries"] = 0


def _quoting(content: bytes) -> Exception:
    try:
        bytes.fromhex(content.decode())  # another library's error, which may quote what it was given
    except ValueError as cause:
        error = RuntimeError(f"cannot store {content.decode()} ({content.hex()}, {content!r})")
        error.__cause__ = cause
        error.add_note(content.decode())
        return error
    raise AssertionError("a key is no hexadecimal text")


if HANDS in os.environ:
    _plant()
