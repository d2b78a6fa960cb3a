"""Where sealed keys lie. A new store is one module and one line in STORES."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bitloot.fetch import Gate
from bitloot.stores.base import Store
from bitloot.stores.directory import DirectoryStore
from bitloot.stores.s3 import S3Store

if TYPE_CHECKING:
    from bitloot.settings import Settings

__all__ = ["STORES", "open_store"]

#: The gate is for those who are called over the network.
STORES: Mapping[str, Callable[[Settings, Gate | None], Store]] = {
    "directory": lambda settings, _: DirectoryStore.from_settings(settings),
    "s3": S3Store.from_settings,
}


def open_store(settings: Settings, gates: Mapping[str, Gate] | None = None) -> Store:
    """The store that STORE names. Asks nobody; `health` does."""
    return STORES[settings.store](settings, (gates or {}).get(settings.store))
