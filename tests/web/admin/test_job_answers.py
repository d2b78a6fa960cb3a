"""What is told of a dead job, and what only of one alone."""

from __future__ import annotations

from web.admin.job_answers import Job, JobQuery, WholeJob


def test_only_one_job_alone_tells_where_it_died() -> None:
    assert set(WholeJob.model_fields) - set(Job.model_fields) == {"traceback"}


def test_a_query_says_what_it_filters() -> None:
    assert JobQuery().filters() == {}
    assert JobQuery(actor="reserve", state="dead").filters() == {"actor": "reserve", "state": "dead"}
