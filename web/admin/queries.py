"""What lists may be asked for: filters by every column that one would think of, an order, a place to go on from."""

from __future__ import annotations

import uuid
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, WithJsonSchema
from pydantic.alias_generators import to_snake

from bitloot.states import OrderState, PaymentState, PurchaseState
from web.admin.answers import ListQuery, Word

__all__ = [
    "AccessQuery",
    "AccessesQuery",
    "CaseQuery",
    "Filtered",
    "JobFilter",
    "JobQuery",
    "LetterQuery",
    "NoticeFilter",
    "NoticeQuery",
    "OrderQuery",
    "PaymentQuery",
    "ProductQuery",
    "ReservationQuery",
]

#: What people type into a search box.
Search = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]{3,200}$")]

Amount = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]


def _named(states: type[StrEnum]) -> WithJsonSchema:
    """Its words, told where they are used: a parameter's schema refers to nothing."""
    return WithJsonSchema({"type": "string", "enum": [str(state) for state in states]})


OneOrderState = Annotated[OrderState, _named(OrderState)]
OnePaymentState = Annotated[PaymentState, _named(PaymentState)]
OnePurchaseState = Annotated[PurchaseState, _named(PurchaseState)]

Cursor = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,1000}$")]

#: How a list is asked, not what for.
MANNERS = {"page", "limit", "sort", "cursor", "format"}

ByCreation = Literal["-createdAt", "createdAt"]


class Filtered(ListQuery):
    """A list with filters. A `-` before the name of a sort turns it round."""

    sort: str = ""
    cursor: Cursor | None = Field(
        default=None, description="`nextCursor` of the page before; `page` is ignored."
    )

    def filters(self) -> dict[str, Any]:
        return self.model_dump(exclude=MANNERS, exclude_none=True)

    def order(self) -> str:
        """As the list itself says it."""
        return self.sort[: self.sort.startswith("-")] + to_snake(self.sort.removeprefix("-"))


class Between(BaseModel):
    """A time: from `since` on, and before `until`."""

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class OrderQuery(Between, Filtered):
    sort: Literal["-createdAt", "createdAt"] = "-createdAt"
    q: Search | None = Field(
        default=None,
        description="The start of a mail address or of any id of ours (6 digits or more), or anybody's whole id or "
        "address: of payment, purchase, supplier's order, notice.",
    )
    state: OneOrderState | None = None
    email: Search | None = None
    currency: Word | None = None
    pay_currency: Word | None = None
    product_id: uuid.UUID | None = None
    supplier: Word | None = None
    gateway: Word | None = None
    held: bool | None = Field(default=None, description="Parked, whoever did it.")
    hold: Search | None = Field(default=None, description="Parked for this very reason.")
    open_case: bool | None = None
    case_kind: Word | None = Field(default=None, description="With an open case of this kind.")
    price_from: Amount | None = None
    price_to: Amount | None = None


class PaymentQuery(Between, Filtered):
    sort: ByCreation = "-createdAt"
    state: OnePaymentState | None = None
    gateway: Word | None = None
    order_id: uuid.UUID | None = None
    payment_id: Word | None = Field(default=None, description="The gateway's.")
    pay_currency: Word | None = None
    pay_address: Word | None = None
    confirmed: bool | None = Field(
        default=None, description="The gateway itself said `finished` to our question."
    )


class ReservationQuery(Between, Filtered):
    sort: ByCreation = "-createdAt"
    state: OnePurchaseState | None = None
    supplier: Word | None = None
    order_id: uuid.UUID | None = None
    reference: Word | None = Field(default=None, description="Ours or the supplier's.")
    product_ref: Word | None = None
    supplier_status: Word | None = None
    error: Word | None = None


class NoticeFilter(Between):
    """Which notices: in the list's query, and for a replay of many."""

    source: Word | None = None
    event: Word | None = None
    verdict: Word | None = None
    outcome: Word | None = None
    order_id: uuid.UUID | None = None
    external_id: Word | None = None
    address: Word | None = None
    repeated: bool | None = None


class NoticeQuery(NoticeFilter, Filtered):
    sort: Literal["-receivedAt", "receivedAt"] = "-receivedAt"


class JobFilter(Between):
    """Which dead jobs: in the list's query, and for a retry of many."""

    actor: Word | None = None
    order_id: uuid.UUID | None = None
    subject_id: Word | None = None
    error_class: Word | None = None
    text: Search | None = Field(default=None, description="Somewhere in the error.")


class JobQuery(JobFilter, Filtered):
    sort: Literal["-failedAt", "failedAt"] = "-failedAt"
    state: Literal["dead", "retried"] | None = None
    retried_by: Word | None = None


class CaseQuery(Between, Filtered):
    sort: Literal["-openedAt", "openedAt"] = "-openedAt"
    kind: Word | None = None
    state: Literal["open", "resolved"] | None = None
    order_id: uuid.UUID | None = None
    subject: Word | None = Field(default=None, description="The payment, purchase or key that it is about.")
    resolution: Word | None = None
    resolved_by: Word | None = None


class LetterQuery(Between, Filtered):
    sort: ByCreation = "-createdAt"
    state: Literal["kept", "sending", "sent", "failed"] | None = None
    kind: Word | None = None
    fate: Word | None = None
    order_id: uuid.UUID | None = None
    recipient: Search | None = None
    provider_id: Word | None = None


class ProductQuery(Filtered):
    sort: Literal["name", "-name", "sku", "-sku", "-createdAt", "createdAt"] = "name"
    q: Search | None = Field(default=None, description="Part of a name, or a whole sku or supplier's id.")
    sku: Word | None = None
    supplier: Word | None = None
    supplier_ref: Word | None = None
    currency: Word | None = None
    active: bool | None = None


class AccessQuery(Between, Filtered):
    """Of one order, oldest first."""

    sort: Literal["at", "-at"] = "at"
    action: Word | None = None
    outcome: Word | None = None
    actor: Word | None = None
    address: Word | None = None


class AccessesQuery(AccessQuery):
    """Of all, newest first."""

    sort: Literal["at", "-at"] = "-at"
    order_id: uuid.UUID | None = None
