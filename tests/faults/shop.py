"""The shop under test: real processes under a supervisor, on servers that a row may break."""

from __future__ import annotations

import os
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import boto3
import redis
import requests

from bitloot.cli.supervisor import Supervisor
from bitloot.engines.crew import CREW, crew
from bitloot.engines.development import development_environ
from bitloot.engines.postgres import PostgresEngine
from bitloot.engines.process import Process
from bitloot.engines.valkey import ValkeyEngine
from bitloot.settings import load_settings
from bitloot.shop import open_shop as make_shop
from db import base
from db.audit import verify_anchors
from db.migrate import migrate
from tests.bitloot.stores.moto_server import Application, moto_s3
from tests.faults.canaries import plaintext_violations
from tests.faults.inside import Inside
from tests.faults.invariants import Evidence
from tests.faults.outside import Outside
from tests.faults.proxy import Proxy
from tests.faults.starts import STARTS, WITNESS, read_starts
from tests.flows.house import QUICK, House
from tests.servers import Servers, drop_database, fresh_database, with_database

__all__ = ["BUCKET", "FAULTS", "FaultShop", "bucket_of", "open_shop", "s3_environ"]

#: Fault rows wait for production's seconds in a tenth of them, and send their mail to the Resend stand-in.
FAULTS = QUICK | {
    "MAILER": "resend",
    "SWEEP_SECONDS": "1",
    "SWEEP_GRACE": "2",
    "POLL_SECONDS": "0.5",
    "PURCHASE_LEASE": "6",
    "SUPPLIER_TIMEOUT": "4",
    "LOG_LEVEL": "info",
    # the stand-ins set no pace, and a breaker rests as briefly as everything else
    "KINGUIN_WRITES_PER_MINUTE": "0",
    "NOWPAYMENTS_PAYMENTS_PER_SECOND": "0",
    "RESEND_CALLS_PER_SECOND": "0",
    "PAYMENT_POLL_RATE": "1000",
    "BREAKER_PAUSE": "1",
    "BLOCKED_PAUSE": "1",
    "PURCHASE_CHECK_SECONDS": "2",
    "LETTER_LEASE": "4",
    "TRIES_PER_ADDRESS": "10000",  # all buyers live at one
}

BUCKET = "sealed"


class FaultShop(House):
    """A house whose processes may be killed at will: whoever dies is started again while `supervised`.

    `overrides` go to the processes only, so that a proxy may stand between them and a server.
    """

    valkey: ValkeyEngine
    postgres: PostgresEngine | None = None
    bucket: Any = None
    wire: Proxy | None = None  # before PostgreSQL, where a row put one

    def __init__(
        self,
        environ: Mapping[str, str],
        directory: Path,
        *,
        workers: int = 2,
        threads: int = 4,
        overrides: Mapping[str, str] | None = None,
        witnessed: bool = False,
        actors: str = "actors",
    ) -> None:
        super().__init__(environ, directory)
        starts = {STARTS: str(directory / "starts")} if witnessed else {}
        self.told = {**environ, **starts, **(overrides or {})}
        self.crew = _crew(self.told, directory / "logs", workers, threads, WITNESS if witnessed else actors)
        self.revealed: dict[str, list[str]] = {}
        self._watched: set[str] = set()
        self._over = threading.Event()
        self._watch: threading.Thread | None = None

    @property
    def logs(self) -> Path:
        return self.directory / "logs"

    @property
    def starts(self) -> Counter[tuple[str, str, str]]:
        """Of a witnessed shop: (a message's id in Redis, actor, subject) -> how often workers started it."""
        return read_starts(self.directory / "starts")

    @property
    def workers(self) -> list[Process]:
        return [process for name, process in self.crew.items() if name.startswith("worker")]

    def supervise(self, *, first: float = 0.1, longest: float = 1.0) -> None:
        """From now on every process that dies is started again, as any host would."""
        if self._watch is not None:
            return
        mine = {name: process for name, process in self.crew.items() if name != "standins"}
        supervisor = Supervisor(mine, lambda _: None, first=first, longest=longest)
        self._watch = threading.Thread(target=self._look, args=(supervisor.look,), daemon=True)
        self._watch.start()

    def _look(self, look: Callable[[], None]) -> None:
        while not self._over.wait(0.05):
            look()

    def unsupervise(self) -> None:
        self._over.set()
        if self._watch is not None:
            self._watch.join(timeout=30)
            self._watch = None
        self._over.clear()

    def rekey(self, environ: Mapping[str, str]) -> None:
        """The trial's own hands get other keys, as the processes did."""
        self.environ, self.settings = dict(environ), load_settings(environ)
        self.shop = make_shop(self.settings)
        base.configure(self.settings, application="faults")

    def close(self) -> None:
        self.unsupervise()
        for name, process in self.crew.items():
            if name != "standins":
                process.ask_to_stop()  # all at once: each drains by itself
        super().close()

    def queue(self) -> redis.Redis:
        """A client of the shop's own Valkey."""
        return redis.Redis.from_url(self.valkey.url, socket_timeout=30)

    def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = requests.get(f"{self.control_url}/stats", timeout=30).json()
        return found

    def bitten(self) -> int:
        """How often the stand-ins' planned faults bit."""
        rows = requests.get(f"{self.control_url}/faults", timeout=30).json()["data"]
        return sum(int(rule["bitten"]) for rule in rows)

    def evidence(self) -> Evidence:
        """Both sides, as they are now."""
        base.configure(self.settings, application="faults")  # another shop may have been looked at meanwhile
        with base.scope():
            inside = Inside.read()
            flaw = verify_anchors(self.shop.store, base.audit_keys())
        outside, revealed = Outside.read(self.ledger), dict(self.revealed)
        return Evidence(outside, inside, self.shop, self.objects(), revealed, flaw.text if flaw else "")

    def objects(self) -> frozenset[str]:
        """The store's own listing."""
        if self.bucket is not None:
            return frozenset(item.key for item in self.bucket.objects.all() if item.key.endswith(".sealed"))
        root = Path(self.settings.store_directory)
        return frozenset(str(path.relative_to(root)) for path in root.rglob("*.sealed"))

    def plaintext_violations(self, **more: Any) -> list[str]:
        """I5: keys in plain at rest, and in what `more` brings (tests/faults/canaries.py)."""
        sealed = [item.get()["Body"].read() for item in self.bucket.objects.all()] if self.bucket else []
        mails = requests.get(f"{self.control_url}/mail", timeout=60).content
        return plaintext_violations(
            self.settings, self.logs, self.directory, objects=sealed, mails=mails, **more
        )


