"""What a message carries beside its ids."""

from __future__ import annotations

import uuid
from typing import Any

from dramatiq import Message, MessageProxy
from structlog.testing import capture_logs

from actors.broker import broker
from actors.check_payment import check_payment
from actors.courier import post, stop
from actors.reserve import reserve
from actors.story import Story, arrived, rider
from bitloot.shop import Shop
from bitloot.story import about, known
from tests.actors.conftest import PaidOrder, valkey


def stored(shop: Shop, queue: str) -> list[dict[str, Any]]:
    found = valkey().hgetall(f"{shop.settings.queue_namespace}:{queue}.msgs")
    return [Message.decode(data).asdict()["options"] for data in found.values()]


def test_a_message_goes_on_with_the_story_that_it_was_sent_in(shop: Shop) -> None:
    with about("0f0e"):
        check_payment.send(str(uuid.uuid4()))
        post(reserve, "1")
    stop()  # the courier's own thread is about nothing
    [sent], [posted] = stored(shop, "check_payment"), stored(shop, "reserve")
    assert sent["order"] == posted["order"] == "0f0e"


def test_without_a_story_nothing_is_carried(shop: Shop) -> None:
    check_payment.send(str(uuid.uuid4()))
    assert "order" not in stored(shop, "check_payment")[0]
    assert rider() == {}


def test_what_arrived_is_known_while_the_message_is_worked_on() -> None:
    options = {"order": "0f0e", "traceparent": "00-a-b-01"}
    message = MessageProxy(
        Message(queue_name="reserve", actor_name="reserve", args=("1",), kwargs={}, options=options)
    )
    Story().before_process_message(broker, message)
    assert arrived() == ("0f0e", "00-a-b-01")
    Story().after_process_message(broker, message)
    assert arrived() == (None, None)


def test_a_steps_calls_are_about_its_order(shop: Shop, paid_order: PaidOrder) -> None:
    order = paid_order()
    with capture_logs() as lines:
        reserve(str(order.id))
    assert known() is None
    assert {line["provider"] for line in lines if line["event"] == "called"} >= {"nowpayments", "kinguin"}
