"""The payment that news is about, or its parent."""

from __future__ import annotations

from bitloot.settings import Settings
from db.known_payments import find_known, pick
from tests.factories import GATEWAY, a_payment, an_order, news_of


def test_a_payment_is_found_by_the_gateways_id_and_a_child_by_its_parents(database: Settings) -> None:
    one, two = a_payment(an_order()), a_payment(an_order())
    news = news_of(one)
    child = news_of(two, payment_id="77", parent_payment_id=two.gateway_payment_id)
    stranger = news_of(one, payment_id="78")
    found = find_known(GATEWAY, [news, child, stranger])
    assert set(found) == {one.gateway_payment_id, two.gateway_payment_id}
    known, parent = pick(found, news), pick(found, child)
    assert known is not None
    assert parent is not None
    assert (known.payment_id, known.order_id, known.told_at) == (one.id, one.order_id, None)
    assert parent.payment_id == two.id
    assert pick(found, stranger) is None
    assert find_known("another", [news]) == {}
