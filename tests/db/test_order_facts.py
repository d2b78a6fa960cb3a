"""What there is to show about one order."""

from __future__ import annotations

import threading
import uuid

from bitloot.settings import Settings
from db import Product, base
from db.order_facts import keys_per_line, order_facts, payments_of, products_named, turn
from tests.factories import a_payment, a_product, an_order


def test_facts_are_in_their_order(database: Settings) -> None:
    one, two = a_product(sku="one"), a_product(sku="two")
    order = an_order((one, 1), (two, 2))
    payments = [a_payment(order), a_payment(order)]
    facts = order_facts(order.id)
    assert facts is not None
    assert [line.quantity for line in facts.lines] == [1, 2]
    assert [payment.id for payment in facts.payments] == [payments[1].id, payments[0].id]
    assert [move.dst for move in facts.moves] == ["created"]
    assert payments_of(order.id)[0].id == payments[1].id
    assert keys_per_line(order.id) == {}


def test_an_unknown_order_has_no_facts(database: Settings) -> None:
    assert order_facts(uuid.uuid4()) is None


def test_a_product_is_named_by_sku_or_id(database: Settings) -> None:
    one, two = a_product(sku="one"), a_product(sku="two")
    Product.update(active=False).where(Product.id == two.id).execute()
    found = products_named(["one", str(one.id), "two", "three"])
    assert found == {"one": one, str(one.id): one}
    assert products_named([]) == {}


def test_one_at_a_time_works_at_an_orders_payment(database: Settings) -> None:
    order = an_order()
    seen: list[bool] = []

    def other() -> None:
        with base.scope(), turn(order.id) as mine:
            seen.append(mine)

    with turn(order.id) as mine:
        assert mine
        assert not base.in_transaction()
        _run(other)
    _run(other)
    assert seen == [False, True]


def _run(target: object) -> None:
    thread = threading.Thread(target=target)  # type: ignore[arg-type]
    thread.start()
    thread.join()
