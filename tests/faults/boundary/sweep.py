"""Lanes in which lives are lived side by side, each lane with its own database, queue, bucket and stand-ins."""

from __future__ import annotations

import json
import os
import queue
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from bitloot.engines.crew import ROOT
from bitloot.engines.development import development_environ
from bitloot.engines.valkey import ValkeyEngine
from tests.bitloot.stores.moto_server import moto_s3
from tests.faults.boundary.crossings import Strike
from tests.faults.boundary.lives import STORIES, Life
from tests.faults.invariants import Evidence
from tests.faults.outside import Told
from tests.faults.shop import FAULTS, FaultShop, bucket_of, s3_environ
from tests.servers import Servers, drop_database, fresh_database, with_database

__all__ = ["Lane", "open_lanes", "run_all"]

#: Production's own pace: nobody waits for it, since the clocks jump. Keys are there a moment after their purchase.
PACE = {
    "SWEEP_GRACE": "15",
    "POLL_SECONDS": "5",
    "PAYMENT_POLL_SECONDS": "60",
    "PURCHASE_LEASE": "20",
    "SUPPLIER_TIMEOUT": "10",
    "SEARCH_LADDER": "2,3,5,5,5",
    "LOG_LEVEL": "warning",
    "BREAKER_THRESHOLD": "0",  # a life must not open it for the next
    "BREAKER_PAUSE": "30",
    "BLOCKED_PAUSE": "60",
    "PURCHASE_CHECK_SECONDS": "300",
}


class Lane:
    """Lives one life at a time."""

    def __init__(self, shop: FaultShop, environ: dict[str, str], directory: Path) -> None:
        self.shop, self.directory = shop, directory
        self.lives: list[Life] = []
        self._log = (shop.logs / "lane.log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.boundary.lane"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={"PYTHONUNBUFFERED": "1", **environ},
            cwd=ROOT,
        )

    def warm(self) -> None:
        """One life in the lane's own process, so that its children need not learn everything anew."""
        life = Life("two lines", folder=self.directory / "warm")
        life.folder.mkdir()
        self._ask(life, "warm", secrets.token_hex(16), None)

    def live(self, life: Life) -> Life:
        """The story with its strike, the recovery with its own, and one more recovery if that one was struck."""
        life.folder = self.directory / f"life-{len(self.lives):04d}"
        life.folder.mkdir()
        self.lives.append(life)
        key = secrets.token_hex(16)
        self._ask(life, "story", key, life.strike)
        if life.strike is not None and not (life.struck or str(life.strike.at).startswith("sweep:")):
            life.faults.append("its crossing was never reached")  # what a sweep does depends on when it comes
        if life.again is not None:
            self._ask(life, "recovery", key, life.again)
        if life.rested is None:
            code = self._ask(life, "recovery", key, None)
            if code:
                life.faults.append(f"the recovery ended with {code}")
        self._judge(life)
        return life

    def evidence(self) -> Evidence:
        """Both sides, and what this lane's own gateway, suppliers and buyers were answered."""
        self.shop.revealed = self._revealed()
        evidence = self.shop.evidence()
        for told in (line for life in self.lives for line in life.diary.find("told")):
            evidence.outside.told.append(Told(told["source"], told["about"], told["status"], told["order"]))
        return evidence

    def _revealed(self) -> dict[str, list[str]]:
        """What the buyers of this lane read."""
        looks = [look for life in self.lives for look in life.diary.find("revealed")]
        return {look["order"]: look["keys"] for look in looks}

    def close(self) -> None:
        with self._log, self._process as process:  # leaving the process closes its pipes
            assert process.stdin is not None
            process.stdin.close()
            process.wait(30)

    def _ask(self, life: Life, phase: str, key: str, strike: Strike | None) -> int:
        told = {
            "phase": phase,
            "diary": str(life.diary.path),
            "trace": str(life.folder / f"{phase}.trace"),
            "key": key,
            "lines": STORIES[life.story],
            "strike": asdict(strike) if strike else None,
        }
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(told).encode() + b"\n")
        stdin.flush()
        answer = stdout.readline()
        if not answer:
            log = self.shop.logs / "lane.log"
            raise RuntimeError(f"the lane ended: {log.read_text(errors='replace').strip()[-500:]}")
        return int(json.loads(answer)["code"])

    def _judge(self, life: Life) -> None:
        """I10: at rest, within half a minute of our own time."""
        rested = life.rested
        if rested is None or not rested["rests"]:
            life.faults.append("it never came to rest")
        elif rested["seconds"] > 30:
            life.faults.append(f"it took {rested['seconds']:.1f} s to come to rest")


@contextmanager
def open_lanes(servers: Servers, valkey: ValkeyEngine, directory: Path, count: int) -> Iterator[list[Lane]]:
    """Lanes side by side; their processes boot at the same time."""
    with ExitStack() as stack:
        lanes = [
            _lane(stack, servers, valkey, directory / f"lane-{number}") for number in range(1, count + 1)
        ]
        for lane in lanes:
            lane.shop.crew["standins"].wait_for(lane.shop.settings.standins_port)
            lane.shop.control("config", webhooks=False, delivery_seconds=0.02)
            lane.warm()
        yield lanes


def _lane(stack: ExitStack, servers: Servers, valkey: ValkeyEngine, directory: Path) -> Lane:
    """Everything that a lane needs, stand-ins that will tell the shop nothing included."""
    directory.mkdir()
    name = fresh_database(servers.database_url, template=servers.template)
    stack.callback(drop_database, servers.database_url, name)
    given = {
        "PATH": os.environ["PATH"],
        "QUEUE_NAMESPACE": f"{directory.name}-{secrets.token_hex(4)}",
        **FAULTS,
        **PACE,
        **s3_environ(stack.enter_context(moto_s3(directory.name)), directory.name),
    }
    url = with_database(servers.database_url, name)
    environ = development_environ(given, directory / "state", url, valkey.url, any_ports=True)
    shop = FaultShop(environ, directory, workers=0)
    shop.valkey, shop.bucket = valkey, bucket_of(environ)
    shop.crew = {"standins": shop.crew["standins"]}
    stack.callback(shop.close)
    shop.crew["standins"].start()
    shop.seed()
    lane = Lane(shop, environ, directory)
    stack.callback(lane.close)
    return lane


def run_all(lanes: list[Lane], lives: Iterable[Life], say: Callable[[str], None]) -> None:
    """Lives all of them, as many at once as there are lanes."""
    waiting: queue.SimpleQueue[Life] = queue.SimpleQueue()
    total = 0
    for total, life in enumerate(lives, 1):  # noqa: B007  # the count is wanted
        waiting.put(life)
    failures: list[BaseException] = []

    def work(lane: Lane) -> None:
        try:
            while not failures:
                lane.live(waiting.get_nowait())
                done = sum(len(each.lives) for each in lanes)
                if done % 100 == 0:
                    say(f"{done} lives, {waiting.qsize()} to come")
        except queue.Empty:
            return
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(lane,)) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
