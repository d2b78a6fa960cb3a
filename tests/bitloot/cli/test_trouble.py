"""What a person sees of a log line."""

from __future__ import annotations

import pytest

from bitloot.cli.trouble import Trouble, read_trouble

ALERT = (
    "2026-11-22T04:43:56.464535Z [error    ] A case waits for a person: late, order c0d5. [actors.alert]"
    " action=alert kind=late times=1 todo='bitloot case list --kind late'"
)
DEAD = (
    "2026-11-22T04:44:00.490Z [error    ] Failed to process message sweep(). [dramatiq.worker.WorkerThread]"
    " error='StepFailed: OperationalError in sweep' frames=['/a/worker.py:560 in run', '/b.py:1 in x'] process=worker"
)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (ALERT, "04:43:56 A case waits for a person: late, order c0d5. → bitloot case list --kind late"),
        (DEAD, "04:44:00 Failed to process message sweep(). (StepFailed: OperationalError in sweep)"),
        (
            "2026-11-22T04:44:00Z [warning  ] ConnectionError [x] error=ConnectionError",
            "04:44:00 ConnectionError",
        ),
    ],
)
def test_it_is_when_what_and_what_to_do(line: str, told: str) -> None:
    trouble = read_trouble(line)
    assert trouble is not None
    assert trouble.text().plain == told


@pytest.mark.parametrize("line", ["", "2026-11-22T04:44:00Z [info     ] request [web]", '{"level": "error"}'])
def test_what_is_no_trouble_for_people_is_none(line: str) -> None:
    assert read_trouble(line) is None


def test_its_level_is_a_colour() -> None:
    assert Trouble("04:44:00", "critical", "x").text().spans[1].style == "bold red"
