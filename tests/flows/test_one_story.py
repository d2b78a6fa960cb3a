"""One order's story by one id: in the logs of all processes, and as a trace from the notice to the letter."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.flows.house import House, Sale
from tests.otlp import Collector
from tests.waiting import until


@pytest.fixture(scope="module")
def told(shared_house: House) -> tuple[House, Sale]:
    shared_house.calm()
    return shared_house, shared_house.sell(("orbit-drifters", 1), ("tin-parade", 1))


def lines(house: House, order_id: str) -> list[dict[str, Any]]:
    """What `grep` finds."""
    logs = sorted((house.directory / "logs").glob("*.log"))
    found = [line for log in logs for line in log.read_text().splitlines() if order_id in line]
    return [json.loads(line) for line in found if line.startswith("{")]


def test_one_id_finds_the_whole_story_in_the_logs_of_all_processes(told: tuple[House, Sale]) -> None:
    house, sale = told

    def story() -> list[dict[str, Any]]:
        return [line for line in lines(house, sale.order_id) if line.get("order") == sale.order_id]

    until(lambda: any(line.get("dst") == "fulfilled" for line in story()), what="the relay's last word")
    found = story()
    assert {line["process"] for line in found} == {"web", "worker", "relay"}
    requests = {line["path"] for line in found if line["action"] == "request"}
    assert {"/orders", "/payments/ipn"} <= requests
    calls = {line["provider"] for line in found if line["action"] == "called"}
    assert {"nowpayments", "kinguin", "reservations"} <= calls
    assert [line["dst"] for line in found if line["action"] == "told"] == [
        "created",
        "paid",
        "waiting",
        "ready",
        "fulfilled",
    ]
    until(
        lambda: "keys_ready" in {line["kind"] for line in story() if line["action"] == "letter_sent"},
        what="the letter",
    )
    assert not any(key in json.dumps(line) for line in found for key in house.plaintext())


def test_one_trace_leads_from_the_notice_to_the_purchase(
    told: tuple[House, Sale], collected: Collector
) -> None:
    house, sale = told

    def traces(name: str) -> set[str]:
        """Those in which a span of this name is about this order."""
        found = [span for span in list(collected.spans) if span.name == name]
        return {span.trace for span in found if span.attributes.get("bitloot.order") == sale.order_id}

    def names(trace: str) -> set[str]:
        return {f"{span.process} {span.name}" for span in list(collected.spans) if span.trace == trace}

    bought = {"bitloot-worker message reserve", "bitloot-worker step reserve", "bitloot-worker POST kinguin"}
    until(
        lambda: any(bought <= names(trace) for trace in traces("POST /payments/ipn")),
        what="a trace from the notice to the purchase",
    )
    # The letter goes on with the trace of whichever supplier delivered last.
    delivered = [
        {f"bitloot-worker GET {supplier}", "bitloot-worker step encrypt_store"}
        for supplier in ("kinguin", "reservations")
    ]
    until(
        lambda: any(spans <= names(trace) for trace in traces("step notify") for spans in delivered),
        what="a trace from the supplier to the letter",
    )
    sent = b"".join(collected.raw)
    secrets = [*house.plaintext(), "buyer@example.test", sale.token]
    assert not any(secret.encode() in sent for secret in secrets)
