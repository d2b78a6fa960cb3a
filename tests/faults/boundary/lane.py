"""A process that lives one life after another, each in a child of its own that may be killed: `python -m …lane`.

It reads one JSON document a line ({"phase", "diary", "trace", "key", "lines", "strike"}) and answers with another
({"code": exit code or minus the signal}). It opens nothing that a child could inherit half-used.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from falcon.testing import TestClient

from actors import bell, courier, workshop
from actors.broker import connect
from actors.chain import go_on_in_threads
from bitloot.logs import configure_logs
from bitloot.settings import Settings, load_settings
from bitloot.shop import Shop, open_shop
from db import base
from tests.faults.boundary.crossings import Crossings, Strike, plant
from tests.faults.boundary.story import Diary, Life
from web.app import create_app
from web.deadline import install

__all__ = ["main"]

#: Longer (seconds) than any life; one that takes it hangs.
LONGEST = 60


@dataclass(frozen=True)
class Hands:
    """What a life works with."""

    shop: Shop
    client: TestClient

    @classmethod
    def fresh(cls, settings: Settings) -> Hands:
        shop = open_shop(settings)
        return cls(shop, TestClient(create_app(settings, shop)))

    def life(self, told: dict[str, Any]) -> Life:
        """Takes this process for it."""
        settings = self.shop.settings
        connect(settings)
        workshop.use(self.shop)
        base.configure(settings, application="bitloot boundary")
        standins = f"http://127.0.0.1:{settings.standins_port}/control"
        lines = [(sku, quantity) for sku, quantity in told["lines"]]
        return Life(self.shop, self.client, Diary(Path(told["diary"])), standins, told["key"], lines)


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # logs are no answers
    settings = load_settings()
    configure_logs(settings, "boundary")
    install()
    go_on_in_threads()
    functions = _functions(settings)
    hands = Hands.fresh(settings)
    for line in sys.stdin:
        told = json.loads(line)
        code = _warm_up(told, settings) if told["phase"] == "warm" else _in_child(told, hands, functions)
        print(json.dumps({"code": code}), file=answers, flush=True)


def _warm_up(told: dict[str, Any], settings: Settings) -> int:
    """A life here, with hands of its own; afterwards nothing is open, and no thread runs that a child would miss."""
    life = Hands.fresh(settings).life(told)
    life.run()
    life.recover()
    courier.stop()
    bell.stop()
    base.dispose()
    return 0


def _in_child(told: dict[str, Any], hands: Hands, functions: frozenset[str]) -> int:
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        signal.alarm(LONGEST)
        life = hands.life(told)
        plant(Crossings(Path(told["trace"]), Strike(**told["strike"]) if told["strike"] else None), functions)
        (life.run if told["phase"] == "story" else life.recover)()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _functions(settings: Settings) -> frozenset[str]:
    """The database's own functions, less those that only read."""
    connection = psycopg2.connect(settings.database_url.get_secret_value())
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND provolatile = 'v'"
            )
            return frozenset(name for (name,) in cursor.fetchall())
    finally:
        connection.close()


if __name__ == "__main__":
    main()
