"""Pages' own client, in Node and in Chromium, against the real relay and the real shop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from bitloot.shop import Shop
from bitloot.states import OrderState
from tests.tools import CHROMIUM, CHROMIUM_FLAGS
from tests.waiting import until
from tests.web.live_house import LiveHouse, NodeEar, live_house
from tests.web.relay.ears import RelayThread, a_settled_order
from web.relay.limits import Limits


@pytest.fixture
def house(shop: Shop) -> Iterator[LiveHouse]:
    with live_house(shop) as opened:
        yield opened


def a_relay(house: LiveHouse) -> RelayThread:
    return RelayThread(house.shop.settings, Limits(spread_seconds=0), port=house.relay_port)


def test_a_stream_goes_on_over_a_restart_of_the_relay(house: LiveHouse, tmp_path: Path) -> None:
    order = a_settled_order()
    token = house.shop.tokens.buyer(order.id)
    with NodeEar(tmp_path, token, base=house.base, order=str(order.id)) as ear:
        with a_relay(house):
            assert ear.next("onLink") == "live"
            start = ear.next("onStart")
            assert (start["recovered"], start["snapshot"]["state"]) == (None, "created")
            order.advance(OrderState.PAID, actor="test")
            assert ear.next("onEvent")["type"] == "payment:confirmed"
        order.advance(OrderState.WAITING, actor="test")  # while there is no relay
        order.advance(OrderState.READY, actor="test")
        assert ear.next("onLink") == "away"
        with a_relay(house):
            assert ear.next("onStart")["recovered"] is True
            order.advance(OrderState.FULFILLED, actor="test")
            assert [ear.next("onEvent", "onReload")["seq"] for _ in range(3)] == [3, 4, 5]
            assert ear.stop() == 0


def test_where_no_websocket_gets_through_the_shop_tells(house: LiveHouse, tmp_path: Path) -> None:
    order = a_settled_order()
    token = house.shop.tokens.buyer(order.id)
    with NodeEar(tmp_path, token, base=house.base, order=str(order.id)) as ear:
        assert ear.next("onLink") == "away"
        assert ear.next("onLink") == "stream"
        assert ear.next("onStart")["snapshot"]["state"] == "created"
        order.advance(OrderState.PAID, actor="test")
        assert ear.next("onEvent", "onReload")["seq"] == 2
        assert ear.stop() == 0


def test_an_expired_token_is_renewed_and_two_in_a_row_are_the_end(house: LiveHouse, tmp_path: Path) -> None:
    order = a_settled_order()
    buyer = house.shop.tokens.buyer
    short, good, old = buyer(order.id, 5), buyer(order.id), buyer(order.id, -60)
    with a_relay(house):
        with NodeEar(tmp_path, short, good, base=house.base, order=str(order.id)) as ear:
            assert ear.next("onStart")["recovered"] is None
            assert ear.next("onLink") == "away"  # the relay ended it with 4419
            assert ear.next("onStart")["recovered"] is True
        with NodeEar(tmp_path, old, old, base=house.base, order=str(order.id)) as ear:
            assert ear.next("onEnd")["code"] == 4419
            assert ear.stop() == 0
        with NodeEar(tmp_path, "rubbish", base=house.base, order=str(order.id)) as ear:
            assert ear.next("onEnd")["code"] == 4401


def test_an_operator_follows_topics_and_a_lost_place_is_told(house: LiveHouse, tmp_path: Path) -> None:
    order = a_settled_order(OrderState.PAID)
    admin = house.shop.tokens.admin("olga", "read-only", 600)
    url = f"ws://127.0.0.1:{house.relay_port}/fulfillment"

    def a_forgetful_relay() -> RelayThread:
        return RelayThread(
            house.shop.settings, Limits(spread_seconds=0, replay_moves=1), port=house.relay_port
        )

    with NodeEar(tmp_path, admin, base=house.base, url=url, topics=["orders"]) as ear:
        with a_forgetful_relay():
            assert ear.next("onStart")["topic"] == "orders"
            order.advance(OrderState.WAITING, actor="test", reason="told to admins")
            assert ear.next("onEvent")["data"]["reason"] == "told to admins"
        for state in (OrderState.READY, OrderState.FULFILLED):
            order.advance(state, actor="test")
        with a_forgetful_relay():
            assert ear.next("onStart")["recovered"] is False
            assert ear.next("onReload", "onEvent") is None


def test_a_real_browser_follows_under_the_pages_own_policy(house: LiveHouse) -> None:
    order = a_settled_order()
    token = house.shop.tokens.buyer(order.id)
    with a_relay(house), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        page = browser.new_page()
        page.goto(f"{house.base}/docs")
        page.evaluate(
            """async ([order, token]) => {
                const { follow } = await import("/assets/live.js");
                window.heard = [];
                window.live = follow({
                    order,
                    token: () => token,
                    onStart: (start) => window.heard.push(start.snapshot.state),
                    onEvent: (event) => window.heard.push(event.data.dst),
                    onLink: (link) => window.heard.push(link),
                });
            }""",
            [str(order.id), token],
        )
        until(lambda: page.evaluate("window.heard.length") == 2, what="the stream has begun")
        order.advance(OrderState.PAID, actor="test")
        until(lambda: page.evaluate("window.heard.length") == 3, what="the page has heard")
        assert page.evaluate("window.heard") == ["live", "created", "paid"]
        browser.close()
