"""GET /admin/kpi."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from falcon import Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict

from db.kpi import MOST_DAYS, Figures, Kpi, measure
from web.admin.answers import read_query
from web.answers import Answer, answer
from web.auth import Gate
from web.deadline import database
from web.describe import describe
from web.errors import Problem

__all__ = ["Kpis"]

#: How far back figures go unless asked otherwise.
DEFAULT = timedelta(days=7)

#: Nothing was paid before, and the calendar ends there.
EARLIEST = datetime.min.replace(tzinfo=UTC)

#: Seconds for the question: it may cover months.
PATIENCE = 10.0


class KpiQuery(BaseModel):
    """Orders that were first paid in [since, until); the last seven days if neither is given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class PhaseFigures(Answer):
    """Seconds. Orders that began and did not end count as endless; null is "not reached"."""

    orders: int
    ended: int
    p50: float | None
    p95: float | None


class KpiPhase(PhaseFigures):
    """`whose`: ours, supplier, both (our work and the supplier's call), buyer."""

    phase: str
    whose: str


class Share(Answer):
    """How many orders were delivered within so many seconds of their payment."""

    seconds: int
    orders: int
    share: float | None


class KpiAnswer(Answer):
    """`timeToKey` is from the final payment to the sealed keys, `ours` and `supplier` are its two parts."""

    since: datetime
    until: datetime
    orders: int
    missed: int
    states: dict[str, int]
    within: list[Share]
    time_to_key: PhaseFigures
    ours: PhaseFigures
    supplier: PhaseFigures
    phases: list[KpiPhase]


class Kpis:
    """Time to key, misses among it."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @describe(
        "Time to key by phase, misses included",
        who="admin",
        tag="admin",
        query=KpiQuery,
        answers={200: KpiAnswer},
        refusals=[401, 403, 422, 503],
    )
    def on_get(self, req: Request, resp: Response) -> None:
        self._gate.admin(req)
        query = read_query(req, KpiQuery)
        until = query.until or datetime.now(UTC)
        since = query.since or until - min(DEFAULT, until - EARLIEST)
        if not timedelta(0) < until - since <= timedelta(days=MOST_DAYS):
            why = f"must be before until, and at most {MOST_DAYS} days before"
            raise Problem(422, "invalid", "The query does not fit.", errors=[{"at": "since", "why": why}])
        with database(PATIENCE):
            kpi = measure(since, until)
        answer(resp, _told(kpi))


def _told(kpi: Kpi) -> KpiAnswer:
    shares = [
        Share(seconds=seconds, orders=count, share=count / kpi.orders if kpi.orders else None)
        for seconds, count in kpi.within.items()
    ]
    phases = [
        KpiPhase(phase=phase.name, whose=phase.whose, **_figures(phase.figures).model_dump())
        for phase in kpi.phases
    ]
    return KpiAnswer(
        since=kpi.since,
        until=kpi.until,
        orders=kpi.orders,
        missed=kpi.missed,
        states=dict(kpi.states),
        within=shares,
        time_to_key=_figures(kpi.total),
        ours=_figures(kpi.ours),
        supplier=_figures(kpi.supplier),
        phases=phases,
    )


def _figures(figures: Figures) -> PhaseFigures:
    return PhaseFigures.model_validate(figures)
