"""What went wrong, as a page: for whoever opened an address in a browser. Programs get the same as problem+json."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from string import Template
from typing import Any

from falcon import Request, Response

from web.pages import File
from web.problem import MEDIA_TYPE

__all__ = ["ErrorPages"]

#: By status: what is said, and what may be done about it. Others by their hundred.
WORDS: Mapping[int, tuple[str, str]] = {
    400: ("This address cannot be read", "It is incomplete, or something was added to it."),
    401: ("Your right is missing", "Open the link in your letter, or sign in, and come from there."),
    403: ("This is not for your account", "Another account may see it."),
    404: (
        "There is nothing here",
        "The address is incomplete, or wrong. If it is from a letter of ours, open it from the letter itself.",
    ),
    429: ("That was often", "Please wait a minute, and try again."),
    500: (
        "Something went wrong on our side",
        "It is written down, and no order is lost by it. Please try again.",
    ),
    503: ("We cannot answer right now", "Nothing is lost by it. Please try again in a minute."),
}


class ErrorPages:
    """Falcon middleware: a problem document becomes a page where a browser opened an address."""

    def __init__(self, file: File) -> None:
        self._template = Template(file.data.decode())
        self._policy = file.policy

    def process_response(self, req: Request, resp: Response, resource: object, req_succeeded: bool) -> None:
        if resp.content_type != MEDIA_TYPE:
            return
        resp.append_header("Vary", "Accept")
        if _wants_page(req):
            resp.data = self._page(json.loads(resp.data or b"{}"))
            resp.content_type = "text/html; charset=utf-8"
            resp.set_header("Content-Security-Policy", self._policy)

    def _page(self, problem: Mapping[str, Any]) -> bytes:
        """Its `detail`, where it has one, is for people."""
        status = int(problem["status"])
        headline, explanation = WORDS.get(status) or WORDS[500 if status >= 500 else 400]
        told = {
            "status": status,
            "headline": headline,
            "explanation": problem.get("detail") or explanation,
            "code": problem["code"],
        }
        return self._template.substitute(
            {name: html.escape(str(text)) for name, text in told.items()}
        ).encode()


def _wants_page(req: Request) -> bool:
    """A browser that opens an address names HTML; scripts and programs take whatever comes, or JSON."""
    if req.method not in {"GET", "HEAD"} or "text/html" not in req.accept:
        return False
    return req.client_prefers((MEDIA_TYPE, "application/json", "text/html")) == "text/html"
