"""`gunicorn web.wsgi:application` reads this by itself. All figures come from the settings."""

import os
import resource
import shutil
from pathlib import Path
from typing import Any

# Each of several processes counts by itself, in files that /metrics adds up. prometheus_client chooses when it is
# imported whether to do so, and our own modules bring it along: the folder is named before.
if os.environ.get("WEB_PROCESSES", "").strip() not in {"", "1"}:
    _figures = Path(os.environ.get("STATE_DIR") or ".bitloot") / "metrics"
    shutil.rmtree(_figures, ignore_errors=True)
    _figures.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_figures)

from prometheus_client.multiprocess import mark_process_dead

from actors import bell, courier
from bitloot.errors import UnsafeSettings
from bitloot.logs import configure_logs
from bitloot.settings import load_settings
from bitloot.tracing import stop_traces
from db import base

try:
    settings = load_settings()
except UnsafeSettings as refusal:
    raise SystemExit(str(refusal)) from None

configure_logs(settings, "web")

bind = f"{settings.host}:{settings.port}"
workers = settings.web_processes
threads = settings.web_threads
worker_class = "web.worker.GatheringWorker"
logger_class = "web.gunicorn_log.GunicornLog"
loglevel = settings.log_level

# A proxy keeps its connections for about a minute; ours must outlive them, or its reuse races with our close.
keepalive = 75
timeout = 30
graceful_timeout = 20
worker_connections = 2000
backlog = 2048

limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190

control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  # a heartbeat never waits for a disk

# Each waiting client costs a descriptor.
_, _most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(_most, 16384) if _most > 0 else 16384, _most))


def child_exit(_server: Any, worker: Any) -> None:
    if workers > 1:
        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def worker_exit(_server: Any, _worker: Any) -> None:
    """What is still on its way leaves, then the connections close."""
    courier.stop()
    bell.stop()
    stop_traces()
    base.dispose()
