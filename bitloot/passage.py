"""Calls that do not go by `bitloot.fetch`: the same gate before them, and the same word to it after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bitloot.calls import calling
from bitloot.errors import Ambiguous, BitLootError, Retryable
from bitloot.fetch import Gate

__all__ = ["passing"]


@contextmanager
def passing(
    provider: str, gate: Gate | None, method: str, answered: frozenset[str] = frozenset()
) -> Iterator[None]:
    """One call to `provider`. Raises what `gate` refuses it with, before it begins; else what the block raises.

    What is Retryable or Ambiguous counts against the provider, but for the codes in `answered`: those say that it is
    well and did not want this one thing now.
    """
    if gate is None:
        with calling(provider, method):
            yield
        return
    gate.admit(method, "")
    try:
        with calling(provider, method):
            yield
    except BitLootError as error:
        unwell = isinstance(error, Retryable | Ambiguous) and error.code not in answered
        gate.report(method, None if unwell else 400, error)
        raise
    gate.report(method, 200, None)
