"""The reservation dialect keeps the contract of a supplier, in each way of proof, and what is its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any, Literal

import pytest
import requests
import responses
from pydantic import SecretStr

from bitloot.errors import Ambiguous, Blocked, Retryable
from bitloot.states import SupplierStatus
from bitloot.suppliers.base import Wanted
from bitloot.suppliers.bearer import ClientCredentials
from bitloot.suppliers.reservations import Reservations
from bitloot.suppliers.reservations_webhook import Verifier
from tests.bitloot.rude_server import answering, serving
from tests.bitloot.suppliers.bench import Bench
from tests.bitloot.suppliers.contract import Contract
from web.standins import RunningStandins, StandinsConfig, start_standins
from web.standins.ledger import read_ledger

BASE = "https://reservations.test"

WANTED = Wanted("rsv-tin-parade", 1, Decimal("5.20"), "eur")

Kind = Literal["hmac-sha512", "hmac-sha256", "static"]


@pytest.fixture(scope="module", params=["hmac-sha512", "hmac-sha256", "static"])
def standins(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningStandins]:
    config = StandinsConfig(
        ledger_dir=tmp_path_factory.mktemp("ledger"),
        reservations_verifier=request.param,
        inline_key=True,
        webhooks=False,
    )
    with start_standins(config, port=0) as started:
        yield started


@pytest.fixture
def bench(standins: RunningStandins) -> Bench:
    config, url, token_url = standins.shop.config, standins.reservations_url, standins.reservations_token_url
    known = SecretStr(config.reservations_client_secret)
    verifier = Verifier(config.reservations_verifier, SecretStr(config.reservations_webhook_secret))
    other = Verifier(config.reservations_verifier, SecretStr("another-secret"))
    credentials = ClientCredentials(token_url, config.reservations_client_id, known, name="reservations")
    stranger = ClientCredentials(token_url, "nobody", SecretStr("nothing"), name="reservations")
    return Bench(
        supplier=Reservations(url, verifier, credentials, timeout=10),
        hasty=Reservations(url, verifier, credentials, timeout=0.5),
        stranger=Reservations(url, other, stranger, timeout=5),
        nowhere=Reservations("http://127.0.0.1:1", other, credentials, timeout=5),
        standins=standins,
        wanted=WANTED,
        sold_out="rsv-quiet-engines",
        money_point="reservations.give",
        status_point="reservations.delivered",
        keys_point="reservations.delivered",
        receiver=partial(serving, answering("204 No Content")),
    )


@pytest.fixture
def lonely() -> Reservations:
    return Reservations(BASE, Verifier("static", SecretStr("s" * 32)))


class TestReservationsKeepTheContract(Contract):
    pass


# --- over HTTP


@pytest.mark.parametrize("not_ready", ["empty", "missing"])
def test_nothing_delivered_may_be_an_empty_list_or_a_404(bench: Bench, not_ready: str) -> None:
    bench.standins.configure(not_ready=not_ready, delivery_seconds=3600)
    _, supplier_ref = bench.buy()
    assert bench.supplier.fetch_keys(supplier_ref, 1).keys == ()
    assert bench.supplier.status(supplier_ref).status is SupplierStatus.PENDING


def test_key_ids_name_reservation_count_and_digest(bench: Bench) -> None:
    supplier_ref, keys = bench.bought_keys(2)
    for key in keys.keys:
        assert re.fullmatch(re.escape(supplier_ref) + r":0:[0-9a-f]{16}", key.key_id)


def test_a_revoked_token_is_replaced_even_for_a_post(bench: Bench) -> None:
    ref, supplier_ref = bench.begin()
    bench.standins.shop.bearers.revoke()
    bench.supplier.commit(supplier_ref)
    bench.standins.shop.bearers.revoke()
    assert bench.supplier.status(supplier_ref).supplier_ref == supplier_ref
    assert bench.charged(ref) == 1


def test_a_token_that_is_refused_again_blocks(bench: Bench) -> None:
    ref, supplier_ref = bench.begin()
    bench.fault("reservations.give", "status", status=401, count=None)
    with pytest.raises(Blocked):
        bench.supplier.commit(supplier_ref)
    assert bench.bitten() == 2
    assert bench.charged(ref) == 0


def test_the_inline_key_reaches_neither_hint_nor_repr(bench: Bench) -> None:
    with serving(answering("204 No Content")) as server:
        bench.standins.configure(shop_url=server.url, webhooks=False)
        supplier_ref, keys = bench.bought_keys(1)
        sent = requests.post(
            f"{bench.standins.control_url}/reservations/{supplier_ref}/webhook",
            json={"inline": True},
            timeout=10,
        )
        assert sent.ok
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
    code = keys.keys[0].content
    assert code in body
    headers = dict(line.decode().lower().split(": ", 1) for line in head.split(b"\r\n")[1:])
    assert code.decode() not in repr(bench.supplier.parse_webhook(headers, body))


def test_an_ambiguous_begin_may_be_repeated_for_nothing(bench: Bench) -> None:
    bench.fault("reservations.reserve", "drop_after_effect")
    with pytest.raises(Ambiguous):
        bench.supplier.begin("BL-twice", WANTED)
    bench.supplier.commit(bench.supplier.begin("BL-twice", WANTED).supplier_ref)
    assert bench.charged("BL-twice") == 1
    reserved = read_ledger(bench.standins.shop.config.ledger_dir, "reservations", "reserved")
    assert sum(line["order_id"] == "BL-twice" for line in reserved) == 2


# --- what goes out


@responses.activate
def test_without_a_token_url_there_is_no_authorization(lonely: Reservations) -> None:
    responses.post(f"{BASE}/reservations", json={"reservationId": 41}, status=201)
    placed = lonely.begin("BL-1", Wanted("p", 3, Decimal(1), "eur"))
    assert (placed.supplier_ref, placed.keys_expected, placed.status) == ("41", 3, SupplierStatus.PENDING)
    sent = responses.calls[0].request
    assert "Authorization" not in sent.headers
    assert sent.body == b'{"orderId":"BL-1","productId":"p","quantity":3}'


# --- answers


@pytest.mark.parametrize(
    "body", [{}, [], {"reservationId": ""}, {"reservationId": None}, {"reservationId": True}]
)
@responses.activate
def test_a_reservation_without_an_id_is_in_doubt(lonely: Reservations, body: Any) -> None:
    responses.post(f"{BASE}/reservations", json=body, status=201)
    with pytest.raises(Ambiguous):
        lonely.begin("BL-1", WANTED)


@pytest.mark.parametrize(
    ("codes", "told", "status"),
    [
        ([], {"status": "reserved"}, SupplierStatus.PENDING),
        ([], {"status": "delivered"}, SupplierStatus.PENDING),
        ([], {"status": "failed"}, SupplierStatus.FAILED),
        ([], {"status": "cancelled"}, SupplierStatus.CANCELED),
        ([], None, SupplierStatus.PENDING),
        (["A"], {"status": "processing", "quantity": 2}, SupplierStatus.PARTLY_DELIVERED),
        (["A", "B"], {"status": "processing", "quantity": 2}, SupplierStatus.DELIVERED),
        (["A"], None, SupplierStatus.DELIVERED),
        (["A"], {"status": "cancelled"}, SupplierStatus.DELIVERED),
        (["A"], "<html>", SupplierStatus.DELIVERED),
    ],
)
@responses.activate
def test_what_was_delivered_counts_more_than_what_is_said(
    lonely: Reservations, codes: list[str], told: Any, status: SupplierStatus
) -> None:
    responses.get(f"{BASE}/reservations/r-1/delivered", json={"codes": codes})
    if told is None:
        responses.get(f"{BASE}/reservations/r-1", json={}, status=404)
    elif isinstance(told, str):
        responses.get(f"{BASE}/reservations/r-1", body=told)
    else:
        responses.get(f"{BASE}/reservations/r-1", json=told)
    standing = lonely.status("r-1")
    assert (standing.status, standing.keys_ready) == (status, len(codes))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, "{}"),
        (409, "{}"),
        (425, ""),
        (202, "{}"),
        (204, ""),
        (200, "{}"),
        (200, '{"codes":null}'),
        (200, ""),
    ],
)
@responses.activate
def test_there_are_many_ways_to_say_not_yet(lonely: Reservations, status: int, body: str) -> None:
    responses.get(f"{BASE}/reservations/r-1/delivered", body=body, status=status)
    keys = lonely.fetch_keys("r-1", 1)
    assert (keys.keys, keys.complete) == ((), False)


@pytest.mark.parametrize("body", ["<html>", "[]", '{"codes":"AAAAA"}', '{"codes":[7]}', '{"codes":[""]}'])
@responses.activate
def test_codes_that_make_no_sense_are_asked_for_again(lonely: Reservations, body: str) -> None:
    responses.get(f"{BASE}/reservations/r-1/delivered", body=body)
    with pytest.raises(Retryable) as unreadable:
        lonely.fetch_keys("r-1", 1)
    assert "AAAAA" not in str(unreadable.value)


@responses.activate
def test_a_key_keeps_its_id_when_others_come_before_it(lonely: Reservations) -> None:
    url = f"{BASE}/reservations/r-1/delivered"
    responses.get(url, json={"codes": ["A"]})
    (first,) = lonely.fetch_keys("r-1", 3).keys
    responses.replace(responses.GET, url, json={"codes": ["B", "A", "A"]})
    keys = lonely.fetch_keys("r-1", 3)
    assert keys.complete
    assert keys.keys[1] == first
    assert len({key.key_id for key in keys.keys}) == 3


@responses.activate
def test_where_all_codes_are_there_nothing_else_is_asked(lonely: Reservations) -> None:
    responses.get(f"{BASE}/reservations/r-1/delivered", json={"codes": ["A", "B"]})
    standing = lonely.status("r-1", 2)
    assert (standing.status, standing.keys_ready, standing.paid) == (SupplierStatus.DELIVERED, 2, True)
    with pytest.raises(Retryable):  # one is missing: the reservation itself is asked, and here cannot be
        lonely.status("r-1", 3)


@pytest.mark.parametrize(
    ("told", "paid"),
    [
        ((200, {"status": "reserved"}), False),
        ((200, {"status": "processing"}), True),
        ((200, {"status": "cancelled"}), False),
        ((200, {}), None),
        ((404, {}), None),
    ],
)
@responses.activate
def test_whether_it_was_paid_is_the_suppliers_word_or_unknown(
    lonely: Reservations, told: tuple[int, Any], paid: bool | None
) -> None:
    responses.get(f"{BASE}/reservations/r-1/delivered", json={"codes": []})
    responses.get(f"{BASE}/reservations/r-1", status=told[0], json=told[1])
    assert lonely.status("r-1").paid is paid


@responses.activate
def test_a_word_that_we_do_not_know_is_ambiguous_until_something_is_delivered(lonely: Reservations) -> None:
    responses.get(f"{BASE}/reservations/r-1", json={"status": "dreaming"})
    delivered = responses.get(f"{BASE}/reservations/r-1/delivered", json={"codes": []})
    with pytest.raises(Ambiguous) as unknown:
        lonely.status("r-1")
    assert unknown.value.code == "unknown_status"
    responses.remove(delivered)
    responses.get(f"{BASE}/reservations/r-1/delivered", json={"codes": ["AAAAA"]})
    assert lonely.status("r-1").status is SupplierStatus.DELIVERED
