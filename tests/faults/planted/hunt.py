"""Runs the named tests in a process of their own, with a bug planted or with none."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.planted.bugs import Bug
from tests.faults.planted.graft import VARIABLE
from tests.servers import Servers

__all__ = ["Hunt", "hunt"]

ROOT = Path(__file__).parents[3]

#: Seconds for the tests of one bug, on a busy machine.
LONGEST = 900

#: Of the model's stories. Not the one of `make test`, where a story that leads elsewhere is red as well.
SEED = "2"

#: pytest's exit codes.
GREEN, RED = 0, 1


@dataclass(frozen=True)
class Hunt:
    """How it ended. Anything but green and red means that the tests did not run."""

    code: int
    red: tuple[str, ...]  # the tests that failed
    output: str

    @property
    def caught(self) -> bool:
        return self.code == RED and bool(self.red)

    def caught_by(self, test: str) -> bool:
        """Whether this test, or one in this file, is red."""
        return self.caught and any(red.startswith(test) for red in self.red)

    @property
    def green(self) -> bool:
        return self.code == GREEN


def hunt(bug: Bug | None, tests: Sequence[str], servers: Servers) -> Hunt:
    """Uses the session's PostgreSQL, where the child makes databases of its own, and a Valkey of the child's own."""
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "REDIS_URL"))
    }
    environ |= {
        "DATABASE_URL": servers.database_url,
        VARIABLE: bug.name if bug else "",
        "FAULT_SEED": SEED,
        "FAULT_SHRINK": "no",
    }
    options = [
        "-n",
        "0",
        "-q",
        "-rf",
        "--tb=line",
        "-p",
        "no:cacheprovider",
        "-p",
        "tests.faults.planted.graft",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    red = tuple(re.findall(r"^FAILED (\S+)", done.stdout, re.MULTILINE))
    return Hunt(done.returncode, red, done.stdout + done.stderr)
