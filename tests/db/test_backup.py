"""When the last backup ended; what doctor makes of it is tested by tests/bitloot/cli/doctor/test_custody.py."""

from __future__ import annotations

from pathlib import Path

from bitloot.settings import Settings
from db.backup import DATABASE_MARK, backup_age


def test_a_mark_that_is_not_there_has_no_age(database: Settings, tmp_path: Path) -> None:
    def age(mark: str) -> float | None:
        return backup_age(database.model_copy(update={"backup_mark": mark}))

    assert age(str(tmp_path / "mark")) is None
    assert age(DATABASE_MARK) is None
    (tmp_path / "mark").touch()
    assert (age(str(tmp_path / "mark")) or 0.0) < 60
