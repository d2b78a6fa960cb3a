"""What is told of a dead job, and what only of one alone."""

from __future__ import annotations

from web.admin.job_answers import Job, WholeJob


def test_only_one_job_alone_tells_where_it_died() -> None:
    assert set(WholeJob.model_fields) - set(Job.model_fields) == {"traceback"}
