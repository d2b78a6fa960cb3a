"""Files written whole and once: what the directory store and the letter directory have in common."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bitloot.errors import Blocked, Retryable

__all__ = ["file_errors", "make_private", "put_once", "remove"]

# The disk or its owner must change something first; waiting alone cures none of these.
_NEEDS_A_PERSON = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.ENOTSUP,
        errno.ENOTDIR,
        errno.ELOOP,
    }
)


def put_once(path: Path, data: bytes) -> bool:
    """Writes `data` under `path` unless something is there; True if this call wrote it. Raises OSError.

    Whoever looks sees nothing or the whole file, also after a power cut. The file is 0600, new folders 0700.
    """
    make_private(path.parent)
    # A dot in front: no name that a store accepts begins like this, so a leftover of a crash is never an object.
    part = path.parent / f".part-{secrets.token_hex(8)}"
    try:
        _write_through(part, data)
        try:
            # link(2) refuses a taken name atomically, which rename(2) does not.
            os.link(part, path)
        except FileExistsError:
            return False
    finally:
        part.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return True


def remove(path: Path) -> None:
    """Removes a file for good; nothing happens if it is not there. Raises OSError."""
    with suppress(FileNotFoundError):
        path.unlink()
        _sync_folder(path.parent)


def make_private(folder: Path) -> None:
    """Makes the folder and what is missing above it, each 0700. Raises OSError."""
    if folder.is_dir():
        return
    make_private(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        _sync_folder(folder.parent)


@contextmanager
def file_errors(who: str) -> Iterator[None]:
    """Turns OSError into Blocked (disk full, no right to write) or Retryable; texts name no path."""
    try:
        yield
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, "EIO")
        kind = Blocked if error.errno in _NEEDS_A_PERSON else Retryable
        raise kind(f"{who}: the disk said {name}", code=f"disk_{name.lower()}") from None


def _write_through(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
