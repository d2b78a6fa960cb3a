"""What operators are told fits what the processes show: figures, dashboard, alarms."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from falcon.testing import TestClient
from prometheus_client import CollectorRegistry, generate_latest

from actors.figures import PoolCollector
from bitloot.shop import Shop
from db import base
from tests.factories import a_paid_order
from tests.web.conftest import settled
from web.relay.metrics import Metrics

DOCS = Path(__file__).parents[2] / "docs"


def documented() -> set[str]:
    """The names in the tables of docs/metrics.md."""
    return set(re.findall(r"^\| `(bitloot_\w+)` \|", (DOCS / "metrics.md").read_text(), re.M))


def shown(text: str) -> set[str]:
    """As Prometheus reads them; the second series that the library adds to each counter is not ours."""
    names = set(re.findall(r"^# TYPE (\w+) ", text, re.M))
    return {name for name in names if not name.endswith("_created")}


@pytest.fixture
def figures(client: TestClient, shop: Shop) -> set[str]:
    """Of all processes; worker and clock show what web counts too, and their pools."""
    a_paid_order()
    pool = CollectorRegistry()
    pool.register(PoolCollector())
    answer = client.simulate_get("/metrics")
    assert answer.status_code == 200
    return shown(answer.text) | shown(generate_latest(pool).decode()) | shown(Metrics().text())


def test_every_figure_is_explained_and_every_explained_one_is_there(figures: set[str]) -> None:
    assert figures | {"bitloot_backup_age_seconds"} == documented()


def test_the_age_of_a_backup_is_shown_where_there_is_a_mark(shop: Shop) -> None:
    base.rows("INSERT INTO beats VALUES ('backup', now()) RETURNING name")
    client = settled(shop, backup_mark="database")
    assert "bitloot_backup_age_seconds" in shown(client.simulate_get("/metrics").text)


def asked(expressions: list[str]) -> set[str]:
    """The figures that these queries name; a histogram's parts are the histogram's."""
    names = {name for text in expressions for name in re.findall(r"bitloot_\w+", text)}
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}


def test_the_dashboard_asks_only_for_documented_figures() -> None:
    dashboard: dict[str, Any] = json.loads((DOCS / "grafana" / "bitloot.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(expressions) > 20
    assert asked(expressions) - documented() == set()


def test_the_alarms_ask_only_for_documented_figures_and_each_is_explained() -> None:
    [group] = yaml.safe_load((DOCS / "prometheus" / "alerts.yml").read_text())["groups"]
    assert asked([rule["expr"] for rule in group["rules"]]) - documented() == set()
    told = set(re.findall(r"^\| `(BitLoot\w+)` \|", (DOCS / "operating.md").read_text(), re.M))
    assert {rule["alert"] for rule in group["rules"]} == told
