"""F42: marked keys go every way through a shop, and its places and traffic are searched for them in every form; then
so is whatever all other rows left on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg2

from bitloot.cli.plaintext import Haystack, control_text, search
from tests.faults.canaries import CANARY, new_control
from tests.faults.marked import marked_shop
from tests.faults.plan import row
from tests.faults.trial import Trial
from tests.servers import drop_database, fresh_database, with_database

__all__ = ["hunt"]

#: What the shop itself leaves behind; the stand-ins' books and the buyers' diaries hold keys, and are not ours.
LEFT = ("**/logs", "**/valkey/data", "**/objects", "**/letters")


@row("F42", "plaintext hunt: every way, and all on disk", short=0, full=30)
def hunt(trial: Trial) -> None:
    """A bite is a way that a key went, or a place left on disk where the control was found in every form."""
    _every_way(trial)
    _left_on_disk(trial)


def _every_way(trial: Trial) -> None:
    with marked_shop(trial.shop, trial.directory) as passage:
        passage.sell()
        load = trial.load(passage.shop)  # what else a shop has to do
        trial.settle(load, within=120)
        load.reveal(20)
        passage.notices()
        for violation in passage.violations():
            trial.violation(violation)
        trial.bit(sum(map(bool, passage.ways.values())))
        trial.note("ways", ", ".join(f"{way} ({int(times)})" for way, times in passage.ways.items()))


def _left_on_disk(trial: Trial) -> None:
    control = new_control()
    folders = [folder for pattern in LEFT for folder in sorted(trial.directory.parent.glob(pattern))]
    haystacks = [Haystack("logs, Valkey's files, objects, letters", lambda: _files(folders, control))]
    haystacks += _postgres(trial, control)
    for found in search(haystacks, [CANARY], control):
        trial.note(found.haystack, f"{found.size / 1e6:.0f} MB searched")
        trial.bit(found.works)
        if not found.works:
            trial.violation(f"I5 the search in {found.haystack} does not find its control")
        if not found.clean:
            trial.violation(f"I5 a key lies in {found.haystack} ({', '.join(found.hits)})")


def _files(folders: list[Path], control: str) -> Iterator[bytes]:
    yield control_text(control)
    for folder in folders:
        yield from Haystack.of_folder("", folder).pieces()


def _postgres(trial: Trial, control: str) -> list[Haystack]:
    """Data files and WAL of the server that the rows shared, where it is ours to look into."""
    if trial.servers.engines is None:
        return []
    data = (trial.servers.engines[0].directory / "home" / "data").resolve()
    name = fresh_database(trial.servers.database_url)
    connection = psycopg2.connect(with_database(trial.servers.database_url, name), connect_timeout=5)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE control (text text)")
        cursor.execute("INSERT INTO control VALUES (%s)", (control_text(control).decode(),))
        cursor.execute("CHECKPOINT")
    connection.close()
    pieces = list(Haystack.of_folder("", data).pieces()) if data.is_dir() else []
    drop_database(trial.servers.database_url, name)
    return [Haystack("PostgreSQL's files and WAL", lambda: pieces, folds=False)]
