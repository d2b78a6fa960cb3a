"""The operator's bell for a provider that refuses our account: it rings once, and falls silent by itself."""

from __future__ import annotations

import structlog

from actors import bell
from bitloot.shop import Shop
from db import base
from db.blocks import close_block, open_block, open_blocks

__all__ = ["review", "ring"]

log = structlog.get_logger(__name__)


def ring(provider: str, code: str) -> None:
    """A row, a log line and an event, unless the provider is known to refuse us. Never raises."""
    try:
        with base.scope():
            news = open_block(provider, code)
    except Exception as error:  # the call that was refused has its own error to tell
        log.error("block not written", action="block_lost", provider=provider, error=type(error).__name__)
        return
    if news:
        log.error("our account is refused", action="provider_blocked", provider=provider, code=code)
        bell.ring("admin:provider-blocked", {"provider": provider, "code": code})


def review(shop: Shop) -> list[str]:
    """Ends the block of each provider that takes our calls again; who they are. Needs a connection scope."""
    freed = [provider for provider in open_blocks() if _is_free(shop, provider) and close_block(provider)]
    for provider in freed:
        log.warning("our account works again", action="provider_freed", provider=provider)
        bell.ring("admin:provider-freed", {"provider": provider})
    return freed


def _is_free(shop: Shop, provider: str) -> bool:
    """Whether nothing is shut there for our account's sake; also for a provider that this shop no longer has."""
    turnstile = shop.turnstiles.get(provider)
    if turnstile is None:
        return True
    standing = turnstile.look()
    return not any(shut is not None and shut.why for shut in (standing.calls, standing.writes))
