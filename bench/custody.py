"""Custody: sealing and opening a key, wrapping data keys anew, and adding to the audit chain."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from bench.lab import Lab
from bench.ours import our_environ
from bench.report import Figure, figure
from bitloot.cli.rotate_keys import rotate
from bitloot.development import master_key
from bitloot.master_keys import parse_master_keys
from bitloot.settings import load_settings
from bitloot.shop import Shop, open_shop
from bitloot.stores.directory import DirectoryStore
from bitloot.vault import Vault
from db import base, record_access
from db.audit import verify_chain

__all__ = ["measure_custody"]

#: Who adds to the chain at once.
WRITERS = 8

CODE = b"AAAAA-BBBBB-CCCCC"


def measure_custody(lab: Lab, *, runs: int, count: int, say: Callable[[str], None]) -> list[Figure]:
    """`count` keys sealed and opened, data keys wrapped anew and records added, in each run. Objects lie on disk."""
    shop = _shop(lab)
    steps = {"seal and store": _seal, "reveal": _reveal}
    times: dict[str, list[list[float]]] = {name: [] for name in steps}
    rotated, added = [], []
    with base.scope():
        for number in range(runs):
            for name, step in steps.items():
                times[name].append([_timed(step, shop, number, item) for item in range(count)])
            rotated.append(_rotation(shop, number, count))
            added.append(_appends(count))
            say(f"run {number + 1}/{runs}: {rotated[-1]:,.0f} data keys/s, {added[-1]:,.0f} records/s")
        if verify_chain(base.audit_keys()).flaw is not None:
            raise RuntimeError("the chain is not whole")
    base.dispose()
    latencies = [
        figure(f"{name} p{share * 100:g}", "ms", [_share(run, share) * 1000 for run in done])
        for name, done in times.items()
        for share in (0.5, 0.95)
    ]
    rate = figure(f"audit records with {WRITERS} writers", "1/s", added)
    return [*latencies, figure("data keys wrapped anew", "1/s", rotated), rate]


def _shop(lab: Lab) -> Shop:
    """One key at a time needs no process of ours but this one; providers are never called."""
    port, stubs, gateway = lab.ports(3)
    url, state = lab.database("ours_custody"), lab.work / "custody"
    environ = our_environ(url, lab.redis(4), port=port, stubs=stubs, gateway=gateway, state=state)
    settings = load_settings(environ | {"DATABASE_POOL": str(WRITERS + 2)})
    base.configure(settings, application="bitloot bench")
    store = DirectoryStore(Path(state) / "objects", "http://127.0.0.1", lambda path, expires: "")
    return replace(open_shop(settings), store=store)


def _names(run: int, item: int) -> tuple[str, str, str]:
    """(context, label, object name)."""
    return f"order:{run}-{item}", f"line:{run}/key:{item}", f"orders/{run}-{time.time_ns()}/{item}.sealed"


SEALED: dict[tuple[int, int], tuple[bytes, str]] = {}


def _seal(shop: Shop, run: int, item: int) -> None:
    """A data key, the seal, the object on disk: what `encrypt_store` adds to a supplier's answer."""
    context, label, name = _names(run, item)
    wrapped = shop.vault.new_data_key(context)
    shop.store.put_once(name, shop.vault.seal(wrapped, context, label, CODE))
    SEALED[run, item] = (wrapped, name)


def _reveal(shop: Shop, run: int, item: int) -> None:
    """The record on disk, the object, the plaintext: what a reveal is made of behind its request."""
    context, label, _ = _names(run, item)
    wrapped, name = SEALED[run, item]
    _append()
    if shop.vault.open(wrapped, context, label, shop.store.get(name)) != CODE:
        raise RuntimeError("another key came out")


def _append() -> None:
    record_access(None, "reveal", actor="bench", outcome="granted", address="127.0.0.1", user_agent="bench")


def _timed(step: Callable[[Shop, int, int], None], shop: Shop, run: int, item: int) -> float:
    began = time.perf_counter()
    step(shop, run, item)
    return time.perf_counter() - began


def _rotation(shop: Shop, run: int, count: int) -> float:
    """Data keys a second, over ten times as many as keys were sealed."""
    base.rows("DELETE FROM shop_keys RETURNING 1")
    names = [f"{run}-{item}" for item in range(count * 10)]
    wrapped = [shop.vault.new_data_key(f"shop:{name}") for name in names]
    base.rows(
        "INSERT INTO shop_keys (name, data_key, created_at) SELECT n, k, now()"
        " FROM unnest(%s::text[], %s::bytea[]) AS t (n, k) RETURNING 1",
        *(names, wrapped),
    )
    old = parse_master_keys(shop.settings.master_keys.get_secret_value())
    done = rotate(Vault({**parse_master_keys(master_key(run + 2)), **old}))
    if done.moved != len(names) or done.left:
        raise RuntimeError(f"{done.moved} of {len(names)} moved")
    return done.moved / done.seconds


def _appends(count: int) -> float:
    """Records a second that eight threads add, each on its own connection and each on disk before the next."""

    def write() -> None:
        with base.scope():
            for _ in range(count):
                _append()

    began = time.perf_counter()
    with ThreadPoolExecutor(WRITERS) as pool:
        for done in [pool.submit(write) for _ in range(WRITERS)]:
            done.result()
    return WRITERS * count / (time.perf_counter() - began)


def _share(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]
