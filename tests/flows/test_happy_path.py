"""The main job: ordered, paid, bought, sealed, stored, mailed, revealed; watched live; plaintext nowhere."""

from __future__ import annotations

import asyncio
import base64
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import redis
import requests

from bitloot.engines.postgres import PostgresEngine
from tests.flows.house import House, Sale
from tests.waiting import until
from web.relay.client import Event, follow

KINGUIN, RESERVATIONS = "orbit-drifters", "tin-parade"


@pytest.mark.parametrize(
    "lines",
    [((KINGUIN, 1),), ((RESERVATIONS, 1),), ((KINGUIN, 2), (RESERVATIONS, 1))],
    ids=["kinguin", "reservations", "two lines"],
)
def test_a_paid_order_becomes_a_revealed_key(house: House, lines: tuple[tuple[str, int], ...]) -> None:
    before = set(house.plaintext())
    sale = house.sell(*lines)
    sold = set(house.plaintext()) - before
    assert set(house.reveal(sale)) == sold
    assert len(sold) == sum(quantity for _, quantity in lines)
    assert house.charged(sale) == [1] * len(lines)
    assert [move["dst"] for move in house.look(sale)["moves"]] == [
        "created",
        "paid",
        "waiting",
        "ready",
        "fulfilled",
    ]


def test_the_letters_link_leads_to_the_key_and_the_letter_holds_none(house: House) -> None:
    sale = house.sell((KINGUIN, 1))
    (text,) = house.letters(sale)
    assert not any(key in text for key in house.plaintext())
    fragment = text.split(f"/o/{sale.order_id}#")[1].split()[0]
    answer = requests.post(
        f"{house.web}/fulfillment/{sale.order_id}/session", json={"linkToken": fragment}, timeout=10
    )
    assert answer.status_code == 201, answer.text
    token = answer.json()["accessToken"]
    assert house.reveal(sale, token) == house.reveal(sale)


def test_a_get_reveals_nothing(house: House) -> None:
    sale = house.sell((KINGUIN, 1))
    headers = {"Authorization": f"Bearer {sale.token}"}
    paths = ["", "/status", "/download-link", "/reveal"]
    answers = [
        requests.get(f"{house.web}/fulfillment/{sale.order_id}{path}", headers=headers, timeout=10)
        for path in paths
    ]
    answers += [
        requests.get(f"{house.web}{path}", headers=headers, timeout=10)
        for path in (f"/orders/{sale.order_id}", f"/o/{sale.order_id}")
    ]
    links = answers[2].json()
    answers.append(requests.get(links["links"][0]["url"], timeout=10))
    assert answers[-1].status_code == 200
    for answer in answers:
        assert not any(key.encode() in answer.content for key in house.plaintext())
    assert house.rows(
        "SELECT count(*) FROM access_records WHERE order_id = %s AND action = 'reveal'", sale.order_id
    ) == [(0,)]


def test_everyone_who_may_can_watch_it_live(house: House) -> None:
    sale = house.order((KINGUIN, 1))
    other = house.order((RESERVATIONS, 1))
    admin = house.admin()["Authorization"].removeprefix("Bearer ")
    heard = asyncio.run(_watch(house, sale, other, [sale.token, admin]))
    told = ["payment:confirmed", "fulfillment:reserved", "fulfillment:status", "fulfillment:status"]
    mine = [event for event in heard[0] if event.order == sale.order_id]
    assert [event.type for event in mine] == told
    assert [event.seq for event in mine] == [2, 3, 4, 5]
    assert all(event.order in {None, sale.order_id} for event in heard[0])
    assert {event.order for event in heard[1]} >= {sale.order_id, other.order_id}


