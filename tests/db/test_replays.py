"""Replays are rows: paced, claimed, finished once."""

from __future__ import annotations

import uuid

import db
from bitloot.settings import Settings
from db import Notice, Replay, base
from db.replays import MOST_ATTEMPTS, ask_replays, claim_replays, finish_replay, replays_of
from tests.db.test_notices import a_webhook


def notices(count: int) -> list[uuid.UUID]:
    found = [a_webhook(str(number)) for number in range(count)]
    for notice in found:
        db.keep_notice(notice, None, "unmatched")
    return [notice.id for notice in found]


def test_many_run_one_after_another_in_the_order_given(database: Settings) -> None:
    ids = notices(5)
    ask_replays(ids, actor="olga", reason="why", rate=2)
    found = list(Replay.select().order_by(Replay.due_at))
    assert [run.notice_id for run in found] == ids
    waits = [(run.due_at - found[0].due_at).total_seconds() for run in found]
    assert waits == [0, 0.5, 1, 1.5, 2]


def test_a_second_batch_waits_for_the_first(database: Settings) -> None:
    ids = notices(4)
    first = ask_replays(ids[:2], actor="olga", reason="why", rate=0.1)
    second = ask_replays(ids[2:], actor="olga", reason="why", rate=0.1)
    assert max(one.wait for one in first) < 21 < min(one.wait for one in second) < 31


def test_what_is_due_soon_is_claimed_by_one_with_the_time_to_wait(database: Settings) -> None:
    ask_replays(notices(5), actor="olga", reason="why", rate=0.2)
    claimed = claim_replays(10, grace=15, window=11)
    assert len(claimed) == 2
    assert 4 < claimed[0].wait < 5.1
    assert 9 < claimed[1].wait < 10.1
    assert claim_replays(10, grace=15, window=11) == []


def test_one_that_is_never_finished_is_given_up(database: Settings) -> None:
    ask_replays(notices(1), actor="olga", reason="why", rate=1)
    base.rows("UPDATE replays SET due_at = now() RETURNING id")
    claims = [len(claim_replays(10, grace=0, window=1)) for _ in range(MOST_ATTEMPTS + 2)]
    assert sum(claims) == MOST_ATTEMPTS


def test_it_is_finished_once_and_an_outcome_that_tells_nothing_hides_none(database: Settings) -> None:
    [notice_id] = notices(1)
    for outcome, kept in (("matched", "matched"), ("late", "matched"), ("refused", "matched")):
        ask_replays([notice_id], actor="olga", reason="why", rate=1)
        run = Replay.get(Replay.done_at.is_null())
        assert finish_replay(run, outcome, "note")
        assert not finish_replay(run, "moved", "again")
        assert Notice.get().outcome == kept
    assert Notice.get().replays == 3
    assert [run.outcome for run in replays_of(notice_id)] == ["refused", "late", "matched"]
