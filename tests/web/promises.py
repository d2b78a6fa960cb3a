"""Holds every answer that the edge's tests see against what its route promises (web/describe.py)."""

from __future__ import annotations

from typing import Any

from falcon import App, Request, Response

from web.describe import Described, described
from web.refusal_codes import OPEN, codes_of

__all__ = ["BROKEN", "watch"]

#: What was answered and never promised, since it was last looked at.
BROKEN: list[str] = []


class _KeepsPromises:
    def process_response(self, req: Request, resp: Response, resource: object, _succeeded: bool) -> None:
        promise = described(getattr(resource, f"on_{req.method.lower()}", None))
        if promise is None:
            return
        said, code = int(str(resp.status)[:3]), getattr(req.context, "code", "")
        if not _promised(req.method, promise, said, code):
            BROKEN.append(f"{req.method} {req.uri_template}: {said} {code}".rstrip())
            return
        media, content = (resp.content_type or "").partition(";")[0], promise.answers.get(said)
        if not code and isinstance(content, str) and media not in content:
            BROKEN.append(f"{req.method} {req.uri_template}: {said} as {media}")


def _promised(method: str, promise: Described, status: int, code: str) -> bool:
    """`internal` may come from anywhere."""
    if not code:
        return status in promise.answers
    if (status, code) == (500, "internal"):
        return True
    codes = codes_of(method, promise)
    return status in codes and (not codes[status] or status in OPEN or code in codes[status])


def watch(app: App[Any, Any]) -> App[Any, Any]:
    """The same application, watched."""
    app.add_middleware(_KeepsPromises())
    return app
