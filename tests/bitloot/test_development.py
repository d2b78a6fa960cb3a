"""Development makes its own secrets, once, and everybody finds the same."""

from __future__ import annotations

import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bitloot.development import filled, master_key, standin_urls
from bitloot.errors import UnsafeSettings

OWN = {"MASTER_KEYS", "AUDIT_KEYS", "BUYER_TOKEN_SECRET", "ADMIN_TOKEN_SECRET", "LINK_SECRET"}


@pytest.fixture
def values(tmp_path: Path) -> dict[str, str]:
    return {"ENVIRONMENT": "development", "STATE_DIR": str(tmp_path / "state")}


def test_missing_secrets_are_made_once_and_kept_private(values: dict[str, str], tmp_path: Path) -> None:
    first = filled(values)
    assert set(first) >= OWN
    assert len({first[name] for name in OWN}) == len(OWN)
    assert filled(values) == first
    assert stat.S_IMODE((tmp_path / "state" / "secrets.env").stat().st_mode) == 0o600


def test_production_gets_nothing(values: dict[str, str], tmp_path: Path) -> None:
    for environment in ({**values, "ENVIRONMENT": "production"}, {"STATE_DIR": values["STATE_DIR"]}):
        assert filled(environment) == environment
    assert not (tmp_path / "state").exists()


def test_what_is_given_wins(values: dict[str, str], tmp_path: Path) -> None:
    given = {name: name.lower() * 4 for name in OWN}
    given["ORDERS_PER_ADDRESS"] = "7"
    assert filled(values | given) == values | given
    assert not (tmp_path / "state").exists()


def test_an_empty_value_counts_as_missing(values: dict[str, str]) -> None:
    assert len(filled(values | {"LINK_SECRET": ""})["LINK_SECRET"]) >= 32


def test_a_secret_that_is_new_to_the_file_leaves_the_others_alone(values: dict[str, str]) -> None:
    before = filled(values)
    after = filled(values | {"STANDINS": "true"})
    assert {name: after[name] for name in OWN} == {name: before[name] for name in OWN}
    assert "NOWPAYMENTS_IPN_SECRET" not in before
    assert len(after["NOWPAYMENTS_IPN_SECRET"]) >= 32


def test_standins_are_found_at_their_port_unless_an_address_is_given(values: dict[str, str]) -> None:
    found = filled(values | {"STANDINS": "true", "STANDINS_PORT": "8402", "KINGUIN_BASE_URL": "http://here"})
    assert found["NOWPAYMENTS_BASE_URL"] == standin_urls(8402)["NOWPAYMENTS_BASE_URL"]
    assert found["KINGUIN_BASE_URL"] == "http://here"


def test_many_processes_that_start_at_once_agree(values: dict[str, str]) -> None:
    code = "import os; from bitloot.development import filled; print(sorted(filled(os.environ).items()))"
    environment = values | {"PATH": os.defpath, "STANDINS": "true"}
    running = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE)
        for _ in range(6)
    ]
    said = {process.communicate(timeout=60)[0] for process in running}
    assert len(said) == 1
    assert b"MASTER_KEYS" in said.pop()


def test_a_state_directory_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(UnsafeSettings) as refused:
        filled({"ENVIRONMENT": "development", "STATE_DIR": str(blocked)})
    assert refused.value.reasons == ["STATE_DIR cannot keep the secrets of development: File exists."]


def test_a_master_key_is_32_random_bytes_with_its_number() -> None:
    number, encoded = master_key(7).split(":")
    assert number == "7"
    assert len(base64.b64decode(encoded)) == 32
    assert master_key() != master_key()
