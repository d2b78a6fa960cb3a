"""A relay client in a thread."""

from __future__ import annotations

import pytest

from bitloot.cli.house import House
from bitloot.cli.relay_watch import RelayWatch
from bitloot.cli.shopper import Shopper
from web.relay.client import RelayRefused


def url_of(house: House) -> str:
    return f"ws://127.0.0.1:{house.settings.relay_port}/fulfillment"


def test_it_hears_an_order_move(house: House) -> None:
    shopper = Shopper(house.settings, "bob@example.com")
    shopper.order([("tin-parade", 1)], "btc")
    with RelayWatch(url_of(house), shopper.token) as watch:
        assert watch.wait_subscribed(20)
        shopper.pay()
        heard = watch.next(20)
        while heard is not None and heard.event.data["src"] is None:  # that it was placed
            heard = watch.next(20)
    shopper.close()
    assert heard is not None
    assert heard.event.type == "payment:confirmed"
    assert heard.event.order == shopper.order_id
    assert 0 <= heard.behind < 20
    assert watch.heard[-1] == heard


def test_silence_is_told_as_none(house: House) -> None:
    shopper = Shopper(house.settings, "bob@example.com")
    shopper.order([("tin-parade", 1)], "btc")
    with RelayWatch(url_of(house), shopper.token) as watch:
        assert watch.wait_subscribed(20)
        heard = watch.next(0.05)
        assert heard is None or heard.event.data["src"] is None
        assert watch.next(0.05) is None
    shopper.close()


def test_a_bad_token_is_refused(house: House) -> None:
    with RelayWatch(url_of(house), "not-a-token") as watch, pytest.raises(RelayRefused):
        watch.next(20)
