"""One call to a provider: a line in the log, a figure, a span. Nothing of what was sent or received is in them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from bitloot import tracing
from bitloot.errors import BitLootError
from bitloot.figures import count_call

__all__ = ["Call", "calling"]

log = structlog.get_logger(__name__)


@dataclass
class Call:
    """`status` is HTTP's, None where there was no whole answer or no HTTP."""

    status: int | None = None


@contextmanager
def calling(provider: str, method: str, path: str = "") -> Iterator[Call]:
    """Around the call itself, without what is waited for before it. `path` is shown without its query."""
    call, began = Call(), time.perf_counter()
    error: Exception | None = None
    place = path.partition("?")[0]
    told = {"peer.service": provider, "http.request.method": method}
    with tracing.span(f"{method} {provider}", "client", attributes=told):
        try:
            yield call
        except Exception as failure:
            error = failure
            raise
        finally:
            seconds = time.perf_counter() - began
            # Codes are a provider's own words at times, and no two need be equal: figures go by class.
            result = type(error).__name__.lower() if error else "ok"
            count_call(provider, method, result, seconds)
            tracing.note(**{"http.response.status_code": call.status, "bitloot.result": result})
            more = {"code": error.code} if isinstance(error, BitLootError) else {}
            log.info(
                "called",
                action="called",
                provider=provider,
                method=method,
                path=place,
                status=call.status,
                result=result,
                ms=round(seconds * 1000, 1),
                **more,
            )
