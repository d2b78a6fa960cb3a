"""`bitloot jobs`: what is dead, and sending it again."""

from __future__ import annotations

import uuid

import pytest

from actors.reserve import reserve
from bitloot.settings import load_settings
from db import Job, base
from tests.bitloot.cli.conftest import Bitloot
from tests.db.test_jobs import dies
from tests.factories import a_paid_order


@pytest.fixture
def dead(in_environ: dict[str, str]) -> tuple[str, str]:
    """A job of a paid order: its id, and the order's."""
    base.configure(load_settings(in_environ), application="tests")
    with base.scope():
        order = a_paid_order()
        job = dies(str(order.id))
    base.dispose()
    return str(job.id), str(order.id)


def test_dead_jobs_are_listed(bitloot: Bitloot, dead: tuple[str, str]) -> None:
    job_id, order_id = dead
    document = bitloot("jobs", "list", "--json").document
    assert document["total"] == 1
    assert (document["jobs"][0]["id"], document["jobs"][0]["order_state"]) == (job_id, "paid")
    told = bitloot("jobs", "list")
    assert (told.code, job_id[:8] in told.out, order_id[:8] in told.out) == (0, True, True)
    assert "No job is dead" in bitloot("jobs", "list", "--actor", "replay").out
    assert "'foo' is not one of 'reserve'" in bitloot("jobs", "list", "--actor", "foo").err


def test_a_job_is_sent_again_once(
    bitloot: Bitloot, dead: tuple[str, str], in_environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id, order_id = dead
    sent: list[str] = []
    monkeypatch.setattr(reserve, "send", lambda *ids: sent.extend(ids))
    told = bitloot("jobs", "retry", job_id, "--reason", "fixed", "--by", "olga", "--json")
    assert told.document == {"job": job_id, "actor": "reserve", "subject": order_id, "queued": True}
    again = bitloot("jobs", "retry", job_id, "--reason", "fixed")
    assert (again.code, again.out) == (1, "")
    assert "sent again already" in again.err
    assert sent == [order_id]
    base.configure(load_settings(in_environ), application="tests")
    with base.scope():
        job = Job.get_by_id(uuid.UUID(job_id))
    base.dispose()
    assert (job.retried_by, job.retry_reason) == ("cli:olga", "fixed")


def test_a_retry_needs_a_reason(bitloot: Bitloot, dead: tuple[str, str]) -> None:
    assert bitloot("jobs", "retry", dead[0]).code == 2
    missing = bitloot("jobs", "retry", str(uuid.uuid4()), "--reason", "fixed")
    assert (missing.code, missing.err) == (1, "✗ There is no such job.\n")
