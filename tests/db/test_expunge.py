"""Bodies of notices are deleted: one by hand, the old ones in batches; what is said about them stays."""

from __future__ import annotations

import pytest

import db
from bitloot.settings import Settings
from db import Notice, Refused, base, open_notice
from db.expunge import expunge, expunge_old
from db.notices import Expunged
from tests.db.test_notices import VAULT, a_webhook
from tests.db.test_refused import refuse


def aged(*days: int) -> list[Notice]:
    """Notices of these ages, in this order."""
    for age in days:
        notice = a_webhook(f"of {age} days")
        db.keep_notice(notice, None, "ignored")
        base.rows(
            "UPDATE notices SET received_at = now() - %s * interval '1 day' WHERE id = %s RETURNING id",
            *(age, notice.id),
        )
    return [Notice.get(Notice.digest == f"of {age} days") for age in days]


def bodies() -> set[str]:
    return {notice.digest for notice in Notice.select() if notice.body is not None}


def test_one_body_is_deleted_with_its_key_and_the_rest_stays(database: Settings) -> None:
    [notice, _] = aged(1, 2)
    assert expunge(notice.id)
    assert not expunge(notice.id)
    gone = Notice.get_by_id(notice.id)
    assert (gone.body, gone.data_key, gone.outcome, gone.event) == (None, None, "ignored", "order.status")
    assert gone.expunged_at
    with pytest.raises(Expunged):
        open_notice(VAULT, gone)
    assert bodies() == {"of 2 days"}


def test_old_bodies_go_in_batches_oldest_first(database: Settings) -> None:
    aged(100, 95, 92, 80, 1)
    expunge(Notice.get(Notice.digest == "of 95 days").id)
    assert expunge_old(90, 1) == 1
    assert bodies() == {"of 92 days", "of 80 days", "of 1 days"}
    counts = [expunge_old(90, 2) for _ in range(4)]
    assert sum(counts) == 1
    assert bodies() == {"of 80 days", "of 1 days"}
    assert expunge_old(60, 10) == 1  # a shorter retention reaches the rest
    assert bodies() == {"of 1 days"}


def test_a_repeat_of_a_notice_without_body_is_still_a_repeat(database: Settings) -> None:
    [notice] = aged(3)
    expunge(notice.id)
    assert not db.keep_notice(a_webhook("of 3 days"), None, "ignored")
    assert Notice.get().body is None


def test_old_refused_deliveries_go_as_well(database: Settings) -> None:
    refuse(b"old")
    base.rows("UPDATE refused_deliveries SET seen_at = now() - interval '91 days' RETURNING slot")
    refuse(b"new")
    expunge_old(90, 10)
    assert Refused.select().count() == 1
