"""How the faults of the menu are written down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["BUYS", "Dish", "dish", "html_page", "json_error"]

#: The calls that spend money.
BUYS = "kinguin.place_order|reservations.give"


@dataclass(frozen=True)
class Dish:
    """`line` says what happens; `rule` is what POST /control/faults would be told in full."""

    name: str
    line: str
    rule: Mapping[str, Any]


def dish(name: str, line: str, point: str, kind: str, **more: Any) -> Dish:
    return Dish(name, line, {"point": point, "kind": kind, **more})


def json_error(status: int, kind: str, detail: str, *, said: int | None = None) -> dict[str, Any]:
    """An error as the suppliers write it; `said` is the status of the answer where it differs from the body's."""
    body = {"kind": kind, "status": status, "title": detail, "detail": detail}
    return {"status": said or status, "body": json.dumps(body), "content_type": "application/json"}


def html_page(status: int, title: str) -> dict[str, Any]:
    """A page as the edge in front of an API answers it, nginx or Cloudflare."""
    head = f"<html><head><title>{status} {title}</title></head>"
    return {"status": status, "body": f"{head}<body><h1>{status} {title}</h1><hr>nginx</body></html>"}
