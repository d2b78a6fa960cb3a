"""What clients hear is the journal: nothing early, nothing skipped, nothing twice, whatever is away meanwhile."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis
from websockets.exceptions import ConnectionClosed

from bitloot.engines.postgres import PostgresEngine
from bitloot.engines.valkey import ValkeyEngine
from bitloot.settings import Settings
from bitloot.states import OrderState
from bitloot.tokens import Tokens
from db import Order, base
from db.migrate import migrate
from tests.factories import an_order
from tests.servers import Servers
from tests.waiting import until
from tests.web.relay.ears import Ear, RelayThread, a_settled_order, heard_until, here
from web.relay import cursors

ADVANCE = "SELECT advance_order(%s, %s, %s, 'test', '', '{}', 5)"


@contextmanager
def outside(url: str) -> Iterator[Any]:
    """A connection of somebody else, with a transaction that ends when the test says."""
    connection = psycopg2.connect(url)
    try:
        yield connection
    finally:
        connection.close()


def pay(connection: Any, order: Order) -> None:
    """Writes the move and leaves the transaction open."""
    with connection.cursor() as cursor:
        cursor.execute(ADVANCE, (str(order.id), "created", "paid"))
        assert cursor.fetchone() == (True,)


def the_journal(url: str, after: int) -> list[tuple[str, int]]:
    """(order, seq) of all moves with an id above `after`, in the settled order."""
    with outside(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT order_id::text, seq FROM moves WHERE id > %s ORDER BY xid, id", (after,))
        return list(cursor.fetchall())


def told(events: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(event["order"], event["seq"]) for event in events]


def test_nothing_is_told_before_its_commit_and_nothing_skipped_after(
    relay: RelayThread, admin: str, database_url: str
) -> None:
    slow, quick = a_settled_order(), a_settled_order()
    with Ear(relay.url, admin) as ear, outside(database_url) as writer:
        ear.subscribe(topic="orders")
        pay(writer, slow)
        quick.advance(OrderState.PAID, actor="test")  # a later transaction, committed first
        looks = relay.metric('looks_total{outcome="nothing"}')
        until(lambda: relay.metric('looks_total{outcome="nothing"}') > looks + 2, what="two more looks")
        until(lambda: relay.metric("lag_moves") == 1, what="the lag shows what is held back")
        ear.say("ping")
        assert ear.hear() == {"type": "pong"}  # no event came before it
        writer.commit()
        assert told([ear.hear(), ear.hear()]) == [(str(slow.id), 2), (str(quick.id), 2)]


def test_what_is_rolled_back_is_never_told(relay: RelayThread, admin: str, database_url: str) -> None:
    dropped, kept = a_settled_order(), a_settled_order()
    with Ear(relay.url, admin) as ear, outside(database_url) as writer:
        ear.subscribe(topic="orders")
        pay(writer, dropped)
        kept.advance(OrderState.PAID, actor="test")
        writer.rollback()
        dropped.advance(OrderState.EXPIRED, actor="test")
        assert told([ear.hear(), ear.hear()]) == [(str(kept.id), 2), (str(dropped.id), 2)]


def write_at_random(url: str, orders: list[Order], seed: int) -> None:
    """One transaction after another, some of them late, some rolled back."""
    dice = random.Random(seed)
    with outside(url) as connection:
        for order in orders:
            pay(connection, order)
            time.sleep(dice.random() * 0.03)  # how long the transaction stays open
            if dice.random() < 0.2:
                connection.rollback()
            else:
                connection.commit()


def test_with_concurrent_writers_the_stream_is_the_journal(
    relay: RelayThread, admin: str, database_url: str
) -> None:
    shares = [[an_order() for _ in range(20)] for _ in range(6)]
    start = here()
    with Ear(relay.url, admin) as early, Ear(relay.url, admin) as late:
        early.subscribe(topic="orders", cursor=cursors.write(start))
        writers = [
            threading.Thread(target=write_at_random, args=(database_url, share, seed))
            for seed, share in enumerate(shares)
        ]
        for writer in writers:
            writer.start()
        middle = [early.hear() for _ in range(30)]
        late.subscribe(topic="orders", cursor=middle[9]["cursor"])  # joins while they write
        for writer in writers:
            writer.join()
        an_order()
        last = cursors.write(here())
        events = middle + heard_until(early, last)
        assert told(heard_until(late, last)) == told(events[10:])
    journal = the_journal(database_url, start.id)
    assert len(journal) > 60
    assert told(events) == journal


def test_with_redis_emptied_and_then_away_events_come_by_looking(
    database: Settings, admin: str, tmp_path: Path
) -> None:
    order = a_settled_order()
    with ValkeyEngine(tmp_path / "valkey", durable=False) as valkey:
        changes = {"redis_url": type(database.redis_url)(valkey.url), "relay_look_seconds": 0.2}
        with RelayThread(database.model_copy(update=changes)) as relay, Ear(relay.url, admin) as ear:
            ear.subscribe(topic="orders")
            with redis.Redis.from_url(valkey.url) as client:
                client.flushall()
            order.advance(OrderState.PAID, actor="test")
            assert ear.hear()["seq"] == 2
            valkey.stop()
            order.advance(OrderState.WAITING, actor="test")
            assert ear.hear()["seq"] == 3


@pytest.fixture
def durable_server(tmp_path: Path) -> Iterator[PostgresEngine]:
    """A PostgreSQL of the test's own whose commits survive a crash, unlike those of the shared one."""
    engine = PostgresEngine(tmp_path / "postgres", durable=True)
    engine.start()
    yield engine
    engine.remove()


