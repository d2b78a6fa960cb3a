"""The relay's door: who gets in, who is put out, and how it closes."""

from __future__ import annotations

import asyncio
import json
import signal
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from bitloot.settings import Settings
from tests.waiting import until
from tests.web.relay.ears import Ear, RelayProcess, RelayThread, a_settled_order, deaf_client
from web.relay.limits import Limits
from web.relay.server import Relay


def test_health_and_metrics_are_on_the_same_port(relay: RelayThread) -> None:
    assert json.loads(relay.page("/healthz")) == {"status": "ok"}
    assert "bitloot_relay_connections 0.0" in relay.page("/metrics")


@pytest.mark.parametrize(
    ("path", "status"), [("/", 404), ("/fulfillment/", 404), ("/other", 404), ("/fulfillment?token=x", 400)]
)
def test_there_is_one_path_and_no_token_in_it(relay: RelayThread, path: str, status: int) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        relay.page(path)
    refused.value.close()
    assert refused.value.code == status
    url = f"ws://127.0.0.1:{relay.port}{path}"
    with pytest.raises(InvalidStatus) as unshaken, Ear(url):
        pass
    assert unshaken.value.response.status_code == status


def test_a_page_of_another_origin_is_refused(database: Settings) -> None:
    changes = {"public_url": "https://shop.example/path", "relay_origins": ("https://admin.example",)}
    with RelayThread(database.model_copy(update=changes)) as relay:
        for origin in ("https://evil.example", "http://shop.example", "https://shop.example:444", "null", ""):
            with pytest.raises(InvalidStatus) as refused, Ear(relay.url, origin=origin):
                pass
            assert refused.value.response.status_code == 403
        for welcome in ("https://shop.example", "https://admin.example", None):
            with Ear(relay.url, origin=welcome) as ear:
                ear.say("ping")
                assert ear.end() == (4400, [])


def test_no_more_clients_than_seats(database: Settings, admin: str) -> None:
    with RelayThread(database, Limits(connections=1)) as relay, Ear(relay.url, admin):
        with pytest.raises(InvalidStatus) as refused, Ear(relay.url, admin):
            pass
        assert refused.value.response.status_code == 503
        assert json.loads(relay.page("/healthz")) == {"status": "ok"}


def test_one_address_takes_its_share_and_the_nearest_proxy_tells_whose_it_is(
    database: Settings, admin: str
) -> None:
    with RelayThread(database, Limits(per_address=1)) as relay, Ear(relay.url, admin):
        with pytest.raises(InvalidStatus) as refused, Ear(relay.url, admin):
            pass
        assert refused.value.response.status_code == 429
        assert refused.value.response.headers["Retry-After"] == "5"
        for address in ("198.51.100.1", "198.51.100.2"):
            with Ear(relay.url, admin, additional_headers={"X-Forwarded-For": address}) as ear:
                ear.say("ping")
                assert ear.hear() == {"type": "pong"}
    assert Limits.from_settings(database).per_address == database.relay_per_address


def test_strangers_leave_room_for_whoever_says_hello(database: Settings, admin: str) -> None:
    with RelayThread(database, Limits(strangers=1, hello_seconds=60)) as relay, Ear(relay.url, admin):
        with Ear(relay.url):
            with pytest.raises(InvalidStatus) as refused, Ear(relay.url, admin):
                pass
            assert refused.value.response.status_code == 503
        until(lambda: relay.metric("connections") == 1, what="the stranger has left")
        with Ear(relay.url, admin) as ear:
            assert ear.welcome["as"] == "admin"


def test_compression_is_never_agreed_on(relay: RelayThread, admin: str) -> None:
    with Ear(relay.url, admin) as ear:
        assert ear.socket.response is not None
        assert "Sec-WebSocket-Extensions" not in ear.socket.response.headers


def test_a_token_never_reaches_the_log(
    environ: dict[str, str], database: Settings, admin: str, tmp_path: Path
) -> None:
    log = tmp_path / "relay.log"
    relay = RelayProcess.start(environ, log, LOG_LEVEL="debug")
    with Ear(relay.url, admin) as ear:
        ear.subscribe(topic="orders")
    with Ear(relay.url) as ear:
        ear.say("hello", token=admin[:-1])
        assert ear.end() == (4401, [])
    assert relay.process.stop() == 0
    assert "relay stopped" in log.read_text()
    assert admin[:30] not in log.read_text()


def test_sigterm_sends_clients_away_and_ends_well(relay_process: RelayProcess, admin: str) -> None:
    order = a_settled_order()
    with (
        Ear(relay_process.url, admin) as ear,
        deaf_client(relay_process.port, {"type": "hello", "token": admin}),
    ):
        ear.subscribe(order=str(order.id))
        until(lambda: relay_process.metric("connections") == 2, what="both are in")
        relay_process.process.signal(signal.SIGTERM)
        code, said = ear.end()
        assert (code, [message["type"] for message in said]) == (1012, ["reconnect"])
        assert 0 <= said[0]["after"] <= Limits().spread_seconds
        assert relay_process.process.wait(12) == 0
    with pytest.raises(ConnectionRefusedError), Ear(relay_process.url):
        pass


def test_a_relay_whose_own_task_fails_ends_with_the_error(database: Settings) -> None:
    class Broken(Relay):
        async def _check_pulses(self) -> None:
            raise ZeroDivisionError

    async def story() -> None:
        await Broken(database.model_copy(update={"relay_port": 0})).run(asyncio.Event().wait())

    with pytest.raises(ZeroDivisionError):
        asyncio.run(story())
