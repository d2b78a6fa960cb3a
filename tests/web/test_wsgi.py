"""The whole web process as the Procfile starts it: gunicorn, our worker, our configuration, real servers."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from bitloot.engines.ports import free_port
from bitloot.engines.postgres import PostgresEngine
from bitloot.engines.process import Process
from bitloot.engines.valkey import ValkeyEngine
from bitloot.settings import load_settings
from bitloot.shop import Shop, open_shop
from bitloot.states import OrderState
from db import Order, Payment, base, migrate
from tests.conftest import environ_of
from tests.factories import a_payment, again, an_order
from tests.waiting import descendants, until
from tests.web.cast import ipn_body, signed
from tests.web.sockets import connect, read_answer

ROOT = Path(__file__).parents[2]

ARGV = [sys.executable, "-m", "gunicorn", "web.wsgi:application"]


@dataclass
class Front:
    """A running web process, the servers that it alone uses, and what its test knows of it."""

    process: Process
    shop: Shop
    postgres: PostgresEngine
    valkey: ValkeyEngine

    @property
    def port(self) -> int:
        return self.shop.settings.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def begin(self) -> None:
        """Up and answering, also after a test that ended it."""
        process = self.process if self.process.running else self.process.start()
        process.wait_for(self.port).wait_for(lambda: requests.get(f"{self.url}/healthz", timeout=20).ok)

    def ipn(self, order: Order, payment: Payment) -> requests.Response:
        body = ipn_body(payment)
        return requests.post(
            f"{self.url}/payments/ipn", data=body, headers=signed(self.shop, body), timeout=8
        )

    def log(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.process.log.read_text().splitlines()]


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """One for all tests of what runs: it takes seconds to start."""
    folder = tmp_path_factory.mktemp("front")
    postgres = PostgresEngine(folder / "postgres", durable=False)
    valkey = ValkeyEngine(folder / "valkey", durable=False)
    try:
        migrate.migrate(postgres.start())
        environ = environ_of(postgres.url, valkey.start(), folder)
        environ |= {"PORT": str(free_port()), "LOG_FORMAT": "json", "PATH": os.environ["PATH"]}
        process = Process("web", ARGV, environ, folder / "web.log", cwd=ROOT)
        yield Front(process, open_shop(load_settings(environ)), postgres, valkey)
        process.stop()
    finally:
        valkey.stop()
        postgres.remove()


@pytest.fixture
def front(standing: Front) -> Iterator[Front]:
    """With all that it needs at work; this process's pool looks at its database."""
    standing.valkey.start()
    standing.begin()
    base.configure(standing.shop.settings, application="tests")
    yield standing
    base.dispose()


def test_a_chunked_notice_pays_an_order_and_a_slow_crowd_does_not_hinder_it(front: Front) -> None:
    with base.scope():
        order = an_order()
        body = ipn_body(a_payment(order))
    head = "".join(f"{name}: {value}\r\n" for name, value in signed(front.shop, body).items())
    chunked = b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (9, body[:9], len(body) - 9, body[9:])
    crowd = [connect(front.port, b"POST /payments/ipn HTTP/1.1\r\nHost: x\r\n") for _ in range(50)]
    request = f"POST /payments/ipn HTTP/1.1\r\nHost: shop\r\n{head}Transfer-Encoding: chunked\r\n\r\n"
    with connect(front.port, request.encode() + chunked) as sock:
        answer = read_answer(sock)
    for slow in crowd:
        slow.close()
    assert answer is not None
    assert (answer.status, answer.body) == (200, b'{"ok":true}')
    with base.scope():
        assert again(order).state is OrderState.PAID


def test_redis_away_is_still_200(front: Front) -> None:
    front.valkey.stop()
    with base.scope():
        for _ in range(3):
            order = an_order()
            assert front.ipn(order, a_payment(order)).status_code == 200
            assert again(order).state is OrderState.PAID
    ready = requests.get(f"{front.url}/readyz", timeout=8)
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert ready.json()["components"]["redis"]["state"] == "down"


def test_a_stopped_database_is_503_in_time_and_heals(front: Front) -> None:
    with base.scope():
        order = an_order()
        payment = a_payment(order)
    assert front.postgres.process is not None
    servers = [*descendants(front.postgres.process.pid), front.postgres.process.pid]
    for pid in servers:
        os.kill(pid, signal.SIGSTOP)
    try:
        answer = front.ipn(order, payment)
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        assert answer.elapsed.total_seconds() < 3  # the route's promise, kept by a deadline of its own
        ready = requests.get(f"{front.url}/readyz", timeout=8)
        assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
    finally:
        for pid in servers:
            os.kill(pid, signal.SIGCONT)
    until(lambda: front.ipn(order, payment).status_code == 200)


def test_it_logs_lines_without_rights_in_them_and_ends_cleanly(front: Front) -> None:
    token = front.shop.tokens.admin("olga", "owner", 60)
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{front.url}/admin/reservations?page=1", headers=headers, timeout=8).ok
    requests.get(f"{front.url}/nowhere?token={token}", timeout=8)
    requests.get(f"{front.url}/objects/a?expires=1&signature=sekret-signature", timeout=8)
    front.process.signal(signal.SIGTERM)
    assert front.process.wait(60) == 0
    lines = front.log()
    assert any("Booting worker" in str(line["message"]) for line in lines)
    assert {line["process"] for line in lines} == {"web"}
    [seen] = [line for line in lines if line.get("path") == "/admin/reservations"]
    assert {"method", "path", "status", "ms", "request_id"} <= set(seen)
    assert token not in str(lines)
    assert "sekret-signature" not in str(lines)


def test_an_old_schema_stops_the_start(environ: dict[str, str], tmp_path: Path, database_url: str) -> None:
    base.connect_url(database_url, max_connections=1, application="tests")
    with base.scope():
        base.rows("DELETE FROM schema_migrations WHERE number = 1 RETURNING 1")
    base.dispose()
    environ = environ | {"PORT": str(free_port()), "PATH": os.environ["PATH"]}
    with Process("web", ARGV, environ, tmp_path / "web.log", cwd=ROOT) as process:
        assert process.wait(120) != 0
        assert "bitloot migrate" in process.log.read_text()


def test_unsafe_settings_stop_the_start_with_a_sentence(environ: dict[str, str], tmp_path: Path) -> None:
    environ = environ | {"PATH": os.environ["PATH"], "NOWPAYMENTS_IPN_SECRET": "short"}
    with Process("web", ARGV, environ, tmp_path / "web.log", cwd=ROOT) as process:
        assert process.wait(120) != 0
        assert "NOWPAYMENTS_IPN_SECRET is missing or shorter" in process.log.read_text()
        assert "Traceback" not in process.log.read_text()
