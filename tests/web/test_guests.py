"""Whoever lost the link gets in by a code in the order's own mailbox, and nobody else does."""

from __future__ import annotations

import re
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from falcon.testing import Result, TestClient
from peewee import OperationalError

from actors import workshop
from actors.write_letter import write_letter
from bitloot.shop import Shop
from db import AccessRecord, Letter, Order, base
from db.rights import give_right_anew
from tests.waiting import until
from tests.web.cast import bearer, fulfilled_order
from tests.web.conftest import settled, waiting_messages

EMAIL = "buyer@example.test"


def ask(client: TestClient, order: Order | uuid.UUID, email: str = EMAIL) -> Result:
    known = order.id if isinstance(order, Order) else order
    return client.simulate_post(f"/fulfillment/{known}/code", json={"email": email})


def mailed_code(shop: Shop) -> str:
    workshop.use(shop)
    for (due_id,) in base.rows("SELECT id::text FROM letters_due"):
        write_letter(due_id)
    letter = Letter.select().where(Letter.kind == "guest_code").order_by(Letter.generation.desc()).get()
    text = str(letter.open(shop.vault, shop.settings.mail_from).text)
    return str(re.findall(r"\d{4} \d{4}", text)[0])


def enter(client: TestClient, order: Order, code: str, email: str = EMAIL) -> Result:
    return client.simulate_post(f"/fulfillment/{order.id}/guest-session", json={"email": email, "code": code})


def test_a_code_opens_the_order_and_renews_what_was_used_up(shop: Shop) -> None:
    client = settled(shop, reveal_limit=1)
    order = fulfilled_order(shop, b"AAAAA-11111")
    give_right_anew(order.id)
    assert ask(client, order, " Buyer@Example.test ").status_code == 202
    token = enter(client, order, mailed_code(shop)).json["accessToken"]
    path = f"/fulfillment/{order.id}/reveal"
    assert [client.simulate_post(path, headers=bearer(token)).status_code for _ in range(2)] == [200, 403]
    ask(client, order)
    fresh = enter(client, order, mailed_code(shop)).json["accessToken"]
    assert client.simulate_post(path, headers=bearer(fresh)).json["keys"][0]["key"] == "AAAAA-11111"


def test_the_answer_tells_neither_orders_nor_addresses_apart(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    right, wrong, nothing = (
        ask(client, order),
        ask(client, order, "other@example.test"),
        ask(client, uuid.uuid4()),
    )
    assert [(answer.status_code, answer.json) for answer in (wrong, nothing)] == [(202, right.json)] * 2
    assert base.rows("SELECT count(*) FROM letters_due") == [(1,)]
    told = [
        (record.order and record.order.id, record.outcome)
        for record in AccessRecord.select().order_by(AccessRecord.id)
    ]
    assert told == [(order.id, "granted"), (None, "refused"), (None, "refused")]


@pytest.mark.parametrize("code", ["0000 0000", "12345678"])
def test_a_wrong_code_opens_nothing_and_looks_like_no_order(
    client: TestClient, shop: Shop, code: str
) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    ask(client, order)
    true = mailed_code(shop)
    refused = enter(client, order, code if code != true else "11111111")
    stranger = enter(client, order, true, "other@example.test")
    nothing = client.simulate_post(
        f"/fulfillment/{uuid.uuid4()}/guest-session", json={"email": EMAIL, "code": true}
    )
    assert [(answer.status_code, answer.json) for answer in (stranger, nothing)] == [(401, refused.json)] * 2
    assert enter(client, order, true).status_code == 201
    assert enter(client, order, true).status_code == 401


def test_an_order_is_mailed_few_codes(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    assert {ask(client, order).status_code for _ in range(5)} == {202}
    assert base.rows("SELECT count(*) FROM letters_due") == [(3,)]


def test_the_message_holds_an_id_and_nothing_else(client: TestClient, shop: Shop) -> None:
    ask(client, fulfilled_order(shop, b"AAAAA-11111"))
    until(lambda: bool(waiting_messages(shop, write_letter)), what="the message")
    assert waiting_messages(shop, write_letter) == [base.rows("SELECT id::text FROM letters_due")[0][0]]


def test_of_two_codes_asked_for_at_once_the_newer_is_mailed_and_the_older_ends_nothing(
    client: TestClient, shop: Shop
) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    ask(client, order)
    ask(client, order)
    workshop.use(shop)
    newest_first = "SELECT id::text FROM letters_due ORDER BY generation DESC"
    for (due_id,) in base.rows(newest_first):
        write_letter(due_id)
    assert Letter.select().where(Letter.kind == "guest_code").count() == 1
    assert enter(client, order, mailed_code(shop)).status_code == 201


def test_a_code_that_two_enter_at_once_lets_one_in(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    ask(client, order)
    code, start = mailed_code(shop), threading.Barrier(4)

    def take(_: int) -> int:
        start.wait()
        return enter(client, order, code).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(take, range(4))) == [201, 401, 401, 401]


def test_a_code_whose_use_cannot_be_recorded_is_good_still(
    client: TestClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    ask(client, order)
    code = mailed_code(shop)
    with monkeypatch.context() as locked:
        locked.setattr("web.guests.record", _away)
        assert enter(client, order, code).status_code == 503
    assert enter(client, order, code).status_code == 201


def test_strangers_cannot_fill_the_audit_chain(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    client = settled(shop, tries_per_address=1000)
    monkeypatch.setattr("web.record.EACH_OF_STRANGERS", 20)

    def knock(address: str) -> None:
        body = {"email": EMAIL, "code": "00000000"}
        path = f"/fulfillment/{uuid.uuid4()}/guest-session"
        assert client.simulate_post(path, json=body, remote_addr=address).status_code == 401

    for _ in range(40):
        knock("203.0.113.7")
    asks = [record.details["asks"] for record in AccessRecord.select().order_by(AccessRecord.id)]
    assert asks == [1, 2, 3, 4, 5, 6, 7, 8, 16, 32]
    for house in range(24):
        knock(f"203.0.114.{house}")
    last = AccessRecord.select().order_by(AccessRecord.id.desc()).get()
    assert (AccessRecord.select().count(), last.details["strangers"]) == (11, 64)


def _away(*_: object) -> None:
    raise OperationalError("the chain is locked")
