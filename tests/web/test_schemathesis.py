"""schemathesis speaks to every operation of the document, well and badly, and finds nothing that it does not say."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from bitloot.shop import Shop
from db import base
from tests.web.cast import admin, buyer, fulfilled_order
from tests.web.promises import watch
from web import live
from web.app import create_app

pytestmark = pytest.mark.usefixtures("light_passwords", "promises_are_kept")

#: Requests to each operation, of each kind: enough for its corners, and seconds for all of them together.
EXAMPLES = 2

LIMITS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

CHECKS = (
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
)


class Asker:
    """One owner and one buyer with an order, who say whatever schemathesis thinks of."""

    def __init__(self, shop: Shop) -> None:
        self.order = fulfilled_order(shop, b"AAAAA-11111")
        self.rights = {"buyer": buyer(shop, self.order), "admin": admin(shop)}
        self.answered = Counter[int]()

    def ask(self, case: Any) -> None:
        if "orderId" in (case.path_parameters or {}) and self.answered.total() % 2:
            case.path_parameters["orderId"] = str(self.order.id)
        base.rows("DELETE FROM tries RETURNING 1")  # it may try as often as it likes
        answer = case.call(headers=self.rights.get(_right(case.operation), {}))
        case.validate_response(answer, checks=CHECKS)
        self.answered[answer.status_code] += 1


# schemathesis itself draws by `random`
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_operation_answers_as_the_document_says(
    shop: Shop, mode: GenerationMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HOLD", 0.1)  # nobody waits for what comes later
    document = schemathesis.openapi.from_wsgi("/openapi.json", watch(create_app(shop.settings, shop)))
    asker = Asker(shop)
    for found in document.get_all_operations():
        assert isinstance(found, Ok)
        cases = found.ok().as_strategy(generation_mode=mode)

        def ask(case: Any) -> None:
            asker.ask(case)

        with suppress(Unsatisfiable):  # where there is nothing to get wrong
            LIMITS(given(case=cases)(ask))()
    assert asker.answered.total() > EXAMPLES * 20
    assert not any(status >= 500 for status in asker.answered), asker.answered


def _right(operation: Any) -> str:
    """The first of those that open it."""
    return next((name for way in operation.definition.raw["security"] for name in way), "")
