"""A buyer over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bitloot.cli.house import House
from bitloot.cli.sale import Sale
from bitloot.cli.shopper import DemoFailed, Shopper


@pytest.fixture
def shopper(house: House) -> Iterator[Shopper]:
    shopper = Shopper(house.settings, "carol@example.com")
    yield shopper
    shopper.close()


def test_an_order_has_a_price_and_a_payment(shopper: Shopper) -> None:
    shopper.order([("tin-parade", 2)], "btc")
    assert shopper.price == "13.80 EUR"
    assert shopper.payment["payCurrency"] == "btc"
    assert shopper.read_order()["status"] == "created"


def test_what_is_not_sold_is_a_sentence(shopper: Shopper) -> None:
    with pytest.raises(DemoFailed, match=r"^POST /orders answered 422 unknown_product\.$"):
        shopper.order([("no-such-game", 1)], "btc")


def test_a_shop_that_is_away_is_a_sentence(house: House) -> None:
    away = Shopper(house.settings.model_copy(update={"port": 9}), "carol@example.com")
    with pytest.raises(DemoFailed, match=r"^POST /orders failed: ConnectionError\.$"):
        away.order([("tin-parade", 1)], "btc")
    away.close()


def test_the_letter_leads_to_the_keys(sale: Sale) -> None:
    assert sale.letter is not None
    assert (sale.letter.kind, sale.letter.to) == ("keys_ready", "alice@example.com")
    assert f"/o/{sale.order_id}#" in sale.letter.link
    assert sorted(key.game for key in sale.keys) == ["Orbit Drifters", "Tin Parade", "Tin Parade"]
    assert all(key.text and key.text.encode() == key.content for key in sale.keys)


def test_nobody_elses_token_opens_an_order(shopper: Shopper, sale: Sale) -> None:
    shopper.order([("tin-parade", 1)], "btc")
    stranger = shopper.token
    shopper.order_id = sale.order_id
    assert not shopper.may_reveal_with(stranger)
