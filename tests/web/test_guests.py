"""Whoever lost the link gets in by a code in the order's own mailbox, and nobody else does."""

from __future__ import annotations

import re
import uuid

import pytest
from falcon.testing import Result, TestClient

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
