"""Short stories for the net: each goes red if one of the bugs in tests/faults/planted is there, and only then."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from peewee import IntegrityError, OperationalError

from bitloot import envelope, vault
from bitloot.states import OrderState, PaymentState
from db import Order, Purchase, purchases_of
from tests.factories import intend
from tests.faults.model.checks import Checks
from tests.faults.model.stage import open_world
from tests.faults.model.world import Sold, World
from web import intake

#: Modules that judge a signature, a secret or a token.
JUDGES = (
    "bitloot.gateways.ipn_signature",
    "bitloot.suppliers.kinguin_webhook",
    "bitloot.suppliers.reservations_webhook",
    "bitloot.tokens",
)

#: Names that hold a proof, given or right.
PROOFS = frozenset({"given", "right", "signature", "digest", "_digest", "hexdigest", "mac", "secret"})


@pytest.fixture
def world(environ: dict[str, str]) -> Iterator[World]:
    with open_world(environ) as world:
        world.forget()
        yield world


def paid(world: World, *lines: tuple[str, int]) -> Sold:
    """Ordered and paid; nothing was bought yet."""
    sold = world.order(*lines)
    world.pay(sold)
    world.queue.clear()
    return sold


def state(sold: Sold) -> OrderState:
    order = Order.find(sold.order_id)
    assert order is not None
    found: OrderState = order.state
    return found


def test_an_order_is_bought_sealed_and_told_once(world: World) -> None:
    sold = paid(world, ("onephase", 2), ("twophase", 1), ("blind", 1))
    checks = Checks(world)
    world.calm(6)
    checks.at_rest()
    assert state(sold) is OrderState.FULFILLED
    assert [sale.charges for supplier in world.suppliers.values() for sale in supplier.sales] == [1, 1, 1]


def test_a_key_that_opens_in_another_place_is_seen_at_the_first_look(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unbound(header: bytes, use: str, *names: str) -> bytes:
        return envelope.bind(header, use, *(names if use == "wrap" else ()))

    monkeypatch.setattr(vault, "bind", unbound)  # much as the planted bug `empty-aad`
    paid(world, ("onephase", 1))
    world.calm(6)
    with pytest.raises(AssertionError, match="opens in another place than its own"):
        Checks(world).now()


def test_a_line_has_one_purchase_of_a_generation_and_one_that_lives(world: World) -> None:
    order = Order.find(paid(world, ("onephase", 1)).order_id)
    assert order is not None
    [purchase] = intend(order)
    row = dict(purchase.__data__)
    del row["id"]
    for twin in ({"generation": 2}, {"generation": 1, "state": "failed"}):
        with pytest.raises(IntegrityError):
            Purchase.insert(**{**row, "purchase_ref": "BL-twin", **twin}).execute()


def test_nobody_is_called_and_nothing_sent_before_the_commit(world: World) -> None:
    sold = paid(world, ("onephase", 1))
    world.run("reserve", sold.order_id)
    Checks(world).now()
    assert state(sold) is OrderState.WAITING


@pytest.mark.parametrize(
    ("supplier", "call"), [("onephase", "begin"), ("twophase", "commit"), ("blind", "begin")]
)
def test_a_purchase_whose_answer_was_lost_is_not_made_again(world: World, supplier: str, call: str) -> None:
    sold = paid(world, (supplier, 1))
    shop = world.suppliers[supplier]
    shop.lag = 600.0
    shop.moods[call].append("lost_after")
    for seconds in (1.0, 6.0, 21.0, 61.0):
        world.run("reserve", sold.order_id)
        world.wait(seconds)
    world.calm(8)
    Checks(world).at_rest()
    assert [sale.charges for sale in shop.sales] == [1]


def test_of_two_copies_of_an_order_one_moves(world: World) -> None:
    sold = paid(world, ("onephase", 1))
    one, other = Order.find(sold.order_id), Order.find(sold.order_id)
    assert one is not None
    assert other is not None
    assert one.advance(OrderState.REVIEW, actor="test")
    assert not other.advance(OrderState.FAILED, actor="test")
    Checks(world).now()


def test_a_notice_that_was_not_stored_is_not_acknowledged(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("the database is away")

    sold = world.order(("onephase", 1))
    monkeypatch.setattr(intake, "take_batch", away)
    news = replace(world.gateway.book[sold.payment_id], state=PaymentState.FINISHED)
    assert world.tell(news) == 503


def test_no_proof_is_compared_by_equals() -> None:
    """How long a comparison takes would tell how much of a forged proof is right."""
    found = [f"{name}:{line}" for name in JUDGES for line in _equalities(name)]
    assert found == []


def _equalities(name: str) -> Iterator[int]:
    """Lines of a module, as it was imported, in which a proof is compared by == or !=."""
    loader = importlib.import_module(name).__loader__
    source = loader.get_source(name)  # type: ignore[union-attr]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
            sides: Sequence[ast.expr] = (node.left, *node.comparators)
            if any(_name(side) in PROOFS for side in sides):
                yield node.lineno


def _name(side: ast.expr) -> str:
    if isinstance(side, ast.Call):
        side = side.func
    return side.attr if isinstance(side, ast.Attribute) else side.id if isinstance(side, ast.Name) else ""


def test_a_forged_notice_pays_nothing(world: World) -> None:
    sold = world.order(("onephase", 1))
    news = replace(world.gateway.book[sold.payment_id], state=PaymentState.FINISHED)
    assert world.tell(news, forged=True) == 401
    assert state(sold) is OrderState.CREATED


@pytest.mark.parametrize("call", ["onephase.begin", "twophase.commit", "blind.begin"])
def test_a_call_that_is_under_way_is_not_made_beside(world: World, call: str) -> None:
    """While one worker makes the call, another runs the same step; later sweep sends a third."""
    sold = paid(world, (call.split(".")[0], 1))
    beside: list[str] = []

    def meanwhile(now: str) -> None:
        if now == call and not beside:
            beside.append(now)
            world.run("reserve", sold.order_id)

    world.witness.on_call = meanwhile
    world.run("reserve", sold.order_id)
    Checks(world).now()
    assert beside == [call]
    assert [sale.charges for supplier in world.suppliers.values() for sale in supplier.sales] == [1]


def test_a_letter_whose_answer_was_lost_arrives_once(world: World) -> None:
    paid(world, ("onephase", 1))
    world.mailer.moods["send"].append("lost_after")
    for supplier in world.suppliers.values():
        assert supplier.sales == []
    world.run("sweep")
    _sweep_until_told(world)
    Checks(world).at_rest()
    assert len(world.mailer.sent) == 1


def _sweep_until_told(world: World) -> None:
    """As `World.calm`, but with the moods as they are."""
    for _ in range(6):
        for supplier in world.suppliers.values():
            for sale in supplier.sales:
                supplier.deliver(sale, sale.quantity)
        world.run("sweep")
        world.work()
        world.wait(400)


def test_nothing_is_bought_by_a_notices_word_alone(world: World) -> None:
    sold = world.order(("onephase", 1))
    told = world.gateway.book[sold.payment_id]
    world.truth(sold, PaymentState.PARTIALLY_PAID, actually_paid=Decimal("0.0001"))
    assert world.tell(replace(told, state=PaymentState.FINISHED, actually_paid=told.pay_amount)) == 200
    world.calm(4)
    Checks(world).at_rest()
    assert all(supplier.sales == [] for supplier in world.suppliers.values())


@pytest.mark.parametrize(
    "steps", [(), ("reserve",), ("reserve", "finalize"), ("reserve", "finalize", "encrypt_store")]
)
def test_what_redis_lost_is_found_in_every_state(world: World, steps: tuple[str, ...]) -> None:
    """The queue is emptied after each of the first steps; rows are all that is left."""
    sold = paid(world, ("onephase", 1))
    for step in steps:
        world.run(step, sold.order_id)
        for sale in world.suppliers["onephase"].sales:
            world.suppliers["onephase"].deliver(sale, 1)
        world.queue.clear()
    world.calm(6)
    Checks(world).at_rest()
    assert state(sold) is OrderState.FULFILLED
    assert len(world.mailer.sent) == 1


def test_an_error_that_quotes_a_key_is_not_passed_on(world: World) -> None:
    sold = paid(world, ("onephase", 1))
    world.run("reserve", sold.order_id)
    [sale] = world.suppliers["onephase"].sales
    world.suppliers["onephase"].deliver(sale, 1)
    world.suppliers["onephase"].moods["fetch_keys"].append("broken_after")
    world.run("finalize", sold.order_id)
    world.work(1)
    Checks(world).now()
    world.calm(4)
    Checks(world).at_rest()
    order = Order.find(sold.order_id)
    assert order is not None
    assert [purchase.keys_stored for purchase in purchases_of(order)] == [1]
