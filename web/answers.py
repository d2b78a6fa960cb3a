"""How answers are written: camelCase JSON, amounts as text, lists in pages."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Generic, TypeVar

import falcon
from falcon import Response
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from bitloot.amounts import plain, short

__all__ = ["Answer", "Coins", "Money", "Ok", "Page", "answer", "page_of"]

T = TypeVar("T")


#: An amount in a currency with two decimals, and one in coins, without the zeros that its column adds: both as text,
#: since JSON numbers lose digits on the way.
Money = Annotated[Decimal, PlainSerializer(plain, return_type=str)]
Coins = Annotated[Decimal, PlainSerializer(short, return_type=str)]


class Answer(BaseModel):
    """What we send; members in camelCase."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True, from_attributes=True
    )


class Ok(Answer):
    ok: bool = True


class Page(Answer, Generic[T]):
    """One page of a list. Pages count from 1, and reach as far as `total`; `nextCursor` leads on from any page."""

    data: list[T]
    total: int
    total_is_lower_bound: bool = Field(default=False, description="There are more than were counted.")
    page: int
    limit: int
    total_pages: int
    has_next_page: bool
    next_cursor: str | None = None


def page_of(data: list[T], *, total: int, page: int, limit: int) -> Page[T]:
    pages = -(-total // limit)
    return Page(data=data, total=total, page=page, limit=limit, total_pages=pages, has_next_page=page < pages)


def answer(resp: Response, content: BaseModel, status: int = 200) -> None:
    resp.status = falcon.code_to_http_status(status)
    resp.content_type = falcon.MEDIA_JSON
    resp.data = content.model_dump_json(by_alias=True).encode()
