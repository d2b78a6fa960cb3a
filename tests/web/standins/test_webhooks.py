"""Notices on their way to the shop."""

from __future__ import annotations

import hashlib
import hmac

from tests.waiting import until
from tests.web.standins.receiver import Receiver
from web.standins.floor import Floor
from web.standins.ledger import read_ledger
from web.standins.signing import sign_body, sign_ipn
from web.standins.webhooks import Notice


def notice(receiver: Receiver, path: str = "/kinguin/webhooks") -> Notice:
    return Notice(
        "kinguin", "webhook", receiver.url + path, b'{"n":1}', {"X-Event-Name": "x"}, {"order_id": "P1"}
    )


def tries(floor: Floor) -> list[tuple[int, int | None]]:
    lines = read_ledger(floor.config.ledger_dir, "kinguin", "webhook_sent")
    return [(line["attempt"], line["answer"]) for line in lines]


def test_a_notice_that_is_taken_is_sent_once(floor: Floor, receiver: Receiver) -> None:
    assert floor.courier.deliver(notice(receiver)) == 200
    [received] = receiver.received
    assert (received.path, received.body, received.headers["X-Event-Name"]) == (
        "/kinguin/webhooks",
        b'{"n":1}',
        "x",
    )
    assert tries(floor) == [(1, 200)]
    assert floor.later.pending() == 0


def test_a_refused_notice_comes_again_until_it_is_taken(floor: Floor, receiver: Receiver) -> None:
    receiver.answer = lambda received: 500 if len(received) < 3 else 204
    assert floor.courier.deliver(notice(receiver)) == 500
    until(lambda: len(tries(floor)) == 3)
    assert tries(floor) == [(1, 500), (2, 500), (3, 204)]


def test_after_three_repeats_a_notice_is_given_up(floor: Floor, receiver: Receiver) -> None:
    receiver.answer = lambda _: 302
    floor.courier.deliver(notice(receiver))
    until(lambda: len(tries(floor)) == 4 and floor.later.pending() == 0)
    assert [attempt for attempt, _ in tries(floor)] == [1, 2, 3, 4]


def test_a_shop_that_is_not_there_is_an_answer_of_nothing(floor: Floor, receiver: Receiver) -> None:
    floor.configure(retries=0)
    nowhere = Notice("kinguin", "webhook", "http://127.0.0.1:9/x", b"{}", {}, {})
    assert floor.courier.deliver(nowhere) is None
    assert tries(floor) == [(1, None)]


def test_no_webhook_at_all_is_witnessed(floor: Floor, receiver: Receiver) -> None:
    floor.faults.add({"point": "kinguin.webhook", "kind": "no_webhook"})
    assert floor.courier.deliver(notice(receiver)) is None
    floor.configure(webhooks=False)
    assert floor.courier.deliver(notice(receiver)) is None
    assert receiver.received == []
    assert len(read_ledger(floor.config.ledger_dir, "kinguin", "webhook_withheld")) == 2


def test_a_notice_can_be_sent_five_times(floor: Floor, receiver: Receiver) -> None:
    floor.faults.add({"point": "kinguin.webhook", "kind": "webhook_times", "times": 5})
    floor.courier.deliver(notice(receiver))
    floor.courier.deliver(notice(receiver))
    assert len(receiver.received) == 6


def test_a_notice_can_come_late_and_so_after_a_later_one(floor: Floor, receiver: Receiver) -> None:
    floor.faults.add({"point": "kinguin.webhook", "kind": "delay", "seconds": 0.3})
    floor.courier.deliver(notice(receiver, "/first"))
    floor.courier.deliver(notice(receiver, "/second"))
    assert [received.path for received in receiver.wait_for(2)] == ["/second", "/first"]


def test_an_ipn_is_signed_over_sorted_keys_and_a_body_as_it_is() -> None:
    by_hand = hmac.new(
        b"secret", b'{"a":{"b":1e-7,"c":0.0000021},"z":"\xc3\xa9"}', hashlib.sha512
    ).hexdigest()
    assert sign_ipn(" secret\n", {"z": "é", "a": {"c": 0.0000021, "b": 1e-7}}) == by_hand
    vector = b'{"reservationId":"res-0001","status":"delivered","key":"AAAAA-BBBBB-CCCCC"}'
    assert sign_body("sha512", "bitloot-kinguin-secret", vector).startswith(
        "f76de3058c85d7511103bfea31ab68d9"
    )
