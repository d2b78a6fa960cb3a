"""A web process that starts, or says why not."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from falcon.testing import TestClient
from psycopg2.extensions import set_wait_callback
from structlog.testing import capture_logs

from actors.traffic import share
from bitloot.development import master_key
from bitloot.settings import load_settings
from bitloot.vault import Vault
from db import base
from db.keys import order_context
from tests.factories import an_order
from web.start import start


@pytest.fixture
def started_from(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("web.start.configure_logs", lambda *_: None)  # the process's logs are pytest's
    yield monkeypatch
    gc.unfreeze()
    set_wait_callback(None)
    base.dispose()


def test_it_serves(started_from: pytest.MonkeyPatch) -> None:
    assert TestClient(start()).simulate_get("/readyz").json["status"] == "ready"


def test_what_is_there_when_it_begins_is_never_walked_through_again(
    started_from: pytest.MonkeyPatch,
) -> None:
    start()
    assert gc.get_freeze_count() > 50_000 > len(gc.get_objects())


def test_it_knows_of_the_providers_what_other_processes_know(
    started_from: pytest.MonkeyPatch, environ: dict[str, str]
) -> None:
    share(load_settings(environ)).blocked("kinguin", "unauthorized", 60, writes_only=False)
    assert 'why="unauthorized"' in TestClient(start()).simulate_get("/metrics").text


def test_it_starts_without_the_database_and_says_so(started_from: pytest.MonkeyPatch) -> None:
    started_from.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")
    assert TestClient(start()).simulate_get("/readyz").status_code == 503


def test_it_does_not_start_on_unsafe_settings(started_from: pytest.MonkeyPatch) -> None:
    started_from.setenv("NOWPAYMENTS_IPN_SECRET", "short")
    with pytest.raises(SystemExit) as caught:
        start()
    assert caught.value.code == 4


def test_it_does_not_start_on_an_old_schema(started_from: pytest.MonkeyPatch, database_url: str) -> None:
    base.connect_url(database_url, max_connections=1, application="tests")
    with base.scope():
        base.rows("DELETE FROM schema_migrations WHERE number = 1 RETURNING 1")
    with pytest.raises(SystemExit):
        start()


def test_it_does_not_start_without_a_master_key_that_orders_need(
    started_from: pytest.MonkeyPatch, environ: dict[str, str]
) -> None:
    settings = load_settings(environ)
    base.configure(settings, application="tests")
    with base.scope():
        order = an_order()
        order.use_data_key(Vault.from_settings(settings).new_data_key(order_context(order.id)))
    started_from.setenv("MASTER_KEYS", master_key(2))
    with capture_logs() as lines, pytest.raises(SystemExit):
        start()
    assert [line["event"] for line in lines] == [
        "Master key 1 is missing from MASTER_KEYS: 1 data keys are wrapped by it."
    ]
