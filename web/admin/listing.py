"""One resource for every list of admins: page, cursor, and the whole of it as a file."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, TypeVar

from falcon import Request, Response
from pydantic import BaseModel, create_model

from bitloot.exports import csv_lines, json_lines
from db.lists import BadPage, Listed, Listing
from web.admin.answers import read_query
from web.admin.queries import Filtered
from web.admin.streams import Exports
from web.answers import Answer, Page, answer
from web.auth import ANY_ROLE, OWNER, Gate
from web.deadline import database
from web.describe import describe
from web.errors import Problem
from web.record import record

__all__ = ["AdminExport", "AdminList", "Told", "bad_page", "list_page"]

#: Rows of one query of an export; between two of them no connection is held.
BATCH = 1_000

TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}

Roles = frozenset[Any]

T = TypeVar("T")


@dataclass(frozen=True)
class Told:
    """A list as admins see it: what it reads, what may be asked, how a row looks."""

    title: str
    listing: Listing[Any]
    query: type[Filtered]
    row: type[Answer]
    export_roles: Roles = field(default=ANY_ROLE)
    view: Callable[[Any], Answer] | None = None

    def show(self, found: Any) -> Answer:
        return self.view(found) if self.view else self.row.model_validate(found)


class AdminList:
    def __init__(self, gate: Gate, told: Told) -> None:
        @describe(
            told.title,
            who="admin",
            tag="admin",
            query=told.query,
            answers={200: Page[told.row]},  # type: ignore[name-defined]
            refusals=[401, 403, 422, 503],
        )
        def on_get(req: Request, resp: Response) -> None:
            gate.admin(req)
            list_page(req, resp, told)

        self.on_get = on_get


class InFormat(BaseModel):
    format: Literal["csv", "jsonl"] = "csv"


@dataclass
class Sent:
    """How far an export came. `check` raises where its reader has lost the right to it since it began."""

    check: Callable[[], object]
    rows: int = 0


@cache
def _as_file(query: type[Filtered]) -> Any:
    """What may be asked of a list, and in which format. Made once: making it costs as much as half an application."""
    return create_model(f"{query.__name__}Export", __base__=(query, InFormat))


class AdminExport:
    """Rows leave as they are read, a batch at a time: neither memory nor a transaction grows with the list. It ends
    with its reader's right; what was cut off is a record as well."""

    def __init__(self, gate: Gate, told: Told, exports: Exports) -> None:
        query = _as_file(told.query)

        @describe(
            f"{told.title}: all that the filter finds, as CSV or JSON lines; recorded",
            who="admin",
            tag="admin",
            role="owner" if told.export_roles == OWNER else None,
            query=query,
            answers={200: "text/csv, application/jsonl"},
            codes={429: ["exports_busy"]},
            refusals=[401, 403, 422, 429, 503],
        )
        def on_get(req: Request, resp: Response) -> None:
            admin = gate.admin(req, told.export_roles)
            asked: Any = read_query(req, query)
            filters, kind = asked.filters(), asked.format
            sent = Sent(lambda: gate.admin(req, told.export_roles))

            def cut(why: str) -> None:
                so_far = {"list": told.listing.name, "why": why, "rows": sent.rows}
                with database():
                    record(req, admin, filters.get("order_id"), "export", "cut", so_far)

            with exports.place(admin.label) as place:
                bad_page(lambda: told.listing.check(sort=asked.order(), cursor=asked.cursor))
                with database():
                    shown = {name: str(value) for name, value in filters.items()}
                    details = {"list": told.listing.name, "format": kind, "filter": shown, "sort": asked.sort}
                    record(req, admin, filters.get("order_id"), "export", "granted", details)
                    first = _batch(told, asked, asked.cursor)
                resp.content_type = TYPES[kind]
                resp.set_header("Content-Disposition", f'attachment; filename="{told.listing.name}.{kind}"')
                resp.stream = place.send(_lines(told, asked, kind, first, sent), cut)

        self.on_get = on_get


Batch = tuple[list[Any], str | None]


def list_page(req: Request, resp: Response, told: Told, order_id: uuid.UUID | None = None) -> None:
    """Answers with the page that was asked for; of one order where it is named by the path."""
    query = read_query(req, told.query)
    fixed = {} if order_id is None else {"order_id": order_id}
    with database():
        found = bad_page(
            lambda: told.listing.page(
                query.filters() | fixed,
                page=query.page,
                limit=query.limit,
                sort=query.order(),
                cursor=query.cursor,
            )
        )
    answer(resp, _page(told, found, query))


def bad_page(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except BadPage as error:
        errors = [{"at": error.at, "why": f"{str(error).capitalize()}."}]
        raise Problem(422, "invalid", "The query does not fit.", errors=errors) from None


def _page(told: Told, found: Listed[Any], query: Filtered) -> Page[Any]:
    return Page(
        data=[told.show(row) for row in found.rows],
        total=found.total,
        total_is_lower_bound=found.capped,
        page=query.page,
        limit=query.limit,
        total_pages=-(-found.total // query.limit),
        has_next_page=found.cursor is not None,
        next_cursor=found.cursor,
    )


def _batch(told: Told, asked: Filtered, cursor: str | None) -> Batch:
    return told.listing.batch(asked.filters(), sort=asked.order(), cursor=cursor, limit=BATCH)


def _lines(told: Told, asked: Filtered, kind: str, first: Batch, sent: Sent) -> Iterator[bytes]:
    names = [info.serialization_alias or name for name, info in told.row.model_fields.items()]
    rows = (row.model_dump(mode="json", by_alias=True) for row in _rows(told, asked, first, sent))
    lines = csv_lines(names, rows) if kind == "csv" else json_lines(rows)
    return (line.encode() for line in lines)


def _rows(told: Told, asked: Filtered, first: Batch, sent: Sent) -> Iterator[Answer]:
    found, cursor = first
    while True:
        sent.rows += len(found)
        yield from map(told.show, found)
        if cursor is None:
            return
        sent.check()
        with database():
            found, cursor = _batch(told, asked, cursor)
