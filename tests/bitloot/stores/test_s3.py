"""The S3 store against moto's HTTP server, and against a scripted one for what moto never does."""

from __future__ import annotations

import base64
import hashlib
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from pydantic import SecretStr

from bitloot.errors import BitLootError, Blocked, Closed, Permanent, Retryable
from bitloot.settings import Settings
from bitloot.stores import s3
from bitloot.stores.base import Store
from bitloot.stores.names import MAX_OBJECT
from bitloot.stores.s3 import S3Store
from bitloot.traffic import LocalTraffic, Rules, Standing
from bitloot.turnstile import Turnstile
from tests.bitloot.rude_server import RudeServer, read_request, serving
from tests.bitloot.scripted_http import Reply, Request, scripted
from tests.bitloot.stores.contract import NAME, StoreContract
from tests.bitloot.stores.moto_server import moto_s3
from tests.bitloot.stores.opened_s3 import SECRET, SESSION, opened
from tests.waiting import until


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    with moto_s3("unused") as url:
        yield url


def moto_client(url: str) -> Any:
    return SESSION.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="AKID",
        aws_secret_access_key=SECRET,
    )


@pytest.fixture
def store(moto_url: str) -> S3Store:
    bucket = f"test-{token_hex(6)}"
    moto_client(moto_url).create_bucket(Bucket=bucket)
    return opened(moto_url, bucket)


class TestS3Store(StoreContract):
    store_name = "s3"

    def lifetime(self, link: str) -> float:
        query = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
        signed = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return signed.timestamp() + int(query["X-Amz-Expires"]) - time.time()

    def names(self, store: Store) -> set[str]:
        assert isinstance(store, S3Store)
        url, _, bucket = store._url.rstrip("/").rpartition("/")
        listed = moto_client(url).list_objects_v2(Bucket=bucket)
        return {item["Key"] for item in listed.get("Contents", [])}


def test_a_link_gives_the_sealed_bytes_to_anyone(store: S3Store) -> None:
    store.put_once(NAME, b"sealed")
    answer = requests.get(store.signed_link(NAME, 60), timeout=5)
    assert (answer.status_code, answer.content) == (200, b"sealed")


def test_a_put_is_one_plain_body_that_creates_once() -> None:
    """What R2 refuses: chunk marks, checksum trailers, ACLs (PROVIDERS.md §5)."""
    with scripted(lambda request: Reply(200, headers={"ETag": '"x"'})) as server:
        opened(server.url).put_once(NAME, b"sealed bytes")
    (put,) = server.requests
    assert (put.method, put.path, put.body) == ("PUT", f"/bucket/{NAME}", b"sealed bytes")
    assert put.headers["if-none-match"] == "*"
    assert put.headers["content-md5"] == base64.b64encode(hashlib.md5(put.body).digest()).decode()
    assert put.headers["x-amz-content-sha256"] == hashlib.sha256(put.body).hexdigest()
    assert put.headers["content-length"] == "12"
    for name, value in put.headers.items():
        assert "aws-chunked" not in value
        assert name not in {"transfer-encoding", "x-amz-trailer", "x-amz-acl", "x-amz-sdk-checksum-algorithm"}
        assert not name.startswith("x-amz-checksum-")


def test_a_get_asks_for_no_checksum() -> None:
    with scripted(lambda request: Reply(200, b"sealed")) as server:
        assert opened(server.url).get(NAME) == b"sealed"
    assert "x-amz-checksum-mode" not in server.requests[0].headers


def test_a_put_whose_answer_was_lost_is_known_as_our_own() -> None:
    """Repeated it meets its own object; equal bytes show that this call stored them."""

    def answer(request: Request) -> Reply:
        if request.method == "GET":
            return Reply(200, b"mine")
        puts = [earlier for earlier in server.requests if earlier.method == "PUT"]
        return Reply(drop=True) if len(puts) == 1 else Reply(412)

    with scripted(answer) as server:
        assert opened(server.url).put_once(NAME, b"mine") is True
        server.requests.clear()
        assert opened(server.url).put_once(NAME, b"another") is False


def test_a_taken_name_is_not_read_back_without_need() -> None:
    with scripted(lambda request: Reply(412)) as server:
        assert opened(server.url).put_once(NAME, b"mine") is False
    assert [request.method for request in server.requests] == ["PUT"]


