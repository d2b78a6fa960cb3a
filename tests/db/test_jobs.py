"""Dead jobs: one row per message, texts cut."""

from __future__ import annotations

from bitloot.settings import Settings
from db import Job, bury


def test_a_job_is_buried_once(database: Settings) -> None:
    for _ in range(2):
        bury(
            actor="reserve",
            subject_id="1",
            message_id="m-1",
            attempts=6,
            error_class="Retryable",
            error="x" * 1_000,
            traceback="y" * 10_000 + "end",
        )
    job = Job.get()
    assert (job.actor, job.attempts, job.state, len(job.error)) == ("reserve", 6, "dead", 500)
    assert job.traceback.endswith("end")
    assert len(job.traceback) == 8_000
