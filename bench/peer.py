"""The service that we are measured against: a copy of BENCH_PEERS, built once, started as its README says."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from bench.seed import IPN_SECRET
from bitloot.engines.process import Process

__all__ = ["peers_folder", "prepare_peer", "start_peer", "start_stubs", "stub_environ"]

WEBHOOK_SECRET = "kinguin-webhook-secret"


def peers_folder() -> Path | None:
    """Where the peer lies, if it and Node are here."""
    folder = Path(os.environ.get("BENCH_PEERS", "../shared/peers"))
    return folder.resolve() if (folder / "stubs.mjs").is_file() and shutil.which("node") else None


def prepare_peer(source: Path, work: Path) -> Path:
    """A built copy below `work`: the original may be read-only."""
    copy = work / "peers"
    if not (copy / "nest/dist/main.js").is_file():
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
        for path in (copy, *copy.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        npm = shutil.which("npm") or "npm"
        for command in ([npm, "install", "--no-audit", "--no-fund"], [npm, "run", "build"]):
            subprocess.run(command, cwd=copy / "nest", check=True, stdout=subprocess.DEVNULL)
    return copy


def stub_environ(base: int, webhook_port: int, latency: int = 0) -> dict[str, str]:
    """Stubs on ports base, base+1, base+2: supplier (each call takes `latency` ms), S3, e-mail."""
    return {
        "PATH": os.environ["PATH"],
        "LATENCY_MS": str(latency),
        "SUPPLIER_PORT": str(base),
        "S3_PORT": str(base + 1),
        "EMAIL_PORT": str(base + 2),
        "WEBHOOK_URL": f"http://127.0.0.1:{webhook_port}/kinguin/webhooks",
        "KINGUIN_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }


def start_stubs(peers: Path, base: int, webhook_port: int, logs: Path, *, latency: int = 0) -> Process:
    node = shutil.which("node") or "node"
    stubs = Process(
        "stubs",
        [node, str(peers / "stubs.mjs")],
        stub_environ(base, webhook_port, latency),
        logs / f"stubs-{base}.log",
    )
    return stubs.start().wait_for(base).wait_for(base + 1).wait_for(base + 2)


def start_peer(
    peers: Path,
    database_url: str,
    redis_url: str,
    *,
    port: int,
    stubs: int,
    http: str,
    worker: bool,
    logs: Path,
) -> list[Process]:
    """The peer's web (`http`: express or fastify) and, if wanted, its worker."""
    environ = {
        "PATH": os.environ["PATH"],
        "NODE_ENV": "production",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PORT": str(port),
        "PEER_HTTP": http,
        "NOWPAYMENTS_IPN_SECRET": IPN_SECRET,
        "KINGUIN_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "KINGUIN_BASE": f"http://127.0.0.1:{stubs}",
        "S3_ENDPOINT": f"http://127.0.0.1:{stubs + 1}",
        "RESEND_BASE": f"http://127.0.0.1:{stubs + 2}",
    }
    node = shutil.which("node") or "node"
    nest = peers / "nest"
    subprocess.run([node, "dist/bootstrap.js"], cwd=nest, env=environ, check=True, stdout=subprocess.DEVNULL)
    web = Process(f"peer {http}", [node, "dist/main.js"], environ, logs / f"peer-{http}.log", cwd=nest)
    started = [web.start().wait_for(port)]
    if worker:
        log = logs / "peer-worker.log"
        started.append(Process("peer worker", [node, "dist/worker.js"], environ, log, cwd=nest).start())
    return started
