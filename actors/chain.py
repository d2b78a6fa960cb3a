"""Handing on: in a worker the thread that did one step goes on with the next."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import TypeVar

import dramatiq

__all__ = ["go_on_in_threads", "hand_on", "handed", "run_chain"]

Next = tuple["dramatiq.Actor[..., None]", str, object]
Rows = TypeVar("Rows")

_chaining = False

#: .chain: what this thread goes on with; .read: what was read for the step that it is at.
_thread = threading.local()


def go_on_in_threads(wanted: bool = True) -> None:
    """From now on `hand_on` of this process keeps to the thread: called where a worker boots."""
    global _chaining
    _chaining = wanted


def hand_on(actor: dramatiq.Actor[..., None], subject: str, read: object = None) -> None:
    """Goes on with `actor`, once this step is over: in a worker by the same thread, elsewhere by a message.

    A message to oneself costs more than most steps do. Nothing rests on it: the state is the outbox, and what a dead
    thread did not go on with is found by sweep. `read`: rows that the next step would read again at once; no message
    carries them.
    """
    chain: deque[Next] | None = getattr(_thread, "chain", None)
    if chain is None:
        actor.send(subject)
    else:
        chain.append((actor, subject, read))


def handed(kind: type[Rows]) -> Rows | None:
    """What the step before this one read for it; None where it has to read itself. Given once."""
    read, _thread.read = getattr(_thread, "read", None), None
    return read if isinstance(read, kind) else None


def run_chain(first: Callable[[], None], go_on: Callable[[dramatiq.Actor[..., None], str], None]) -> None:
    """Runs `first`, then `go_on` for whatever was handed on; what is left when something breaks is sent."""
    chain: deque[Next] | None = deque() if _chaining else None
    _thread.chain, _thread.read = chain, None
    try:
        first()
        while chain:
            actor, subject, _thread.read = chain.popleft()
            go_on(actor, subject)
    finally:
        _thread.chain = _thread.read = None
        for actor, subject, _ in chain or ():
            actor.send(subject)
