"""What every supplier must promise, over HTTP against its stand-in. A new supplier adds a Bench and a subclass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bitloot.errors import Ambiguous, BadSignature, BitLootError, Blocked, Duplicate, Permanent, Retryable
from bitloot.states import SupplierStatus
from bitloot.suppliers.base import Hint
from tests.bitloot.suppliers.bench import Bench, headers_and_body
from tests.waiting import until
from web.standins.ledger import charges, fingerprint, read_ledger

__all__ = ["Contract"]


class Contract:
    """The suite. A subclass named Test… gives a `bench` fixture."""

    # --- buying

    def test_what_is_bought_is_delivered_and_charged_once(self, bench: Bench) -> None:
        ref, supplier_ref = bench.buy()
        until(lambda: bench.supplier.status(supplier_ref).status is SupplierStatus.DELIVERED)
        standing = bench.supplier.status(supplier_ref)
        assert (standing.supplier_ref, standing.keys_ready) == (supplier_ref, 1)
        keys = bench.supplier.fetch_keys(supplier_ref, 1)
        assert keys.complete
        assert [key.media_type for key in keys.keys] == ["text/plain"]
        assert bench.charged(ref) == 1

    def test_keys_are_the_suppliers_own_and_keep_their_ids(self, bench: Bench) -> None:
        supplier_ref, keys = bench.bought_keys(3)
        assert bench.supplier.fetch_keys(supplier_ref, 3) == keys
        assert len({key.key_id for key in keys.keys}) == 3
        ledger_dir = bench.standins.shop.config.ledger_dir
        handed_out = read_ledger(ledger_dir, bench.supplier.name, "keys_ready")[-1]["fingerprints"]
        assert sorted(fingerprint(key.content) for key in keys.keys) == sorted(handed_out)

    def test_a_key_shows_in_no_repr(self, bench: Bench) -> None:
        _, keys = bench.bought_keys(1)
        assert keys.keys[0].content.decode() not in repr(keys)

    def test_fewer_keys_than_expected_are_not_complete(self, bench: Bench) -> None:
        supplier_ref, _ = bench.bought_keys(1)
        assert not bench.supplier.fetch_keys(supplier_ref, 2).complete

    def test_before_delivery_there_is_nothing_and_that_is_no_error(self, bench: Bench) -> None:
        bench.standins.configure(delivery_seconds=3600)
        _, supplier_ref = bench.buy()
        standing = bench.supplier.status(supplier_ref)
        assert (standing.status, standing.keys_ready) == (SupplierStatus.PENDING, 0)
        keys = bench.supplier.fetch_keys(supplier_ref, 1)
        assert (tuple(keys.keys), keys.complete) == ((), False)

    def test_two_phases_spend_in_the_second_only(self, bench: Bench) -> None:
        ref, supplier_ref = bench.begin()
        assert bench.charged(ref) == (0 if bench.supplier.capabilities.two_phase else 1)
        bench.supplier.commit(supplier_ref)
        assert bench.charged(ref) == 1

    @pytest.mark.parametrize("product", ["sold out", "65b1f0a2c3d4e5f6010203ff"])
    def test_what_cannot_be_had_is_refused_for_good(self, bench: Bench, product: str) -> None:
        with pytest.raises(Permanent):
            bench.begin(product_ref=bench.sold_out if product == "sold out" else product)

    # --- what went wrong, and whether it may be repeated

    def test_credentials_that_nobody_knows_block_and_spend_nothing(self, bench: Bench) -> None:
        before = charges(bench.standins.shop.config.ledger_dir)
        _, supplier_ref = bench.buy()
        with pytest.raises(Blocked):
            bench.stranger.begin("BL-stranger", bench.wanted)
        with pytest.raises(Blocked):
            bench.stranger.status(supplier_ref)
        with pytest.raises(Blocked):
            bench.stranger.fetch_keys(supplier_ref, 1)
        assert charges(bench.standins.shop.config.ledger_dir).total() == before.total() + 1

    def test_where_nobody_listens_nothing_happened(self, bench: Bench) -> None:
        calls: list[Callable[[], object]] = [
            lambda: bench.nowhere.begin("BL-nowhere", bench.wanted),
            lambda: bench.nowhere.status("R1"),
            lambda: bench.nowhere.fetch_keys("R1", 1),
        ]
        for call in calls:
            with pytest.raises(Retryable):
                call()

    def test_a_lost_answer_is_in_doubt_and_nothing_is_sent_twice(self, bench: Bench) -> None:
        ref, spend = bench.spend()
        bench.fault(bench.money_point, "drop_after_effect", count=None)
        with pytest.raises(Ambiguous) as doubt:
            spend()
        assert not isinstance(doubt.value, Duplicate)
        assert bench.bitten() == 1
        assert bench.charged(ref) == 1

    def test_a_request_cut_off_is_in_doubt_too(self, bench: Bench) -> None:
        ref, spend = bench.spend()
        bench.fault(bench.money_point, "drop_before_effect")
        with pytest.raises(Ambiguous):
            spend()
        assert bench.bitten() == 1
        assert bench.charged(ref) == 0

    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            (
                {"status": 500, "body": '{"kind":"Error","status":500}', "content_type": "application/json"},
                Ambiguous,
            ),
            ({"status": 502, "body": "<html>bad gateway</html>"}, Ambiguous),
            ({"status": 503, "body": "<html>away</html>", "after": True}, Ambiguous),
            ({"status": 200, "body": "<html>welcome</html>", "after": True}, Ambiguous),
            ({"status": 201, "body": '{"orderId":', "after": True}, Ambiguous),
            ({"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}}, Ambiguous),
            ({"status": 429, "body": "<html>slow down</html>", "headers": {"Retry-After": "7"}}, Retryable),
            ({"status": 403, "body": "<html>blocked at the edge</html>"}, Blocked),
        ],
    )
    def test_each_answer_to_the_money_call_has_its_class(
        self, bench: Bench, fault: Mapping[str, Any], kind: type[BitLootError]
    ) -> None:
        _, spend = bench.spend()
        bench.fault(bench.money_point, "status", **fault)
        with pytest.raises(BitLootError) as raised:
            spend()
        assert type(raised.value) is kind
        assert bench.bitten() == 1
        if isinstance(raised.value, Retryable):
            assert raised.value.after == 7

    def test_an_answer_that_takes_too_long_is_in_doubt(self, bench: Bench) -> None:
        ref, spend = bench.spend(bench.hasty)
        bench.fault(bench.money_point, "delay", seconds=1.5, after=True)
        with pytest.raises(Ambiguous):
            spend()
        assert bench.charged(ref) == 1

    @pytest.mark.parametrize(
        "fault",
        [
            {"kind": "status", "status": 500},
            {"kind": "status", "status": 503, "body": "<html>"},
            {"kind": "status", "status": 200, "body": "<html>"},
            {"kind": "status", "status": 429},
            {"kind": "drop_before_effect"},
            {"kind": "drop_after_effect"},
        ],
    )
    def test_a_failed_read_is_just_repeated(self, bench: Bench, fault: Mapping[str, Any]) -> None:
        supplier_ref, keys = bench.bought_keys(1)
        for point, read in (
            (bench.status_point, lambda: bench.supplier.status(supplier_ref)),
            (bench.keys_point, lambda: bench.supplier.fetch_keys(supplier_ref, 1)),
        ):
            bench.fault(point, **fault)
            with pytest.raises(Retryable):
                read()
        assert bench.supplier.fetch_keys(supplier_ref, 1) == keys

    # --- asking by our own reference

    def test_an_order_is_found_by_our_reference_alone(self, bench: Bench) -> None:
        ref, supplier_ref = bench.buy()
        bench.buy()
        if not bench.supplier.capabilities.lookup:
            with pytest.raises(Permanent) as unsupported:
                bench.supplier.find(ref)
            assert unsupported.value.code == "unsupported"
            return
        assert [order.supplier_ref for order in bench.supplier.find(ref)] == [supplier_ref]
        assert list(bench.supplier.find("BL-unheard-of")) == []

    def test_the_list_of_a_time_holds_what_was_bought_in_it(self, bench: Bench) -> None:
        since = datetime.now(UTC)
        if not bench.supplier.capabilities.listing:
            with pytest.raises(Permanent) as unsupported:
                bench.supplier.orders_between(since, since)
            assert unsupported.value.code == "unsupported"
            return
        ref, supplier_ref = bench.buy()
        bench.buy()
        until_then = datetime.now(UTC) + timedelta(seconds=1)
        listed = bench.supplier.orders_between(since - timedelta(milliseconds=1), until_then)
        assert len(listed) == 2
        assert (listed[0].purchase_ref, listed[0].supplier_ref) == (ref, supplier_ref)
        assert (listed[0].quantity, listed[0].currency) == (1, "eur")
        assert bench.supplier.orders_between(since - timedelta(days=2), since - timedelta(days=1)) == []

    def test_a_lost_answer_is_found_again(self, bench: Bench) -> None:
        ref, spend = bench.spend()
        bench.fault(bench.money_point, "drop_after_effect")
        with pytest.raises(Ambiguous):
            spend()
        if bench.supplier.capabilities.lookup:
            assert len(bench.supplier.find(ref)) == 1
        else:
            spend()  # the same reservation: paid for once
        assert bench.charged(ref) == 1

    def test_the_same_reference_twice_is_one_purchase(self, bench: Bench) -> None:
        ref, supplier_ref = bench.buy()
        if bench.supplier.capabilities.duplicate_guard:
            with pytest.raises(Duplicate):
                bench.supplier.begin(ref, bench.wanted)
        elif bench.supplier.capabilities.two_phase:
            bench.supplier.commit(supplier_ref)
        assert bench.charged(ref) == 1

    # --- references that would change the address

    @pytest.mark.parametrize("ref", ["", "../x", "a/b", "a?b", "é"])
    def test_a_reference_that_is_none_is_not_asked_for(self, bench: Bench, ref: str) -> None:
        for call in (
            bench.supplier.status,
            bench.nowhere.commit,
            lambda ref: bench.supplier.fetch_keys(ref, 1),
        ):
            with pytest.raises(Permanent) as refused:
                call(ref)
            assert refused.value.code == "bad_reference"

    # --- webhooks

    def _webhook(self, bench: Bench) -> tuple[str, str, dict[str, str], bytes]:
        """Our reference, the supplier's, and the webhook that the stand-in sends on delivery."""
        with bench.receiver() as server:
            bench.standins.configure(webhooks=True, shop_url=server.url)
            ref, supplier_ref = bench.buy()
            until(lambda: bool(server.requests), what="the webhook")
            bench.standins.configure(webhooks=False)
            return ref, supplier_ref, *headers_and_body(server.requests[0])

    def test_a_webhook_is_a_hint_to_the_purchase(self, bench: Bench) -> None:
        ref, supplier_ref, headers, body = self._webhook(bench)
        assert bench.supplier.claims(headers)
        hint = bench.supplier.parse_webhook(headers, body)
        assert isinstance(hint, Hint)
        assert hint.relevant
        assert (hint.supplier_ref, hint.purchase_ref) == (supplier_ref, ref)
        assert hint.status is SupplierStatus.DELIVERED
        assert hint.updated_at is not None
        assert bench.supplier.parse_webhook(headers, body).digest == hint.digest
        _, _, other_headers, other_body = self._webhook(bench)
        assert bench.supplier.parse_webhook(other_headers, other_body).digest != hint.digest

    def test_a_webhook_without_its_proof_is_refused(self, bench: Bench) -> None:
        _, _, headers, body = self._webhook(bench)
        proof = next(name for name in headers if bench.supplier.claims({name: ""}) and name != "x-event-name")
        for forged in ("", "0", headers[proof] + "0", headers[proof][:-1], "é" * 128, "\ud800"):
            with pytest.raises(BadSignature):
                bench.supplier.parse_webhook(headers | {proof: forged}, body)
        with pytest.raises(BadSignature):
            bench.supplier.parse_webhook({}, body)
        with pytest.raises(BadSignature):
            bench.stranger.parse_webhook(headers, body)

    def test_a_webhook_that_was_proved_before_reads_the_same_without_its_proof(self, bench: Bench) -> None:
        _, _, headers, body = self._webhook(bench)
        hint = bench.supplier.parse_webhook(headers, body)
        assert bench.stranger.reread_webhook(headers, body, hint.proof) == hint

    def test_a_request_of_nobody_in_particular_is_not_claimed(self, bench: Bench) -> None:
        assert not bench.supplier.claims({})
        assert not bench.supplier.claims({"content-type": "application/json", "x-nowpayments-sig": "0"})

    # --- what else there is

    def test_quote_and_balance_tell_amounts_or_that_there_are_none(self, bench: Bench) -> None:
        quote = bench.supplier.quote(bench.wanted.product_ref, 1)
        assert quote is None or (quote.unit_price > 0 and quote.available > 0 and quote.currency == "eur")
        balance = bench.supplier.balance()
        assert balance is None or (balance[0] > Decimal(0) and balance[1] == "eur")
