"""Bodies are read whole, as they came, and never beyond the cap."""

from __future__ import annotations

import io
from typing import Any

import pytest
from falcon import Request
from falcon.testing import create_environ
from pydantic import BaseModel

from bitloot.errors import Malformed
from web.body import read_body, read_model
from web.errors import Problem
from web.limits import MAX_BODY


def request(body: bytes, *, chunked: bool = False, **headers: str) -> Request:
    environ: dict[str, Any] = create_environ(method="POST", headers=headers)
    environ["wsgi.input"] = io.BytesIO(body)
    environ.pop("CONTENT_LENGTH", None)
    if chunked:
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    else:
        environ["CONTENT_LENGTH"] = headers.get("length", str(len(body)))
    return Request(environ)


def refusal(req: Request) -> tuple[int, str]:
    with pytest.raises(Problem) as caught:
        read_body(req)
    return caught.value.status_code, caught.value.document["code"]


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("size", [0, 1, 5000, MAX_BODY])
def test_a_body_is_read_whole(size: int, chunked: bool) -> None:
    assert len(read_body(request(b"x" * size, chunked=chunked))) == size


@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_over_the_cap_is_refused(chunked: bool) -> None:
    assert refusal(request(b"x" * (MAX_BODY + 1), chunked=chunked)) == (413, "body_too_large")


def test_a_declared_length_over_the_cap_is_refused_unread() -> None:
    req = request(b"", length="10000000000")
    req.env["wsgi.input"] = None
    assert refusal(req) == (413, "body_too_large")


def test_a_body_that_ends_early_is_refused() -> None:
    assert refusal(request(b"half", length="8")) == (400, "short_body")


def test_no_more_than_the_declared_length_is_read() -> None:
    assert read_body(request(b"abcNEXT", length="3")) == b"abc"


def test_an_encoded_body_is_refused() -> None:
    req = request(b"x")
    req.env["HTTP_CONTENT_ENCODING"] = "gzip"
    assert refusal(req) == (415, "content_encoded")


def test_a_stream_that_breaks_is_refused_without_its_text() -> None:
    class Broken:
        def read(self, size: int) -> bytes:
            raise OSError("what the client sent")

    req = request(b"", chunked=True)
    req.env["wsgi.input"] = Broken()
    with pytest.raises(Problem) as caught:
        read_body(req)
    assert caught.value.document["code"] == "unreadable_body"
    assert caught.value.__cause__ is None
    assert "client sent" not in str(caught.value.document)


class Wanted(BaseModel):
    number: int


def json_request(body: bytes, content_type: str = "application/json") -> Request:
    return Request(request(body).env | {"CONTENT_TYPE": content_type})


def test_a_model_is_read() -> None:
    assert read_model(json_request(b'{"number":3}', "application/json; charset=utf-8"), Wanted).number == 3


def test_what_does_not_fit_names_the_member_and_not_the_value() -> None:
    with pytest.raises(Problem) as caught:
        read_model(json_request(b'{"number":"secret-value"}'), Wanted)
    assert caught.value.document["errors"][0]["at"] == "number"
    assert "secret-value" not in str(caught.value.document)


def test_what_is_no_object_is_told_so_in_words_of_the_web() -> None:
    with pytest.raises(Problem) as caught:
        read_model(json_request(b"[]"), Wanted)
    assert (caught.value.document["status"], caught.value.document["detail"]) == (422, "Send a JSON object.")


def test_json_is_read_strictly() -> None:
    for body, code in ((b'{"number":1,"number":2}', "json_duplicate_key"), (b"", "no_body")):
        with pytest.raises(Malformed) as caught:
            read_model(json_request(body), Wanted)
        assert caught.value.code == code


def test_only_json_is_read() -> None:
    with pytest.raises(Problem) as caught:
        read_model(json_request(b'{"number":3}', "text/plain"), Wanted)
    assert caught.value.status_code == 415
