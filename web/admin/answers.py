"""The shapes of admin answers, and of the queries of their lists."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, TypeVar

from falcon import Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, computed_field
from pydantic.alias_generators import to_camel

from bitloot.reasons import reason
from web.answers import Answer, Money
from web.errors import Problem

__all__ = [
    "Access",
    "ListQuery",
    "Notice",
    "Reason",
    "Reservation",
    "Word",
    "read_query",
]

#: Text that is compared with a column: printable, and nothing that the database could refuse.
Word = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{1,200}$")]

Q = TypeVar("Q", bound=BaseModel)


class ListQuery(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)

    page: int = Field(default=1, ge=1, le=100_000)
    limit: int = Field(default=25, ge=1, le=100)


def read_query(req: Request, query: type[Q]) -> Q:
    """The query string as `query`. Raises Problem 422 naming what does not fit."""
    try:
        return query.model_validate(req.params)
    except ValidationError as error:
        found = error.errors(include_input=False, include_context=False, include_url=False)
        errors = [{"at": ".".join(map(str, item["loc"]))[:100], "why": item["msg"]} for item in found[:20]]
        raise Problem(422, "invalid", "The query does not fit.", errors=errors) from None


class Reservation(Answer):
    """One purchase. `supplierRef` is the supplier's id of it, the reservation id of older texts."""

    id: uuid.UUID
    order_id: uuid.UUID
    line_id: uuid.UUID
    name: str
    generation: int
    supplier: str
    purchase_ref: str
    supplier_ref: str | None
    state: str
    attempt: int
    product_ref: str
    quantity: int
    max_price: Money
    currency: str
    supplier_status: str | None
    keys_expected: int
    keys_stored: int
    error: str | None
    created_at: datetime
    moved_at: datetime

    @computed_field(description="The error in words.")  # type: ignore[prop-decorator]
    @property
    def why(self) -> str | None:
        return reason(self.error) if self.error else None


class Notice(Answer):
    """One IPN or webhook, without its body, which stays sealed."""

    id: uuid.UUID
    source: str
    event: str
    external_id: str | None
    order_id: uuid.UUID | None
    digest: str
    proof: str
    outcome: str
    size: int
    address: str
    repeats: int
    replays: int
    received_at: datetime
    seen_at: datetime
    verdict: str
    took_ms: float | None
    told_at: datetime | None
    expunged_at: datetime | None


class Access(Answer):
    """Who looked at what, or asked for it."""

    id: int
    order_id: uuid.UUID | None
    action: str
    actor: str
    outcome: str
    address: str
    user_agent: str
    details: dict[str, Any]
    at: datetime
    seq: int | None = Field(description="Its place in the audit chain.")


class Reason(BaseModel):
    """Why an admin does it; kept in the record."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: str = Field(min_length=3, max_length=500)
