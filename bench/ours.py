"""BitLoot as it is deployed, against the fast stubs: the Procfile's commands, production code paths."""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path

from bench.peer import WEBHOOK_SECRET
from bench.seed import IPN_SECRET
from bitloot.engines.process import Process
from db.migrate import migrate

__all__ = ["our_environ", "start_web", "start_worker"]


def our_environ(
    database_url: str, redis_url: str, *, port: int, stubs: int, gateway: int, state: Path
) -> dict[str, str]:
    """Everything that web and worker need; suppliers, store and mail are the stubs at `stubs`…`stubs` + 2."""
    secret = {
        name: base64.b64encode(os.urandom(32)).decode() for name in ("BUYER_TOKEN", "ADMIN_TOKEN", "LINK")
    }
    migrate(database_url)
    return {
        "PATH": os.environ["PATH"],
        "ENVIRONMENT": "development",
        "STATE_DIR": str(state),
        "LOG_LEVEL": "warning",
        "PORT": str(port),
        "WEB_PROCESSES": str(os.cpu_count() or 1),  # one per core, as the worker's are
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "MASTER_KEYS": "1:" + base64.b64encode(os.urandom(32)).decode(),
        **{f"{name}_SECRET": value for name, value in secret.items()},
        "NOWPAYMENTS_BASE_URL": f"http://127.0.0.1:{gateway}/v1",
        "NOWPAYMENTS_API_KEY": "bench-gateway-key",
        "NOWPAYMENTS_IPN_SECRET": IPN_SECRET,
        "RESERVATIONS_BASE_URL": f"http://127.0.0.1:{stubs}",
        "RESERVATIONS_CLIENT_SECRET": "bench-client-secret",
        "RESERVATIONS_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "STORE": "s3",
        "S3_ENDPOINT_URL": f"http://127.0.0.1:{stubs + 1}",
        "S3_BUCKET": "keys",
        "S3_ACCESS_KEY_ID": "bench-access-key",
        "S3_SECRET_ACCESS_KEY": "bench-secret-key",
        "MAILER": "resend",
        "MAIL_FROM": "BitLoot <orders@example.test>",
        "RESEND_BASE_URL": f"http://127.0.0.1:{stubs + 2}",
        "RESEND_API_KEY": "bench-resend-key",
        # the stubs have no limits, and their speed is what is compared
        "KINGUIN_WRITES_PER_MINUTE": "0",
        "NOWPAYMENTS_PAYMENTS_PER_SECOND": "0",
        "RESEND_CALLS_PER_SECOND": "0",
    }


def start_web(environ: dict[str, str], logs: Path) -> Process:
    gunicorn = str(Path(sys.executable).with_name("gunicorn"))
    web = Process("web", [gunicorn, "web.wsgi:application"], environ, logs / "web.log")
    return web.start().wait_for(int(environ["PORT"]))


def start_worker(environ: dict[str, str], logs: Path, *, processes: int, threads: int) -> Process:
    dramatiq = str(Path(sys.executable).with_name("dramatiq"))
    argv = [dramatiq, "actors", "--processes", str(processes), "--threads", str(threads)]
    return Process("worker", argv, environ, logs / "worker.log", stop_seconds=25).start()
