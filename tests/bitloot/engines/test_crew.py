"""The processes that development starts are those of the Procfile."""

from __future__ import annotations

import sys
from pathlib import Path

from bitloot.engines.crew import CREW, DRAIN_SECONDS, ROOT, crew

PROCFILE = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())


def test_it_starts_what_the_procfile_names() -> None:
    """Each with the same command, however it is spelled there; the stand-ins are extra."""
    assert set(CREW) == set(PROCFILE) - {"release"} | {"standins"}
    for name, arguments in CREW.items():
        if name == "standins":
            continue
        spelled = PROCFILE[name].removeprefix("python ").split()
        ours = list(arguments if spelled[0] == "-m" else arguments[1:])
        assert ours[: len(spelled)] == spelled, name


def test_each_gets_this_python_its_log_and_time_to_drain(tmp_path: Path) -> None:
    processes = crew({"ENVIRONMENT": "development"}, tmp_path)
    assert list(processes) == list(CREW)
    for name, process in processes.items():
        assert process.argv[0] == sys.executable
        assert process.log == tmp_path / f"{name}.log"
        assert process.env["ENVIRONMENT"] == "development"
        assert process.stop_seconds == DRAIN_SECONDS
        assert process.cwd == ROOT
        assert not process.running


def test_only_those_asked_for_are_made(tmp_path: Path) -> None:
    assert list(crew({}, tmp_path, ("web", "clock"))) == ["web", "clock"]
