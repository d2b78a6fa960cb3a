"""Redis: answers, drops nothing, and remembers over a restart."""

from __future__ import annotations

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from bitloot.cli.doctor.finding import PATIENCE, Said, warn, well, wrong
from bitloot.settings import Settings

__all__ = ["check_redis"]


def check_redis(settings: Settings) -> Said:
    """Messages that are gone cost time, never an order: sweep finds what was due (RELIABILITY §0 #1)."""
    url = settings.redis_url.get_secret_value()
    if not url:
        return wrong("Not set: REDIS_URL.")
    with redis.Redis.from_url(
        url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 0)
    ) as client:
        policy = client.info("memory").get("maxmemory_policy")
        kept = client.info("persistence")
    if policy not in {"noeviction", None}:
        return wrong(
            f"maxmemory-policy is {policy}: it may drop messages.", "Set maxmemory-policy noeviction."
        )
    if kept.get("aof_enabled") and kept.get("aof_last_write_status", "ok") != "ok":
        return wrong("It cannot write its append-only file.", "Look at its disk.")
    if not kept.get("aof_enabled"):
        return warn(
            "Drops nothing, and forgets all when it restarts: orders then wait for the next sweep.",
            "Set appendonly yes, appendfsync everysec.",
        )
    return well("Answers, drops nothing, and keeps what it has.")