def test_a_crash_of_postgresql_is_survived(
    durable_server: PostgresEngine, settings: Settings, admin: str
) -> None:
    url = durable_server.url
    migrate(url)
    own = settings.model_copy(
        update={"database_url": type(settings.database_url)(url), "relay_look_seconds": 0.2}
    )
    base.configure(own, application="tests")
    with base.scope():
        orders = [an_order() for _ in range(10)]
        start = here()
    try:
        with RelayThread(own) as relay, Ear(relay.url, admin) as ear:
            ear.subscribe(topic="orders")
            with base.scope():
                orders[0].advance(OrderState.PAID, actor="test")
            first = ear.hear()
            kill_a_backend(url)
            until(lambda: accepts(url), what="PostgreSQL is back")
            with base.scope():
                for order in orders[1:]:
                    assert order.advance(OrderState.PAID, actor="test")
                last = cursors.write(here())
            assert told([first, *heard_until(ear, last)]) == the_journal(url, start.id)
    finally:
        base.dispose()


def kill_a_backend(url: str) -> None:
    """PostgreSQL then ends all of them and recovers; a connection that was open is proof of it."""
    with outside(url) as victim, outside(url) as witness:
        with victim.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            os.kill(cursor.fetchone()[0], signal.SIGKILL)
        until(lambda: not alive(witness), what="the crash reached the other backends")


def alive(connection: Any) -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except psycopg2.Error:
        return False
    return True


def accepts(url: str) -> bool:
    try:
        psycopg2.connect(url, connect_timeout=5).close()
    except psycopg2.OperationalError:
        return False
    return True


@contextmanager
def shut_off(servers: Servers, url: str, relay: RelayThread) -> Iterator[None]:
    """The test's database takes no connection; starts when the relay has noticed."""
    name = urlsplit(url).path[1:]
    with outside(servers.database_url) as operator, operator.cursor() as cursor:
        operator.autocommit = True
        failed = relay.metric('looks_total{outcome="failed"}')
        cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        try:
            until(lambda: relay.metric('looks_total{outcome="failed"}') > failed, what="a failed look")
            yield
        finally:
            cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


@pytest.fixture
def scopeless(settings: Settings) -> Iterator[Settings]:
    """The db package configured, without a connection held by the test."""
    base.configure(settings, application="tests")
    yield settings
    base.dispose()


def test_while_the_database_is_away_clients_stay_and_new_ones_are_put_off(
    scopeless: Settings, servers: Servers, tokens: Tokens, admin: str, database_url: str
) -> None:
    with base.scope():
        order = a_settled_order()
    with (
        RelayThread(scopeless.model_copy(update={"relay_look_seconds": 0.2})) as relay,
        Ear(relay.url, tokens.buyer(order.id)) as ear,
    ):
        ear.hear()
        with shut_off(servers, database_url, relay), Ear(relay.url) as late:
            late.say("hello", token=admin)
            assert late.end() == (1013, [])
        with base.scope():
            order.advance(OrderState.PAID, actor="test")
        assert ear.hear()["seq"] == 2


def test_after_a_restored_backup_every_client_must_reload(
    scopeless: Settings, servers: Servers, admin: str, database_url: str
) -> None:
    with base.scope():
        order = a_settled_order()
        old = cursors.write(here())
    with RelayThread(scopeless.model_copy(update={"relay_look_seconds": 0.2})) as relay:
        with Ear(relay.url, admin) as ear:
            assert ear.subscribe(topic="orders", cursor=old)["recovered"] is True
            with outside(database_url) as restorer, restorer.cursor() as cursor:
                cursor.execute("INSERT INTO journal_epoch VALUES (gen_random_uuid(), now())")
                restorer.commit()
            with shut_off(servers, database_url, relay):
                pass
            with pytest.raises(ConnectionClosed) as closed:
                ear.hear()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4410
        with Ear(relay.url, admin) as ear:
            assert ear.subscribe(topic="orders", cursor=old)["recovered"] is False
            with base.scope():
                order.advance(OrderState.PAID, actor="test")
            assert ear.hear()["seq"] == 2
