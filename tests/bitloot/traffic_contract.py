"""What every record of a provider's gate promises, kept in this process or shared."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from bitloot.traffic import Limit, Rules, Shut, Standing, Traffic
from tests.waiting import until

__all__ = ["TrafficContract"]

#: Long enough to look at, short enough to wait for (seconds).
PAUSE = 0.3
RULES = Rules(threshold=3, window=60, pause=PAUSE)
LASTING = Rules(threshold=3, window=60, pause=60)
P = "kinguin"


def ask(traffic: Traffic, rules: Rules = RULES, *, write: bool = False, paced: bool = False) -> Standing:
    return traffic.ask(P, rules, write=write, paced=paced)


def stops(standing: Standing, *, write: bool = False) -> bool:
    shut = standing.shut(write=write)
    return shut is not None and shut.seconds > 0


class TrafficContract:
    """Subclasses give the fixture `traffic`."""

    def test_nothing_is_known_at_first(self, traffic: Traffic) -> None:
        assert traffic.look(P) == ask(traffic) == Standing()

    def test_failures_in_a_row_shut_the_gate_for_everybody(self, traffic: Traffic) -> None:
        for failures in (1, 2):
            assert traffic.failed(P, LASTING) == Standing(failures)
        assert stops(traffic.failed(P, LASTING))
        found = ask(traffic, LASTING)
        assert found.calls is not None
        assert 59 < found.calls.seconds <= 60
        assert (found.calls.why, found.writes) == ("", None)
        assert traffic.look("nowpayments") == Standing()

    def test_an_answer_in_between_begins_the_count_anew(self, traffic: Traffic) -> None:
        traffic.failed(P, LASTING)
        traffic.failed(P, LASTING)
        assert traffic.worked(P, write=False) == Standing()
        assert traffic.failed(P, LASTING) == Standing(1)

    def test_failures_that_lie_further_apart_are_no_row(self, traffic: Traffic) -> None:
        short = Rules(threshold=2, window=0.05, pause=60)
        traffic.failed(P, short)
        # each is the first of a new row once the window of the one before is over
        until(lambda: traffic.failed(P, short).failures == 1, what="the window's end")

    def test_without_a_threshold_no_failure_shuts_it(self, traffic: Traffic) -> None:
        assert not any(stops(traffic.failed(P, Rules(threshold=0))) for _ in range(10))

    def test_after_the_pause_one_of_many_goes_and_tries(self, traffic: Traffic) -> None:
        for _ in range(3):
            traffic.failed(P, RULES)
        until(lambda: not stops(traffic.look(P)), what="the pause's end")
        with ThreadPoolExecutor(8) as crowd:
            found = list(crowd.map(lambda _: ask(traffic, LASTING), range(8)))
        assert [stops(standing) for standing in found].count(False) == 1

    def test_a_probe_that_fails_shuts_it_again_at_once(self, traffic: Traffic) -> None:
        for _ in range(3):
            traffic.failed(P, RULES)
        until(lambda: not stops(ask(traffic)), what="a probe")
        assert stops(traffic.failed(P, LASTING))
        assert stops(ask(traffic))

    def test_a_probe_that_works_opens_it(self, traffic: Traffic) -> None:
        for _ in range(3):
            traffic.failed(P, RULES)
        until(lambda: not stops(ask(traffic)), what="a probe")
        assert traffic.worked(P, write=False) == Standing() == ask(traffic)

    def test_a_probe_that_never_reports_is_followed_by_another(self, traffic: Traffic) -> None:
        for _ in range(3):
            traffic.failed(P, RULES)
        until(lambda: not stops(ask(traffic)), what="a probe")
        until(lambda: not stops(ask(traffic)), what="the next")

    def test_a_refused_account_is_news_once(self, traffic: Traffic) -> None:
        assert traffic.blocked(P, "unauthorized", 60, writes_only=False)
        assert not traffic.blocked(P, "unauthorized", 60, writes_only=False)
        found = traffic.look(P)
        assert found.calls is not None
        assert found.calls.why == "unauthorized"
        assert stops(ask(traffic))
        traffic.worked(P, write=False)
        assert traffic.blocked(P, "unauthorized", 60, writes_only=False)

    def test_an_empty_balance_stops_writes_only_until_a_write_works(self, traffic: Traffic) -> None:
        assert traffic.blocked(P, "insufficient_balance", 60, writes_only=True)
        assert not stops(ask(traffic))
        assert stops(ask(traffic, write=True), write=True)
        assert stops(traffic.worked(P, write=False), write=True)
        assert traffic.worked(P, write=True) == Standing()

    def test_one_write_probes_an_account(self, traffic: Traffic) -> None:
        traffic.blocked(P, "insufficient_balance", PAUSE, writes_only=True)
        until(lambda: not stops(ask(traffic, LASTING, write=True), write=True), what="a probe")
        assert stops(ask(traffic, LASTING, write=True), write=True)
        assert not stops(ask(traffic))

    def test_calls_are_spaced_and_what_would_wait_too_long_is_refused(self, traffic: Traffic) -> None:
        limit = Limit.per(2, 1)
        rules = Rules(limit=limit)
        with ThreadPoolExecutor(6) as crowd:
            found = list(crowd.map(lambda _: ask(traffic, rules, paced=True), range(6)))
        waits = sorted(standing.wait for standing in found if standing.admitted)
        assert [round(wait, 1) for wait in waits] == [0.0, 0.5, 1.0]
        refused = [standing.wait for standing in found if not standing.admitted]
        assert len(refused) == 3
        assert all(1 < wait <= 1.5 for wait in refused)
        assert ask(traffic, rules, paced=False).wait == 0
        assert traffic.ask("resend", rules, write=True, paced=True).wait == 0

    def test_a_call_that_may_not_go_takes_no_place(self, traffic: Traffic) -> None:
        rules = Rules(threshold=1, pause=60, limit=Limit.per(1, 3600))
        traffic.failed(P, rules)
        assert stops(ask(traffic, rules, paced=True))
        traffic.worked(P, write=False)
        assert ask(traffic, rules, paced=True).wait == 0
        assert not ask(traffic, rules, paced=True).admitted

    def test_of_two_gates_the_longer_counts(self, traffic: Traffic) -> None:
        traffic.blocked(P, "insufficient_balance", 60, writes_only=True)
        traffic.blocked(P, "unauthorized", 5, writes_only=False)
        shut = traffic.look(P).shut(write=True)
        assert isinstance(shut, Shut)
        assert shut.why == "insufficient_balance"
        read = traffic.look(P).shut(write=False)
        assert read is not None
        assert read.why == "unauthorized"
