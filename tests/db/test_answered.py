"""One of many who come with a key is the first; all others learn what it was told."""

from __future__ import annotations

from bitloot.settings import Settings
from db import base
from db.answered import claim_answer, forget_answer, keep_answer

CLAIM = ("admin:olga", "POST /x", "a-key-of-mine")


def test_the_first_acts_and_others_learn_its_answer(database: Settings) -> None:
    assert claim_answer(*CLAIM, "d1") is None
    running = claim_answer(*CLAIM, "d1")
    assert running is not None
    assert (running.status, running.seconds < 60) == (None, True)
    keep_answer(*CLAIM, 200, "{}")
    done = claim_answer(*CLAIM, "d2")
    assert done is not None
    assert (done.digest, done.status, done.body) == ("d1", 200, "{}")
    assert claim_answer("admin:otto", *CLAIM[1:], "d1") is None
    forget_answer(*CLAIM)
    assert claim_answer(*CLAIM, "d2") is None


def test_what_is_a_week_old_is_forgotten(database: Settings) -> None:
    claim_answer(*CLAIM, "d1")
    base.rows("UPDATE answered SET began_at = now() - interval '8 days' RETURNING 1")
    assert claim_answer(*CLAIM, "d2") is None