@contextmanager
def open_shop(
    servers: Servers,
    directory: Path,
    *,
    workers: int = 2,
    threads: int = 4,
    own_postgres: bool = False,
    durable_valkey: bool = False,
    s3: bool = False,
    around_s3: Callable[[Application], Application] = lambda application: application,
    witnessed: bool = False,
    actors: str = "actors",
    overrides: Callable[[Mapping[str, str]], Mapping[str, str]] | None = None,
    **environ: str,
) -> Iterator[FaultShop]:
    """A shop on a database of its own and a Valkey of its own.

    `own_postgres`: a whole server that may be killed, with synced commits. `s3`: sealed keys lie in a bucket;
    `around_s3` may stand in front of it. `witnessed`: each start of an actor is written down. `actors`: the module
    that workers load. `overrides(environ)`: what the processes are told instead, e.g. DATABASE_URL with a proxy's port.
    """
    with ExitStack() as stack:
        postgres = PostgresEngine(directory / "postgres") if own_postgres else None
        if postgres is not None:
            stack.callback(postgres.remove)
            url = postgres.start()
            migrate(url)
        else:
            name = fresh_database(servers.database_url, template=servers.template)
            stack.callback(drop_database, servers.database_url, name)
            url = with_database(servers.database_url, name)
        valkey = ValkeyEngine(directory / "valkey", durable=durable_valkey, debug=True)
        stack.enter_context(valkey)
        given = {
            "PATH": os.environ["PATH"],
            "QUEUE_NAMESPACE": f"faults-{secrets.token_hex(4)}",
            **FAULTS,
            **(s3_environ(stack.enter_context(moto_s3(BUCKET, around_s3))) if s3 else {}),
            **environ,
        }
        whole = development_environ(given, directory / "state", url, valkey.url, any_ports=True)
        told = overrides(whole) if overrides is not None else None
        shop = FaultShop(
            *(whole, directory),
            workers=workers,
            threads=threads,
            overrides=told,
            witnessed=witnessed,
            actors=actors,
        )
        shop.valkey, shop.postgres = valkey, postgres
        shop.bucket = bucket_of(whole) if s3 else None
        stack.callback(shop.close)
        shop.open()
        yield shop


def s3_environ(url: str, bucket: str = BUCKET) -> dict[str, str]:
    """The settings that lead to moto's bucket."""
    return {
        "STORE": "s3",
        "S3_ENDPOINT_URL": url,
        "S3_BUCKET": bucket,
        "S3_ACCESS_KEY_ID": "faults",
        "S3_SECRET_ACCESS_KEY": "faults-secret",
        "S3_REGION": "us-east-1",
    }


def bucket_of(environ: Mapping[str, str]) -> Any:
    """The bucket itself, for whoever looks at it from outside."""
    resource = boto3.session.Session().resource(
        "s3",
        endpoint_url=environ["S3_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id="faults",
        aws_secret_access_key="faults-secret",
    )
    return resource.Bucket(environ["S3_BUCKET"])


def _crew(
    environ: Mapping[str, str], logs: Path, workers: int, threads: int, actors: str
) -> dict[str, Process]:
    """The house's own crew, with as many workers of the wanted size, which load `actors`."""
    found = crew(environ, logs, tuple(name for name in CREW if name != "worker"))
    for number in range(1, workers + 1):
        worker = crew(environ, logs, ("worker",))["worker"]
        argv = list(worker.argv)
        argv[argv.index("--threads") + 1] = str(threads)
        argv[argv.index("actors")] = actors
        worker.argv, worker.log, worker.name = argv, logs / f"worker-{number}.log", f"worker-{number}"
        found[worker.name] = worker
    return found
