"""What happens around every request: an id, the headers that browsers obey, one line in the log, the figures."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import structlog
from falcon import Request, Response
from prometheus_client import Counter, Histogram

from bitloot import tracing
from bitloot.story import known, learn
from web.metrics import REQUESTS, SECONDS

__all__ = ["API_POLICY", "AccessLine", "RequestId", "SafeHeaders", "SafeResponse", "Traces"]

log = structlog.get_logger(__name__)

#: For answers that no browser has to render.
API_POLICY = "default-src 'none'; frame-ancestors 'none'"


#: Methods that are counted by their names; a client may make up any other, and each name would stay for good.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


class RequestId:
    """Every log line of a request carries its id; the client sees it as X-Request-Id."""

    def process_request(self, req: Request, resp: Response) -> None:
        given = req.get_header("X-Request-Id") or ""
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        resp.set_header("X-Request-Id", request_id)

    def process_resource(
        self, _req: Request, _resp: Response, _resource: Any, params: dict[str, Any]
    ) -> None:
        """What is logged about an order's own routes is part of its story."""
        learn(params.get("order_id"))


class Traces:
    """A span for each request that a route takes; goes on with the trace of who asks."""

    def process_resource(
        self, req: Request, _resp: Response, _resource: Any, _params: dict[str, Any]
    ) -> None:
        parent = req.get_header("traceparent")
        req.context.span = tracing.span(f"{req.method} {req.uri_template}", "server", parent)
        req.context.span.__enter__()

    def process_response(self, req: Request, resp: Response, _resource: object, _succeeded: bool) -> None:
        span = getattr(req.context, "span", None)
        if span is not None:
            status = int(str(resp.status)[:3])
            tracing.note(**{"http.response.status_code": status, "bitloot.order": known()})
            span.__exit__(None, None, None)


class SafeResponse(Response):
    """falcon's, which can be given many headers in one step."""

    def fill(self, headers: Mapping[str, str]) -> None:
        """Adds those that it does not have yet; their names are in lower case."""
        self._headers = {**headers, **self._headers}


class SafeHeaders:
    """Headers that a resource did not set itself. Nothing is cached unless a resource says so: answers carry rights."""

    def __init__(self, *, https: bool, cors: bool = False) -> None:
        self._headers = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "X-Frame-Options": "DENY",  # for browsers that know no frame-ancestors
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Content-Security-Policy": API_POLICY,
            "Cache-Control": "no-store",
        }
        if cors:
            self._headers["Vary"] = "Origin"
        if https:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"
        self._headers = {name.lower(): value for name, value in self._headers.items()}

    def process_response(
        self, _req: Request, resp: SafeResponse, _resource: object, _succeeded: bool
    ) -> None:
        resp.fill(self._headers)


class AccessLine:
    """One line per request: the path without its query, and never a header."""

    def process_request(self, req: Request, _resp: Response) -> None:
        req.context.began = time.perf_counter()

    def process_response(self, req: Request, resp: Response, _resource: Any, _succeeded: bool) -> None:
        seconds = time.perf_counter() - req.context.began
        status = str(resp.status)[:3]
        route = req.uri_template or "-"
        method = req.method if req.method in METHODS else "OTHER"
        answers, took = _figures(route, method, status)
        answers.inc()
        took.observe(seconds)
        code = getattr(req.context, "code", "")
        more = {"code": code} if code else {}
        log.info(
            "request",
            action="request",
            method=req.method,
            path=req.path,
            status=int(status),
            ms=round(seconds * 1000, 1),
            **more,
        )


@cache
def _figures(route: str, method: str, status: str) -> tuple[Counter, Histogram]:
    """The figures of such requests: routes are ours, and so there are few."""
    return REQUESTS.labels(route, method, status), SECONDS.labels(route)