async def _watch(house: House, sale: Sale, other: Sale, tokens: list[str]) -> list[list[Event]]:
    """What each token's holder hears while both orders are paid and delivered."""
    url = f"ws://127.0.0.1:{house.settings.relay_port}/fulfillment"
    heard: list[list[Event]] = [[] for _ in tokens]
    ready = [asyncio.Event() for _ in tokens]
    done = [asyncio.Event() for _ in tokens]

    async def listen(number: int) -> None:
        async for item in follow(url, tokens[number]):
            ready[number].set()
            if isinstance(item, Event):
                heard[number].append(item)
                ends = {event.order for event in heard[number] if event.data.get("dst") == "fulfilled"}
                if ends >= ({sale.order_id, other.order_id} if number else {sale.order_id}):
                    done[number].set()

    listeners = [asyncio.create_task(listen(number)) for number in range(len(tokens))]
    await asyncio.wait_for(asyncio.gather(*(event.wait() for event in ready)), 15)
    for each in (sale, other):
        await asyncio.to_thread(house.pay, each)
    await asyncio.wait_for(asyncio.gather(*(event.wait() for event in done)), 30)
    for task in listeners:
        task.cancel()
    await asyncio.gather(*listeners, return_exceptions=True)
    return heard


def test_plaintext_is_nowhere_but_on_the_buyers_screen(house: House, postgres_server: PostgresEngine) -> None:
    sale = house.sell((KINGUIN, 1), (RESERVATIONS, 1))
    assert len(house.reveal(sale)) == 2
    requests.get(
        f"{house.web}/orders/{sale.order_id}", headers={"Authorization": f"Bearer {sale.token}"}, timeout=10
    )
    places = _places(house, postgres_server)
    assert all(places.values()), (
        f"an empty place proves nothing: {[name for name in places if not places[name]]}"
    )
    for key in house.plaintext():
        for name, content in places.items():
            assert not any(form in content for form in _forms(key)), f"a key lies in {name}"
    assert sale.order_id.encode() in places["database"]  # the search does find what is there
    assert sale.order_id.encode() in places["logs"]


def _places(house: House, engine: PostgresEngine) -> dict[str, bytes]:
    dump = subprocess.run(
        [str(engine.binary("pg_dump")), house.settings.database_url.get_secret_value()],
        check=True,
        capture_output=True,
    ).stdout
    logs = b"".join(path.read_bytes() for path in (house.directory / "logs").glob("*.log"))
    return {
        "database": dump,
        "valkey": _valkey(house),
        "store": _files(Path(house.settings.store_directory)),
        "letters": _files(Path(house.settings.mail_directory)),
        "logs": logs,
    }


def _files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def _valkey(house: House) -> bytes:
    found = []
    with redis.Redis.from_url(house.settings.redis_url.get_secret_value()) as client:
        for name in client.scan_iter():
            kind: Any = client.type(name)
            found += [name, repr(_value(client, kind.decode(), name)).encode()]
    return b"".join(found)


def _value(client: Any, kind: str, name: bytes) -> Any:
    if kind == "hash":
        return client.hgetall(name)
    if kind == "zset":
        return client.zrange(name, 0, -1)
    return (
        client.smembers(name)
        if kind == "set"
        else client.lrange(name, 0, -1)
        if kind == "list"
        else client.get(name)
    )


def _forms(key: str) -> list[bytes]:
    raw = key.encode()
    texts = [raw, raw.hex().encode(), base64.b64encode(raw), base64.urlsafe_b64encode(raw), raw[::-1]]
    return [*texts, quote(key, safe="").encode(), raw.hex().upper().encode()]


def test_an_operator_sees_what_was_done(house: House) -> None:
    sale = house.sell((RESERVATIONS, 1))
    house.reveal(sale)
    audit = requests.get(f"{house.web}/admin/key-audit/{sale.order_id}", headers=house.admin(), timeout=10)
    assert audit.status_code == 200
    assert "reveal" in audit.text
    logs = requests.get(f"{house.web}/admin/webhook-logs", headers=house.admin(), timeout=10).json()
    assert logs["total"] >= 2
    until(
        lambda: house.rows("SELECT due_at FROM orders WHERE id = %s", sale.order_id) == [(None,)], what="rest"
    )
