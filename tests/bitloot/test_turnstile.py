"""The gate to one provider, as the outgoing client uses it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from bitloot import turnstile as module
from bitloot.errors import Ambiguous, BitLootError, Blocked, Closed, Permanent, Retryable
from bitloot.fetch import Fetch
from bitloot.settings import Settings, load_settings
from bitloot.traffic import Limit, LocalTraffic, Rules, Standing
from bitloot.turnstile import Turnstile, limits, open_turnstiles
from tests.bitloot.fetching import failure
from tests.bitloot.rude_server import answering, serving
from tests.waiting import until

RULES = Rules(threshold=3, window=60, pause=60, blocked_pause=60)


class Counted(LocalTraffic):
    """Counts how often the shared record is asked or told."""

    trips = 0

    def ask(self, provider: str, rules: Rules, *, write: bool, paced: bool) -> Standing:
        self.trips += 1
        return super().ask(provider, rules, write=write, paced=paced)

    def worked(self, provider: str, *, write: bool) -> Standing:
        self.trips += 1
        return super().worked(provider, write=write)

    def look(self, provider: str) -> Standing:
        self.trips += 1
        return super().look(provider)


class Bells:
    def __init__(self) -> None:
        self.rung: list[tuple[str, str]] = []

    def __call__(self, provider: str, why: str) -> None:
        self.rung.append((provider, why))


def gate(traffic: LocalTraffic | None = None, rules: Rules = RULES, **options: object) -> Turnstile:
    return Turnstile("kinguin", rules, traffic or LocalTraffic(), **options)  # type: ignore[arg-type]


def refused(turnstile: Turnstile, method: str = "GET", path: str = "/v1/order") -> BitLootError | None:
    try:
        turnstile.admit(method, path)
    except (Closed, Blocked) as error:
        return error
    return None


def test_on_the_good_way_nobody_is_asked() -> None:
    traffic = Counted()
    turnstile = gate(traffic)
    for _ in range(50):
        turnstile.admit("POST", "/v2/order")
        turnstile.report("POST", 201, None)
    assert traffic.trips == 1


def test_a_paced_call_asks_once() -> None:
    traffic = Counted()
    turnstile = gate(traffic, Rules(threshold=3, limit=Limit(0.001, "POST")))
    for _ in range(5):
        turnstile.admit("POST", "/v2/order")
        turnstile.report("POST", 201, None)
    assert traffic.trips == 5
    turnstile.admit("GET", "/v1/order")
    assert traffic.trips == 5


def test_what_was_heard_long_ago_is_asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FRESH", 0.01)
    traffic = Counted()
    turnstile = gate(traffic)

    def asked_again() -> bool:
        turnstile.admit("GET", "/")
        return traffic.trips >= 2

    until(asked_again, what="another question")


def test_failures_in_a_row_shut_it_before_a_byte_leaves() -> None:
    turnstile = gate()
    with serving(answering("503 Service Unavailable", b"<html>")) as server:
        for _ in range(3):
            assert failure("GET", Fetch(server.url, gate=turnstile)).code == "http_503"
        error = failure("POST", Fetch(server.url, gate=turnstile))
        assert len(server.requests) == 3
    assert isinstance(error, Closed)
    assert isinstance(error, Retryable)
    assert error.after is not None
    assert 59 < error.after <= 60


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_answer_counts_as_a_failure(method: str) -> None:
    turnstile = gate()
    for _ in range(3):
        failure(method, Fetch("http://127.0.0.1:9", gate=turnstile))
    assert isinstance(refused(turnstile), Closed)


@pytest.mark.parametrize("status", [400, 404, 409, 422, 429, 408])
def test_an_answer_about_one_order_never_counts(status: int) -> None:
    turnstile = gate()
    for _ in range(20):
        turnstile.report("POST", status, Permanent("no"))
    assert refused(turnstile) is None
    assert turnstile.look() == Standing()


def test_a_success_ends_the_row() -> None:
    turnstile = gate()
    for _ in range(5):
        turnstile.report("GET", 500, Retryable("ill"))
        turnstile.report("GET", None, Ambiguous("silent"))
        turnstile.report("GET", 404, Permanent("no"))
    assert refused(turnstile) is None


def test_a_threshold_of_nothing_switches_it_off() -> None:
    turnstile = gate(rules=Rules(threshold=0))
    for _ in range(20):
        turnstile.report("GET", None, Retryable("away"))
    assert refused(turnstile) is None


def test_after_the_pause_one_probe_goes_and_opens_it() -> None:
    turnstile = gate(rules=Rules(threshold=1, pause=0.2))
    turnstile.report("GET", 500, Retryable("ill"))
    assert refused(turnstile) is not None
    until(lambda: turnstile.refusal("GET") is None, what="the pause's end")
    with ThreadPoolExecutor(8) as crowd:
        found = list(crowd.map(lambda _: refused(turnstile), range(8)))
    assert found.count(None) == 1
    turnstile.report("GET", 200, None)
    assert refused(turnstile) is None


def test_a_refused_account_stops_everything_and_rings_once() -> None:
    bells = Bells()
    turnstile = gate(ring=bells)
    with serving(answering("401 Unauthorized", b"")) as server:
        assert isinstance(failure("GET", Fetch(server.url, gate=turnstile)), Blocked)
        for method in ("GET", "POST"):
            error = failure(method, Fetch(server.url, gate=turnstile))
            assert (type(error), error.code) == (Blocked, "unauthorized")
        assert len(server.requests) == 1
    turnstile.report("GET", 401, Blocked("no", code="unauthorized"))
    assert bells.rung == [("kinguin", "unauthorized")]


def test_an_empty_balance_stops_writes_until_one_works() -> None:
    bells = Bells()
    turnstile = gate(rules=Rules(threshold=3, pause=60, blocked_pause=0.2), ring=bells)
    turnstile.report("POST", 400, Blocked("no funds", code="insufficient_balance"))
    assert refused(turnstile, "GET") is None
    error = refused(turnstile, "POST")
    assert isinstance(error, Blocked)
    assert error.after is not None
    assert 0 < error.after <= 0.2
    turnstile.report("GET", 200, None)  # reading says nothing about money
    until(lambda: refused(turnstile, "POST") is None, what="a probe")
    assert isinstance(refused(turnstile, "POST"), Blocked)
    turnstile.report("POST", 201, None)
    assert refused(turnstile, "POST") is None
    assert bells.rung == [("kinguin", "insufficient_balance")]


def test_a_refused_write_that_is_about_one_order_does_not_free_the_account() -> None:
    turnstile = gate()
    turnstile.report("POST", 400, Blocked("no funds", code="insufficient_balance"))
    assert isinstance(refused(turnstile, "POST"), Blocked)
    turnstile.report("POST", 422, Permanent("no such product"))
    assert isinstance(refused(turnstile, "POST"), Blocked)


def test_a_quota_is_probed_when_the_provider_says() -> None:
    turnstile = gate()
    turnstile.report("POST", 429, Blocked("quota", code="daily_quota_exceeded", after=600))
    error = refused(turnstile, "POST")
    assert isinstance(error, Blocked)
    assert error.after is not None
    assert 590 < error.after <= 600


def test_what_the_adapter_mends_by_itself_is_forgiven() -> None:
    bells = Bells()
    turnstile = gate(forgives=frozenset({"unauthorized"}), ring=bells)
    turnstile.report("POST", 401, Blocked("old token", code="unauthorized"))
    assert refused(turnstile, "POST") is None
    assert bells.rung == []


def test_a_short_wait_is_waited_and_a_long_one_refused() -> None:
    turnstile = gate(rules=Rules(limit=Limit(0.8, "POST")))
    with ThreadPoolExecutor(4) as crowd:
        found = list(crowd.map(lambda _: refused(turnstile, "POST", "/v2/order"), range(4)))
    late = [error for error in found if error is not None]
    assert len(late) == 2  # one at once, one after 0.8 s
    for error in late:
        assert (type(error), error.code) == (Closed, "over_the_limit")
        assert isinstance(error, Closed)
        assert error.after is not None
        assert 1 < error.after <= 1.6


def test_a_look_takes_nobodys_turn() -> None:
    turnstile = gate(rules=Rules(threshold=1, pause=0.1))
    turnstile.report("GET", None, Retryable("away"))
    assert isinstance(turnstile.refusal(), Closed)
    until(lambda: turnstile.refusal() is None, what="the pause's end")
    assert refused(turnstile) is None


def test_the_settings_give_each_provider_its_pace(environ: dict[str, str]) -> None:
    names = (
        "KINGUIN_WRITES_PER_MINUTE",
        "NOWPAYMENTS_PAYMENTS_PER_SECOND",
        "RESEND_CALLS_PER_SECOND",
    )
    found = limits(load_settings({name: value for name, value in environ.items() if name not in names}))
    kinguin, nowpayments, resend = found["kinguin"], found["nowpayments"], found["resend"]
    assert kinguin is not None
    assert nowpayments is not None
    assert resend is not None
    assert (kinguin.interval, kinguin.covers("POST", "/v2/order")) == (0.03, True)
    assert not kinguin.covers("GET", "/v1/order")
    assert round(1 / nowpayments.interval, 6) == 3
    assert nowpayments.covers("POST", "/payment")
    assert not nowpayments.covers("GET", "/payment/1")
    assert (1 / resend.interval, resend.covers("GET", "/emails/1")) == (2, True)
    assert set(limits(load_settings(environ | dict.fromkeys(names, "0"))).values()) == {None}


def test_only_where_a_token_runs_out_a_401_is_no_block(settings: Settings) -> None:
    found = open_turnstiles(settings, LocalTraffic())
    for name in ("reservations", "reservations token", "kinguin"):
        found[name].report("GET", 401, Blocked("no", code="unauthorized"))
    assert found["reservations"].refusal() is None
    assert isinstance(found["reservations token"].refusal(), Blocked)
    assert isinstance(found["kinguin"].refusal(), Blocked)


def test_every_provider_has_a_gate_by_the_settings_rules(settings: Settings) -> None:
    found = open_turnstiles(settings.model_copy(update={"breaker_threshold": 7}), LocalTraffic())
    shops = {"kinguin", "reservations", "reservations token", "nowpayments"}
    assert set(found) == {*shops, "resend", "smtp", "s3"}
    assert {turnstile.rules.threshold for turnstile in found.values()} == {7}