@pytest.mark.parametrize("there", [True, False])
def test_a_conflict_counts_as_taken_only_if_something_is_there(there: bool) -> None:
    """S3 answers 409 while two conditional writes race; only a look tells whether one of them won."""
    statuses = {"PUT": 409, "HEAD": 200 if there else 404}
    with scripted(lambda request: Reply(statuses[request.method])) as server:
        store = opened(server.url)
        if there:
            assert store.put_once(NAME, b"mine") is False
            return
        with pytest.raises(Retryable) as caught:
            store.put_once(NAME, b"mine")
    assert caught.value.code == "conflict"


def test_a_connection_that_breaks_every_time_is_tried_again_later() -> None:
    with scripted(lambda request: Reply(drop=True)) as server, pytest.raises(Retryable):
        opened(server.url).get(NAME)
    assert len(server.requests) == 4


def test_a_body_that_ends_early_is_no_object() -> None:
    with scripted(lambda request: Reply(200, b"half", length=8)) as server, pytest.raises(Retryable):
        opened(server.url).get(NAME)


@pytest.mark.parametrize("length", [None, 10**15])
def test_an_object_beyond_the_cap_is_not_read(length: int | None) -> None:
    body = bytes(MAX_OBJECT + 1) if length is None else b""
    reply = Reply(200, body, length=length)
    with scripted(lambda request: reply) as server, pytest.raises(Permanent) as caught:
        opened(server.url).get(NAME)
    assert caught.value.code == "object_too_large"


def test_a_body_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def drip(conn: socket.socket, server: RudeServer) -> None:
        read_request(conn, server)
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not server.closing.wait(0.02):
            conn.sendall(b"x")

    monkeypatch.setattr(s3, "DEADLINE", 0.2)
    with serving(drip) as server, pytest.raises(Retryable) as caught:
        opened(server.url).get(NAME)
    assert caught.value.code == "deadline"
    assert server.connections == 1  # one that takes so long is not asked again at once


def test_a_missing_bucket_shows_in_health(moto_url: str) -> None:
    with pytest.raises(Blocked) as caught:
        opened(moto_url, "no-such-bucket").health()
    assert caught.value.code == "bucket_missing"


def test_the_secret_does_not_show(store: S3Store) -> None:
    assert SECRET not in repr([vars(part) for part in (store, store._signature, store._channel)])


def test_the_s3_store_comes_from_settings(moto_url: str) -> None:
    settings = Settings.model_validate(
        {
            "s3_endpoint_url": moto_url,
            "s3_bucket": "unused",
            "s3_access_key_id": "AKID",
            "s3_secret_access_key": SECRET,
        }
    )
    S3Store.from_settings(settings).health()


def test_a_store_that_is_away_is_left_alone_after_some_failures() -> None:
    """Also by those who only read; the way back is one call that probes."""
    gate = Turnstile("s3", Rules(threshold=2, window=60, pause=0.2), LocalTraffic())
    well = False

    def answer(_: Request) -> Reply:
        return Reply(200, b"sealed") if well else Reply(503)

    with scripted(answer) as server:
        store = opened(server.url, gate=gate)
        with pytest.raises(Retryable):
            store.put_once(NAME, b"sealed")
        with pytest.raises(Retryable):
            store.get(NAME)
        asked = len(server.requests)
        with pytest.raises(Closed):
            store.put_once(NAME, b"sealed")
        with pytest.raises(Closed):
            store.exists(NAME)
        assert len(server.requests) == asked
        well = True
        until(lambda: gate.refusal() is None, what="the time of the probe")
        assert store.get(NAME) == b"sealed"
        assert gate.look() == Standing()


def test_asking_how_the_store_is_shuts_it_for_nobody() -> None:
    """Anybody may ask, as often as he likes, while a store that takes no writes still gives what it has."""
    told: list[tuple[str, int | None]] = []

    class Gate:
        def admit(self, method: str, path: str) -> None:
            pass

        def report(self, method: str, status: int | None, failure: BitLootError | None) -> None:
            told.append((method, status))

    store = S3Store(
        endpoint_url="http://127.0.0.1:9",
        bucket="unused",
        access_key_id="AKID",
        secret=SecretStr(SECRET),
        gate=Gate(),
    )
    with pytest.raises(Retryable):
        store.health()
    assert told == []
    with pytest.raises(Retryable):
        store.exists(NAME)
    assert told == [("GET", None)]
