"""Sealed keys in a folder of this machine: the embedded default."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode

from bitloot.errors import Permanent
from bitloot.files import file_errors, put_once, remove
from bitloot.stores.names import MAX_OBJECT, check_name, check_size, clamp_seconds
from bitloot.tokens import Tokens

if TYPE_CHECKING:
    from bitloot.settings import Settings

__all__ = ["DirectoryStore"]


class DirectoryStore:
    """Objects as files under `root`. Links lead to `PUBLIC_URL/objects/<name>`, which web checks and serves.

    `sign(path, expires)` makes a link's signature; `Tokens.check_path` with the same path checks it.
    """

    name = "directory"

    def __init__(self, root: Path, public_url: str, sign: Callable[[str, int], str]) -> None:
        self._root = root
        self._public_url = public_url.rstrip("/")
        self._sign = sign

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        return cls(settings.store_directory, settings.public_url, Tokens.from_settings(settings).sign_path)

    def put_once(self, name: str, data: bytes) -> bool:
        check_size(len(data))
        with file_errors("store"):
            return put_once(self._path(name), data)

    def get(self, name: str) -> bytes:
        path = self._path(name)
        with file_errors("store"):
            try:
                # No following of links: a name leads to our own file or to nothing.
                handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            except (FileNotFoundError, NotADirectoryError):
                raise Permanent("store: no such object", code="object_missing") from None
            with os.fdopen(handle, "rb") as file:
                data = file.read(MAX_OBJECT + 1)
        check_size(len(data))
        return data

    def exists(self, name: str) -> bool:
        path = self._path(name)
        with file_errors("store"):
            return path.is_file() and not path.is_symlink()

    def delete(self, name: str) -> None:
        with file_errors("store"):
            remove(self._path(name))

    def signed_link(self, name: str, seconds: int) -> str:
        path = f"/objects/{check_name(name)}"
        expires = int(time.time()) + clamp_seconds(seconds)
        query = urlencode({"expires": expires, "signature": self._sign(path, expires)})
        return f"{self._public_url}{path}?{query}"

    def health(self) -> None:
        probe = f"health/{secrets.token_hex(8)}"
        self.put_once(probe, b"")
        self.delete(probe)

    def _path(self, name: str) -> Path:
        return self._root / check_name(name)
