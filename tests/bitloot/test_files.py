"""Files written whole and once."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from bitloot.errors import BitLootError, Blocked, Retryable
from bitloot.files import file_errors, make_private, put_once, remove


def test_a_crash_before_the_end_leaves_no_file_under_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(handle: int) -> None:
        raise OSError(errno.EIO, "the disk died")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="the disk died"):
        put_once(tmp_path / "a", b"half")
    assert list(tmp_path.iterdir()) == []


def test_file_and_folder_reach_the_disk_before_it_says_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def watched(handle: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{handle}"))
        real(handle)

    monkeypatch.setattr(os, "fsync", watched)
    assert put_once(tmp_path / "new" / "a", b"x") is True
    assert synced[0] == str(tmp_path)  # the folder that got a new folder
    assert Path(synced[1]).name.startswith(".part-")
    assert synced[2] == str(tmp_path / "new")


def test_removing_twice_is_no_error(tmp_path: Path) -> None:
    put_once(tmp_path / "a", b"x")
    remove(tmp_path / "a")
    remove(tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_folder_that_is_there_keeps_its_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    make_private(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [
        (errno.ENOSPC, Blocked, "disk_enospc"),
        (errno.EROFS, Blocked, "disk_erofs"),
        (errno.EACCES, Blocked, "disk_eacces"),
        (errno.EIO, Retryable, "disk_eio"),
        (errno.EMFILE, Retryable, "disk_emfile"),
    ],
)
def test_what_the_disk_says_is_sorted_by_what_happens_next(
    number: int, kind: type[BitLootError], code: str
) -> None:
    with pytest.raises(kind) as caught, file_errors("store"):
        raise OSError(number, "text", "/a/path")
    assert caught.value.code == code
    assert "/a/path" not in str(caught.value)
