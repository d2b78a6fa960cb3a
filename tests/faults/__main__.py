"""`python -m tests.faults`: every row at full scale, the table at the end, exit code 0 only if all of them passed."""

from __future__ import annotations

import argparse
import logging
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.plan import Row, all_rows
from tests.faults.record import Record, table, write_latest
from tests.faults.trial import run_row
from tests.servers import Servers, memory


def main() -> int:
    asked = _arguments()
    wanted = set(asked.only.upper().split(",")) if asked.only else set()
    rows = [row for row in all_rows() if not wanted or row.number.upper() in wanted]
    if not rows:
        print("no such row", file=sys.stderr)
        return 2
    seed = asked.seed if asked.seed is not None else secrets.randbelow(1_000_000)
    directory = Path(tempfile.mkdtemp(prefix="bitloot-faults-", dir=memory()))
    directory.chmod(0o711)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # moto tells of every request
    servers = Servers.start()
    records: list[Record] = []
    try:
        for row in rows:
            records.append(_run(row, servers, directory, seed, full=not asked.short))
            write_latest(records, full=not asked.short)
    finally:
        servers.stop()
        if asked.keep:
            print(f"kept: {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)
    print()
    print(table(records))
    passed = all(record.passed for record in records)
    print(f"\n{'passed' if passed else 'FAILED'}: {len(records)} rows, seed {seed}")
    return 0 if passed else 1


def _run(row: Row, servers: Servers, directory: Path, seed: int, *, full: bool) -> Record:
    print(f"{time.strftime('%H:%M:%S')} {row.number:<6} {row.title} …", flush=True)
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
    parser.add_argument("--short", action="store_true", help="the short forms, as in make test")
    parser.add_argument("--only", default="", help="rows, e.g. F1,F6")
    parser.add_argument("--seed", type=int, help="repeats a run")
    parser.add_argument("--keep", action="store_true", help="keeps databases' files, ledgers and logs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
