"""GET /admin/dashboard: how the shop stands, on one screen."""

from __future__ import annotations

import uuid
from datetime import datetime

from falcon import Request, Response

from bitloot.shop import Shop
from db.dashboard import open_alarms, totals
from db.silence import last_notices
from db.stuck import open_cases, sweep_age
from web.admin.live import Balance, Oracle
from web.answers import Answer, Money, answer
from web.auth import Gate
from web.deadline import database
from web.describe import describe

__all__ = ["Dashboard"]

#: Alarms that are told; whoever has more has one trouble.
MOST_ALARMS = 50


class HeldMoney(Answer):
    """What buyers paid and have neither keys nor money for yet."""

    currency: str
    amount: Money
    orders: int


class LastWord(Answer):
    source: str
    at: datetime | None


class AlarmView(Answer):
    """`times`: how often somebody was told. `caseId` or `jobId`: what it is about, where it is a case or a dead job."""

    kind: str
    about: str
    order_id: uuid.UUID | None
    raised_at: datetime
    times: int
    case_id: uuid.UUID | None
    job_id: uuid.UUID | None


class DashboardView(Answer):
    """`orders` and `moneyHeld` are as they were `asOf`, some seconds ago at most."""

    as_of: datetime | None
    orders: dict[str, int]
    money_held: list[HeldMoney]
    balances: list[Balance]
    last_notices: list[LastWord]
    alarms: list[AlarmView]
    cases_open: int
    cases_by_kind: dict[str, int]
    sweep_seconds: float


class Dashboard:
    def __init__(self, shop: Shop, gate: Gate) -> None:
        self._sources = sorted({shop.gateway.name, *shop.suppliers})
        self._oracle = Oracle(shop)
        self._gate = gate

    @describe(
        "How the shop stands: orders, money, balances, notices, alarms",
        who="admin",
        tag="admin",
        answers={200: DashboardView},
        refusals=[401, 403, 503],
    )
    def on_get(self, req: Request, resp: Response) -> None:
        self._gate.admin(req)
        balances = self._oracle.balances()
        with database():
            counted = totals()
            heard = {word.source: word.at for word in last_notices(self._sources)}
            alarms = open_alarms(MOST_ALARMS)
            cases = dict(open_cases())
            age = sweep_age()
        held = [
            HeldMoney(currency=currency, amount=amount, orders=orders)
            for currency, (amount, orders) in sorted(counted.held().items())
        ]
        view = DashboardView(
            as_of=counted.as_of,
            orders=counted.by_state(),
            money_held=held,
            balances=balances,
            last_notices=[LastWord(source=source, at=heard.get(source)) for source in self._sources],
            alarms=[AlarmView.model_validate(alarm) for alarm in alarms],
            cases_open=sum(cases.values()),
            cases_by_kind=cases,
            sweep_seconds=round(age, 1),
        )
        answer(resp, view)
