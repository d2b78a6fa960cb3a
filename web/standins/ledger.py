"""The outside ledger: every effect of a stand-in as one synced JSON line.

For whoever doubts BitLoot's own tables (RELIABILITY.md §1 J); `charges` answers how often something was paid
for, `accounts` more, from these files alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["FILES", "STANDINS", "Ledger", "charges", "fingerprint", "plaintext_keys", "read_ledger"]

STANDINS = ("nowpayments", "kinguin", "reservations", "resend")

#: Beside their own files one for the plan: each rule that was set, with its seed, and each bite.
FILES = (*STANDINS, "faults")
_KEYS = "keys.txt"


def fingerprint(content: bytes) -> str:
    """SHA-256 of a key's bytes, hex."""
    return hashlib.sha256(content).hexdigest()


class Ledger:
    """Appends to `<directory>/<standin>.jsonl` and, keys in plain, to `<directory>/keys.txt`."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.directory = directory
        self._files = {name: _File(directory / f"{name}.jsonl") for name in FILES}
        self._keys = _File(directory / _KEYS)

    def write(self, standin: str, effect: str, /, **facts: Any) -> None:
        """Returns once the line is on disk, so that an effect is witnessed before anybody hears of it."""
        line = {"at": datetime.now(UTC).isoformat(), "standin": standin, "effect": effect, **facts}
        self._files[standin].append(json.dumps(line, ensure_ascii=False, default=str))

    def keep_keys(self, texts: list[str]) -> None:
        """Notes the plaintext of keys that were handed out, for canary searches."""
        if texts:
            self._keys.append("\n".join(texts))

    def clear(self) -> None:
        """Empties all files: only for a fresh start between two measurements."""
        for file in (*self._files.values(), self._keys):
            file.clear()

    def close(self) -> None:
        for file in (*self._files.values(), self._keys):
            file.close()


class _File:
    """One file that many threads append to; threads that wait together share one fsync."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._drop_torn_end()
        self._writing, self._syncing = threading.Lock(), threading.Lock()
        self._written = self._synced = 0

    def append(self, line: str) -> None:
        data = line.encode("utf-8", "surrogatepass") + b"\n"
        with self._writing:
            if os.write(self._file, data) != len(data):
                raise OSError("the ledger's disk is full")
            self._written += 1
            mine = self._written
        with self._syncing:
            if self._synced >= mine:
                return
            reached = self._written
            os.fsync(self._file)
            self._synced = reached

    def clear(self) -> None:
        with self._writing:
            os.ftruncate(self._file, 0)

    def close(self) -> None:
        os.close(self._file)

    def _drop_torn_end(self) -> None:
        """A process killed while writing leaves half a line; nobody was told of that effect."""
        size = os.fstat(self._file).st_size
        tail = os.pread(self._file, min(size, 65536), max(0, size - 65536))
        if tail and not tail.endswith(b"\n"):
            os.ftruncate(self._file, size - len(tail) + tail.rfind(b"\n") + 1)


def read_ledger(
    directory: Path, standin: str | None = None, effect: str | None = None
) -> list[dict[str, Any]]:
    """The lines so far, oldest first per stand-in, without one that is still being written. `faults` only by name."""
    lines: list[dict[str, Any]] = []
    for name in STANDINS if standin is None else (standin,):
        path = directory / f"{name}.jsonl"
        text = path.read_bytes() if path.exists() else b""
        whole = text[: text.rfind(b"\n") + 1].splitlines()
        lines += (json.loads(line) for line in whole)
    return [line for line in lines if effect is None or line["effect"] == effect]


def charges(directory: Path) -> Counter[str]:
    """How often each of the shop's own references was charged, at either supplier."""
    counted: Counter[str] = Counter()
    for line in read_ledger(directory, "kinguin", "order_charged"):
        counted[line["external_id"] or f"kinguin:{line['order_id']}"] += 1
    for line in read_ledger(directory, "reservations", "given"):
        counted[line["order_id"]] += bool(line["charged"])
    return +counted


def plaintext_keys(directory: Path) -> list[str]:
    """Every key ever handed out, in plain: what must be found nowhere else."""
    path = directory / _KEYS
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
