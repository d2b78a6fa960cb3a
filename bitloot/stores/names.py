"""Names and sizes of objects: what every store accepts, and nothing beyond."""

from __future__ import annotations

import re

from bitloot.errors import Malformed, Permanent
from bitloot.stores.base import MAX_LINK_SECONDS

__all__ = ["MAX_OBJECT", "check_name", "check_size", "clamp_seconds", "too_large"]

#: Largest object (bytes), written or read. A sealed code has a hundred, a sealed picture some ten thousand.
MAX_OBJECT = 1024 * 1024

# Each part begins with a letter or digit, so that neither `..` nor a hidden file can be spelled; no upper case,
# since some disks hold two spellings for one file.
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}(/[a-z0-9][a-z0-9._-]{0,127}){0,5}")


def check_name(name: str) -> str:
    """The name itself. Raises Malformed (bad_object_name)."""
    if not _NAME.fullmatch(name):
        raise Malformed("store: this is no name for an object", code="bad_object_name")
    return name


def check_size(size: int) -> None:
    """Raises Permanent (object_too_large) above MAX_OBJECT bytes."""
    if size > MAX_OBJECT:
        raise too_large()


def too_large() -> Permanent:
    return Permanent(f"store: an object has at most {MAX_OBJECT} bytes", code="object_too_large")


def clamp_seconds(seconds: int) -> int:
    """A link's life in 1…MAX_LINK_SECONDS, whatever was asked."""
    return max(1, min(seconds, MAX_LINK_SECONDS))
