"""When the last backup ended, by the mark that the backup tool leaves; nobody here sees the backup itself."""

from __future__ import annotations

import time
from pathlib import Path

from bitloot.settings import Settings
from db.stuck import beat_age

__all__ = ["DATABASE_MARK", "backup_age"]

#: BACKUP_MARK may name this instead of a file: the row `backup` of the table `beats`.
DATABASE_MARK = "database"


def backup_age(settings: Settings) -> float | None:
    """Seconds since; None if it never left its mark. Within a database scope where the mark is the row."""
    if settings.backup_mark == DATABASE_MARK:
        return beat_age("backup")
    try:
        return max(0.0, time.time() - Path(settings.backup_mark).stat().st_mtime)
    except OSError:
        return None
