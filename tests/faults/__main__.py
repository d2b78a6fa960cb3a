"""`python -m tests.faults`: every row at full scale, the table at the end, exit code 0 only if all of them passed.

`--rows F3,F4` runs these alone and leaves the others in the table as their last runs left them: the table that is
printed and the exit code are of the whole plan, so that it can be completed over several runs.
"""

from __future__ import annotations

import argparse
import logging
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import structlog

from tests.faults.latest import LATEST, Latest, tree
from tests.faults.patience import Patience
from tests.faults.plan import Row, all_rows
from tests.faults.record import Record, table
from tests.faults.trial import run_row
from tests.servers import Servers, memory


def main() -> int:
    asked, plan = _arguments(), all_rows()
    wanted = {number for number in asked.rows.upper().split(",") if number}
    rows = [row for row in plan if not wanted or row.number.upper() in wanted]
    if unknown := wanted - {row.number.upper() for row in plan}:
        print(f"no such row: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    seed = asked.seed if asked.seed is not None else secrets.randbelow(1_000_000)
    for ended in (signal.SIGINT, signal.SIGTERM):  # in the background too: whoever ends it ends its processes
        signal.signal(ended, signal.default_int_handler)
    logging.getLogger("werkzeug").setLevel(
        logging.ERROR
    )  # moto tells of every request, and our own hands of each call
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    numbers = [row.number for row in plan]
    latest = Latest.read(numbers)
    fresh = Latest([row.number for row in rows], {})
    began, patience = time.monotonic(), Patience()
    for record in _run_all(rows, seed, asked):
        fresh = fresh.with_row(record)
        if not asked.short:
            latest = Latest.read(numbers).with_row(record)  # another run may have added rows meanwhile
            latest.write()
    took, own = (time.monotonic() - began) / 60, patience.spent() / 60
    print(f"\n{len(rows)} rows took {took:.1f} minutes ({own:.1f} of a machine of our own), seed {seed}\n")
    whole = fresh if asked.short else latest
    print(table(whole.rows))
    print(f"\n{whole.verdict()}{'' if asked.short else f', written to {LATEST}'}")
    return 0 if whole.passed else 1


def _run_all(rows: Sequence[Row], seed: int, asked: argparse.Namespace) -> Iterator[Record]:
    """One after another, on one PostgreSQL; what they leave on disk is there for F42, and then removed."""
    directory = Path(tempfile.mkdtemp(prefix="bitloot-faults-", dir=memory()))
    directory.chmod(0o711)
    servers, commit = Servers.start(), tree()
    try:
        for number, row in enumerate(rows, 1):
            print(
                f"{time.strftime('%H:%M:%S')} {number}/{len(rows)} {row.number:<6} {row.title} …", flush=True
            )
            record = _run(row, servers, directory, seed, full=not asked.short)
            record.commit = commit
            yield record
    finally:
        servers.stop()
        if asked.keep:
            print(f"kept: {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)


def _run(row: Row, servers: Servers, directory: Path, seed: int, *, full: bool) -> Record:
    room = directory / row.number.lower()
    room.mkdir()
    record = run_row(
        row, servers, room, seed=seed, full=full, say=lambda text: print(f"         {text}", flush=True)
    )
    state = "passed" if record.passed else "FAILED: " + "; ".join(record.why()[:3])
    print(
        f"         {record.seconds:.1f} s, {record.orders} orders, {record.bites} bites: {state}", flush=True
    )
    return record


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--short", action="store_true", help="the short forms; nothing is written down")
    parser.add_argument("--rows", default="", help="e.g. F1,F6: only these, merged into the whole table")
    parser.add_argument("--seed", type=int, help="repeats a run")
    parser.add_argument("--keep", action="store_true", help="keeps databases' files, ledgers and logs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
