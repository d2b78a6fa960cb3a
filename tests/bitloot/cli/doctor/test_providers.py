"""Providers, as the doctor finds them; against the stand-ins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bitloot.cli.doctor.finding import State
from bitloot.cli.doctor.providers import check_gateway, check_mail, supplier_checks
from bitloot.settings import Settings, load_settings
from tests.bitloot.scripted_http import dead_port
from web.standins import StandinsConfig, start_standins


@pytest.fixture(scope="module")
def standins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    told = StandinsConfig(ledger_dir=tmp_path_factory.mktemp("ledger"), webhooks=False)
    with start_standins(told, port=0) as running:
        yield {
            "NOWPAYMENTS_BASE_URL": running.nowpayments_url,
            "NOWPAYMENTS_API_KEY": told.nowpayments_api_key,
            "KINGUIN_BASE_URL": running.kinguin_url,
            "KINGUIN_API_KEY": told.kinguin_api_key,
        }


def at(values: dict[str, str]) -> Settings:
    return load_settings(values, check=False)


def test_who_answers_and_knows_us_is_well(standins: dict[str, str]) -> None:
    assert check_gateway(at(standins)).answer == "Answers, and knows our API key."
    assert "balance" in supplier_checks()["kinguin"](at(standins)).answer
    assert supplier_checks()["reservations"](at(standins)).state is State.OFF


def test_a_supplier_that_does_not_know_us_is_told(standins: dict[str, str]) -> None:
    said = supplier_checks()["kinguin"](at(standins | {"KINGUIN_API_KEY": "of-another-account"}))
    assert (said.state, said.answer) == (State.PROBLEM, "kinguin: GET was answered 401.")
    assert said.todo.startswith("Compare its key")


def test_an_api_key_that_the_gateway_does_not_know_is_told(standins: dict[str, str]) -> None:
    said = check_gateway(at(standins | {"NOWPAYMENTS_API_KEY": "of-another-account"}))
    assert said.state is State.PROBLEM
    assert "refuses our API key" in said.answer
    assert check_gateway(at({})).answer == "Not set: NOWPAYMENTS_API_KEY."


def test_letters_need_somewhere_to_go(tmp_path: Path) -> None:
    assert check_mail(at({"MAIL_DIRECTORY": str(tmp_path)})).state is State.OK
    away = at({"MAILER": "smtp", "SMTP_PORT": str(dead_port()), "SMTP_SECURITY": "none"})
    with pytest.raises(Exception, match="smtp"):
        check_mail(away)
