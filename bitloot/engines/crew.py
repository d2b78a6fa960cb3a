"""The processes of the shop as commands, the same that the Procfile names, under guards."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from bitloot.engines.process import Process

__all__ = ["CREW", "ROOT", "crew"]

#: Where the packages lie; gunicorn.conf.py is found there.
ROOT = Path(__file__).parent.parent.parent

#: In the order in which they are started; they are stopped the other way round.
CREW: Mapping[str, tuple[str, ...]] = {
    "standins": ("-m", "web.standins"),
    "web": ("-m", "gunicorn", "web.wsgi:application"),
    "worker": (
        "-m",
        "dramatiq",
        "actors",
        "--processes",
        "1",
        "--threads",
        "8",
        "--worker-shutdown-timeout",
        "20000",
    ),
    "relay": ("-m", "web.relay"),
    "clock": ("-m", "actors.clock"),
}

#: Seconds that each may drain after SIGTERM: longer than its own limit, so that it ends by itself.
DRAIN_SECONDS = 30.0


def crew(environ: Mapping[str, str], logs: Path, names: tuple[str, ...] = tuple(CREW)) -> dict[str, Process]:
    """The processes `names`, not yet started; each logs to `logs/<name>.log`. `environ` is all that they get."""
    environment = {"PYTHONUNBUFFERED": "1", **environ}
    return {
        name: Process(
            name,
            [sys.executable, *CREW[name]],
            environment,
            logs / f"{name}.log",
            stop_signal=signal.SIGTERM,
            stop_seconds=DRAIN_SECONDS,
            cwd=ROOT,
        )
        for name in names
    }
