"""What goes wrong becomes a problem document, without its text."""

from __future__ import annotations

import falcon
import pytest
from falcon.testing import Result, TestClient
from peewee import DataError, InterfaceError, OperationalError
from playhouse.pool import MaxConnectionsExceeded
from structlog.testing import capture_logs

from bitloot.errors import Ambiguous, BadSignature, Blocked, Malformed, Permanent, Retryable, SealBroken
from bitloot.tokens import BadToken
from web.errors import Problem, add_error_handlers


def answer_to(error: Exception) -> Result:
    class Raises:
        def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
            raise error

    app = falcon.App()
    add_error_handlers(app)
    app.add_route("/", Raises())
    return TestClient(app).simulate_get("/")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (BadSignature("no"), 401, "bad_signature"),
        (BadToken("no", code="expired_token"), 401, "expired_token"),
        (Malformed("no", code="json_syntax"), 400, "json_syntax"),
        (Retryable("later"), 503, "retryable"),
        (Blocked("quota"), 503, "blocked"),
        (Ambiguous("who knows"), 503, "ambiguous"),
        (Permanent("gone", code="object_missing"), 500, "object_missing"),
        (SealBroken("tampered"), 500, "seal_broken"),
        (OperationalError("host=db password=sekret"), 503, "database_unavailable"),
        (InterfaceError("closed"), 503, "database_unavailable"),
        (MaxConnectionsExceeded("all 16 busy"), 503, "database_unavailable"),
        (DataError("numeric overflow"), 422, "unstorable"),
        (KeyError("sekret"), 500, "internal"),
        (falcon.HTTPNotFound(), 404, "not_found"),
        (falcon.HTTPTooManyRequests(), 429, "too_many_requests"),
        (Problem(409, "not_ready", orderId="x"), 409, "not_ready"),
    ],
)
def test_each_error_has_its_status_and_code(error: Exception, status: int, code: str) -> None:
    with capture_logs() as lines:
        answer = answer_to(error)
    assert (answer.status_code, answer.json["code"], answer.json["status"]) == (status, code, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "sekret" not in answer.text + str(lines)
    assert ("retry-after" in answer.headers) is (status == 503)


def test_what_a_problem_adds_is_in_the_document() -> None:
    assert answer_to(Problem(409, "not_ready", "Not yet.", orderId="x")).json["orderId"] == "x"


def test_people_are_told_what_to_look_at() -> None:
    def detail(error: Exception) -> str | None:
        told: str | None = answer_to(error).json.get("detail")
        return told

    assert (
        detail(Malformed("JSON text cannot be parsed", code="json_syntax")) == "JSON text cannot be parsed."
    )
    assert detail(Malformed("mail: this address has no domain")) == "This address has no domain."
    assert detail(falcon.HTTPNotFound()) == "There is nothing at this address."
    assert detail(Retryable("kinguin: away")) is None


def test_what_is_unforeseen_is_logged_with_its_place() -> None:
    with capture_logs() as lines:
        answer_to(KeyError("sekret"))
    [line] = [line for line in lines if line["log_level"] == "error"]
    assert line["error"] == "KeyError"
    assert "test_errors.py" in line["at"]


def test_who_gave_way_is_told_so_and_not_that_the_database_is_away() -> None:
    class Deadlock(Exception):
        pgcode = "40P01"

    error = OperationalError("deadlock detected")
    error.__cause__ = Deadlock()
    answer = answer_to(error)
    assert (answer.status_code, answer.json["code"]) == (503, "gave_way")
    assert "retry-after" in answer.headers
