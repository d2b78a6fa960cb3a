"""F37: an operator clicks twice, on everything, and has all notices run again while orders are under way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from tests.faults.load import Load
from tests.faults.patience import Patience, until
from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.strangers import BRISK, misbehaving
from tests.faults.trial import Trial
from web.standins.ledger import read_ledger

__all__ = ["operator"]

#: How often each button is pressed at one moment.
CLICKS = 4

REASON = {"reason": "pressed by an impatient person"}

#: What is run again: one request takes 500 notices at most.
NOTICES = {"source": "nowpayments", "event": "finished"}

LOST = {"name": "accepted_reset", "point": "kinguin.place_order"}

#: Doubts that wait for a person, with what the supplier's own book says of them.
DOUBTS = (
    "SELECT c.id::text, p.purchase_ref FROM cases c JOIN purchases p ON p.id::text = c.subject"
    " WHERE c.kind = 'purchase_in_doubt' AND c.state = 'open'"
)


ASKED = "SELECT 1 FROM cases WHERE kind = 'purchase_in_doubt' LIMIT 1"


@row("F37", "operator: double clicks, replay-all in a storm", short=6, full=300)
def operator(trial: Trial) -> None:
    """A bite is a button that several clicks pressed at once and that took effect for one of them, or a notice that ran
    again. Lost answers leave doubts, the search shows nothing: what a person says of each doubt is true."""
    often: dict[str, Any] = {"share": 0.2} if trial.full else {"count": 2}
    # a webhook with our reference would settle a doubt by itself
    plan = [LOST | often, {"name": "search_empty", "lasts": 86_400.0}, {"name": "webhook_never"}]
    with trial.shop(**BRISK) as shop:
        with misbehaving(trial, shop, plan, counts=False):
            load = trial.load(shop, pace=2.0 if trial.full else 0.0)
            _press_on(trial, shop, load)
            trial.settle(load, within=120)
        _press_all(trial, shop)
        until(lambda: not _unsettled(shop), seconds=60, what="an end of what a person was asked")
        load.reveal(5)


def _press_on(trial: Trial, shop: FaultShop, load: Load) -> None:
    """While buyers buy, and until doubts are before a person."""
    patience, rounds, again = Patience(), 0, 0
    while load.running or rounds < 3 or ((not again or not shop.rows(ASKED)) and patience.spent() < 60):
        _press_all(trial, shop)
        again += _replay_all(trial, shop)
        rounds += 1
    trial.bit(again)
    trial.note("notices that ran again", again)
    if not again:
        trial.violation("no notice ran again")
    trial.note("rounds of pressing everything", rounds)


def _press_all(trial: Trial, shop: FaultShop) -> None:
    orders = {
        line["external_id"]: line["order_id"] for line in read_ledger(shop.ledger, "kinguin", "order_charged")
    }
    for case, ref in shop.rows(DOUBTS):
        answer = {**REASON, "move": "adopt", "basis": {"ref": orders[ref]}}
        _click(trial, shop, f"cases/{case}/resolve", answer, 200)
    for (job,) in shop.rows("SELECT id::text FROM jobs WHERE retried_at IS NULL"):
        _click(trial, shop, f"jobs/{job}/retry", REASON, 202)


def _click(trial: Trial, shop: FaultShop, path: str, body: dict[str, Any], good: int) -> None:
    """All clicks at one moment: one of them at most takes effect, the others hear that it is done."""
    answers = Counter(_at_once(shop, path, body))
    trial.bit(answers[good] == 1)
    if answers[good] > 1:
        trial.violation(f"{path}: {CLICKS} clicks took effect {answers[good]} times")
    if strange := set(answers) - {good, 409, 503}:
        trial.violation(f"{path}: clicks were answered {sorted(strange)}")


def _at_once(shop: FaultShop, path: str, body: dict[str, Any]) -> Iterator[int]:
    with ThreadPoolExecutor(CLICKS) as pool:
        yield from pool.map(lambda _: _post(shop, path, body).status_code, range(CLICKS))


def _replay_all(trial: Trial, shop: FaultShop) -> int:
    """How many notices ran again; two people ask for it at one moment, with the count that they were told."""
    wanted = {**REASON, **NOTICES}
    told = _post(shop, "webhook-logs/replay", {**wanted, "dryRun": True}).json()
    asked = {**wanted, "expected": told.get("count")}
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: _post(shop, "webhook-logs/replay", asked), range(2)))
    for answer in answers:
        if answer.status_code not in {202, 409}:
            trial.violation(f"replay of all was answered {answer.status_code} {answer.text[:200]}")
    return sum(int(answer.json()["count"]) for answer in answers if answer.status_code == 202)


def _post(shop: FaultShop, path: str, body: dict[str, Any]) -> requests.Response:
    return requests.post(f"{shop.web}/admin/{path}", json=body, headers=shop.admin(), timeout=60)


def _unsettled(shop: FaultShop) -> list[tuple[Any, ...]]:
    return shop.rows("SELECT id FROM orders WHERE state <> 'fulfilled'") or shop.rows(DOUBTS)
