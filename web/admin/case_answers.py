"""What cases look like, and how they are answered."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from bitloot.case_moves import BASIS, moves_of
from bitloot.told import tell
from db.cases import CaseFacts
from web.answers import Answer

__all__ = ["CaseView", "Resolution", "ResolvedView", "ToldView", "case_view", "told_view"]


def _as(name: str) -> StringConstraints:
    return StringConstraints(pattern=f"^{BASIS[name]}$")


class Basis(BaseModel):
    """What a refund rests on, or where a purchase was found."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)

    amount: Annotated[str, _as("amount")] | None = Field(
        default=None, description="What goes back; left out: what the case's figures tell."
    )
    coin: Annotated[str, _as("coin")] | None = None
    address: Annotated[str, _as("address")] | None = Field(
        default=None, description="Where the money goes; may be told later, with `refunded`."
    )
    transaction: Annotated[str, _as("transaction")] | None = Field(
        default=None, description="By which it went."
    )
    ref: Annotated[str, _as("ref")] | None = Field(
        default=None, description="The supplier's order, for `adopt`."
    )


class Resolution(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)

    move: Annotated[str, StringConstraints(pattern=r"^[a-z_]{2,40}$")] = Field(
        description="One of the case's `moves`."
    )
    reason: str = Field(min_length=3, max_length=500)
    basis: Basis | None = None

    def given(self) -> dict[str, str]:
        return self.basis.model_dump(exclude_none=True) if self.basis else {}


class MoveView(Answer):
    name: str
    says: str


class ToldView(Answer):
    """One figure as a person reads it; a time in it is ISO 8601."""

    label: str
    text: str


class CaseView(Answer):
    """`moves` is what may be done now; empty once it is resolved. `told` are the figures for people."""

    id: uuid.UUID
    order_id: uuid.UUID
    order_status: str
    subject: str
    kind: str
    figures: dict[str, Any]
    told: list[ToldView]
    state: str
    moves: list[MoveView]
    opened_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    resolution: str | None
    reason: str | None
    basis: dict[str, Any] | None


class ResolvedView(Answer):
    """`waitsFor`: kinds of the open cases that still hold the order in review."""

    case: CaseView
    moved_from: str
    waits_for: list[str]


def case_view(case: CaseFacts) -> CaseView:
    possible = moves_of(case.kind, case.order_state) if case.state == "open" else ()
    return CaseView(
        id=case.id,
        order_id=case.order_id,
        order_status=str(case.order_state),
        subject=case.subject,
        kind=case.kind,
        figures=case.figures,
        told=told_view(case.figures),
        state=case.state,
        moves=[MoveView(name=move.name, says=move.says) for move in possible],
        opened_at=case.opened_at,
        resolved_at=case.resolved_at,
        resolved_by=case.resolved_by,
        resolution=case.resolution,
        reason=case.reason,
        basis=case.basis,
    )


def told_view(figures: Mapping[str, Any]) -> list[ToldView]:
    return [ToldView.model_validate(one) for one in tell(figures)]
