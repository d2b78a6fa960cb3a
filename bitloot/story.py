"""The one id of an order's story: every line that any process logs about an order names it as `order`.

It is the order's own id, so that nothing has to carry it over a lost message: who finds the row knows the story.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

__all__ = ["about", "known", "learn"]


@contextmanager
def about(order: Any = None) -> Iterator[None]:
    """What is logged and called within is about this order; None where it is not known yet (see `learn`)."""
    before = known()
    _say(order)
    try:
        yield
    finally:
        _say(before)


def learn(order: Any) -> None:
    """From here to the end of the enclosing `about`, message or request the story is this order's."""
    _say(order)


def known() -> str | None:
    """The order that this thread is about."""
    found = structlog.contextvars.get_contextvars().get("order")
    return None if found is None else str(found)


def _say(order: Any) -> None:
    if order is None:
        structlog.contextvars.unbind_contextvars("order")
    else:
        structlog.contextvars.bind_contextvars(order=str(order))
