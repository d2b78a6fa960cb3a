"""The shape of refusals."""

from __future__ import annotations

import json

from web.problem import problem, problem_bytes


def test_a_problem_has_a_status_and_a_code() -> None:
    document = problem(404, "not_found", "Nothing here.", orderId="x")
    assert document == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "code": "not_found",
        "detail": "Nothing here.",
        "orderId": "x",
    }


def test_no_detail_is_no_member() -> None:
    assert "detail" not in json.loads(problem_bytes(problem(400, "bad_request")))
