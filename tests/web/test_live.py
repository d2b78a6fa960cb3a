"""Events over plain HTTP: the relay's messages, for whom no WebSocket reaches."""

from __future__ import annotations

import json
import uuid
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

import pytest
from falcon.testing import TestClient, create_environ

from bitloot.shop import Shop
from bitloot.states import OrderState
from bitloot.tokens import LEEWAY
from db import Order
from db.rights import give_right_anew
from tests.factories import an_order
from tests.web.cast import admin, bearer, buyer
from tests.web.relay.ears import here
from tests.web.relay.schemas import FROM_RELAY
from web import live
from web.app import create_app


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HOLD", 0.3)


def told(text: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(id, event, data) of each event."""
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in fields:
            data = json.loads(fields["data"])
            FROM_RELAY.validate(data)
            yield fields["id"], fields["event"], data


def test_the_present_state_comes_first_and_then_what_follows(shop: Shop, client: TestClient) -> None:
    order = an_order()
    here()
    path = f"/fulfillment/{order.id}/events"
    answer = client.simulate_get(path, headers=buyer(shop, order))
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.startswith("retry: 200\n\n")
    [(cursor, kind, start)] = told(answer.text)
    assert (kind, start["recovered"], start["snapshot"]["state"]) == ("subscribed", None, "created")
    order.advance(OrderState.PAID, actor="test", reason="secret reason")
    order.advance(OrderState.WAITING, actor="test")
    here()
    resumed = client.simulate_get(path, headers=buyer(shop, order) | {"Last-Event-ID": cursor})
    [(_, _, again), *events] = told(resumed.text)
    assert (again["recovered"], again["snapshot"]) == (True, None)
    assert [(kind, data["seq"]) for _, kind, data in events] == [
        ("payment:confirmed", 2),
        ("fulfillment:reserved", 3),
    ]
    assert events[0][0] == events[0][2]["cursor"]
    assert "secret" not in resumed.text
    olga = client.simulate_get(path, headers=admin(shop) | {"Last-Event-ID": cursor})
    assert "secret reason" in olga.text


def pieces(app: Any, order: Order, headers: dict[str, str]) -> Generator[str, None, None]:
    """The answer's pieces as they are written."""
    environ = create_environ(f"/fulfillment/{order.id}/events", headers=headers)
    answer = app(environ, lambda *_: lambda _: None)
    try:
        for piece in answer:
            yield piece.decode()
    finally:
        if hasattr(answer, "close"):  # a refusal is a list
            answer.close()


def test_what_happens_meanwhile_is_told_in_the_same_answer(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HOLD", 60.0)
    app = create_app(shop.settings.model_copy(update={"relay_look_seconds": 0.05}), shop)
    order = an_order()
    here()
    stream = pieces(app, order, buyer(shop, order))
    assert (next(stream), "subscribed" in next(stream), next(stream)) == ("retry: 200\n\n", True, ":\n\n")
    order.advance(OrderState.PAID, actor="test")
    assert "payment:confirmed" in next(piece for piece in stream if piece != ":\n\n")
    stream.close()


def test_few_answers_are_held_and_the_rest_told_to_come_back(shop: Shop) -> None:
    settings = shop.settings.model_copy(update={"web_threads": 4})
    app = create_app(settings, replace(shop, settings=settings))
    order = an_order()
    held = pieces(app, order, buyer(shop, order))
    assert next(held) == "retry: 200\n\n"
    assert [piece.split(":")[0] for piece in pieces(app, order, buyer(shop, order))] == ["retry", "id"]
    held.close()
    assert next(pieces(app, order, buyer(shop, order))) == "retry: 200\n\n"


def test_an_answer_ends_when_the_right_does(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HOLD", 60.0)
    settings = shop.settings.model_copy(update={"relay_look_seconds": 0.05})
    order = an_order()
    app = create_app(settings, shop)
    stream = pieces(app, order, bearer(shop.tokens.buyer(order.id, 2 - LEEWAY)))
    assert next(stream) == "retry: 200\n\n"
    assert "expired" not in "".join(stream)  # it ends, long before the hold would
    renewed = pieces(app, order, buyer(shop, order))
    assert "subscribed" in next(renewed) + next(renewed)
    next(renewed)
    give_right_anew(order.id)
    order.advance(OrderState.PAID, actor="test")
    assert "payment:confirmed" not in "".join(renewed)


@pytest.mark.parametrize("cursor", ["rubbish", "A" * 43])
def test_one_that_cannot_be_resumed_is_told_to_reload(shop: Shop, client: TestClient, cursor: str) -> None:
    order = an_order()
    headers = buyer(shop, order) | {"Last-Event-ID": cursor}
    [(_, _, start), *_] = told(client.simulate_get(f"/fulfillment/{order.id}/events", headers=headers).text)
    assert start["recovered"] is False
    assert start["snapshot"] is not None


def test_it_is_closed_to_others(shop: Shop, client: TestClient) -> None:
    order, other = an_order(), an_order()
    path = f"/fulfillment/{order.id}/events"
    assert client.simulate_get(path).status_code == 401
    assert client.simulate_get(path, headers=buyer(shop, other)).status_code == 404
    assert client.simulate_get(f"/fulfillment/{uuid.uuid4()}/events", headers=admin(shop)).status_code == 404
    mine = buyer(shop, order)
    assert give_right_anew(order.id) == 2
    assert client.simulate_get(path, headers=mine).status_code == 404
    assert client.simulate_get(f"{path}?token=x", headers=bearer("x")).status_code == 401


def test_pages_learn_where_the_relay_is(shop: Shop, client: TestClient) -> None:
    assert client.simulate_get("/relay").json == {"url": shop.settings.relay_address}
