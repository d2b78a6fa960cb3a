"""/openapi.json: OpenAPI 3.1, made of what stands beside each responder (web/describe.py)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any, Literal

from falcon import Request, Response
from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from web.describe import Described, Who, describe, described, least_role
from web.examples import ID, example_of
from web.problem import MEDIA_TYPE, problem
from web.refusal_codes import OPEN, codes_of

__all__ = ["OpenApi", "Route", "document", "responders"]

#: A path template and the resource that answers there.
Route = tuple[str, object]

REFS = "#/components/schemas/{model}"

_FIELD = re.compile(r"\{(\w+)(?::(\w+))?\}")

SECURITY: Mapping[Who, list[dict[str, list[str]]]] = {
    "anyone": [],
    "NOWPayments": [],
    "Kinguin": [],
    "Resend": [],
    "buyer": [{"buyer": []}],
    "admin": [{"admin": []}, {"session": []}],
    "buyer or admin": [{"buyer": []}, {"admin": []}, {"session": []}],
}

SCHEMES = {
    "buyer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "Comes with an order, or from a letter's link; good for that order.",
    },
    "admin": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "`bitloot token admin`; roles owner, operator, read-only.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-bitloot",
        "description": "`POST /admin/session`. What changes something needs `X-BitLoot: console` and our own Origin.",
    },
}


TAGS = {
    "orders": "Placing an order and reading it.",
    "fulfillment": "How far an order's keys are, and showing them to their buyer.",
    "session": "Signing in to the console.",
    "admin": "What operators see and do. Looking is for every role; what a route needs more is `x-role`.",
    "notices": "What providers tell us. They sign; nobody else is heard.",
    "operations": "Health, figures, this document.",
    "pages": "For browsers.",
}

ABOUT = (
    "JSON in and out: camelCase, amounts as text. A refusal is `application/problem+json` (RFC 9457) with a stable"
    " `code`; the codes of each route stand beside its statuses, and `500 internal` may come from any of them."
    " What no route sees, the server refuses by itself: 400, 408, 413, 414, 431, or 503 `overloaded`."
)


class ProblemDocument(BaseModel):
    """RFC 9457. `code` is stable."""

    type: Literal["about:blank"]
    title: str
    status: int
    code: str
    detail: str | None = None
    errors: list[dict[str, str]] | None = None


class OpenApi:
    """The document."""

    def __init__(self, title: str, version: str) -> None:
        self._title = title
        self._version = version
        self._routes: list[Route] = []

    def tell(self, routes: Iterable[Route]) -> None:
        """Called once, when all routes are known."""
        self._routes = list(routes)

    @cached_property
    def media(self) -> dict[str, Any]:
        """Made when it is first asked for: a third of a second that no start waits for."""
        return document(self._routes, title=self._title, version=self._version)

    @describe("This document", who="anyone", tag="operations", answers={200: "application/json"}, refusals=[])
    def on_get(self, _req: Request, resp: Response) -> None:
        resp.media = self.media


def responders(routes: Iterable[Route]) -> Iterator[tuple[str, str, Described]]:
    """(path template, method, promise) of every described responder."""
    for path, resource in routes:
        for method in ("get", "post", "put", "patch", "delete"):
            promise = described(getattr(resource, f"on_{method}", None))
            if promise is not None:
                yield path, method, promise


def document(routes: Iterable[Route], *, title: str, version: str) -> dict[str, Any]:
    found = list(responders(routes))
    names, schemas = _schemas([promise for _, _, promise in found])
    paths: dict[str, Any] = {}
    for path, method, promise in found:
        shown = _FIELD.sub(lambda field: "{" + to_camel(field[1]) + "}", path)
        paths.setdefault(shown, {})[method] = _operation(path, method, promise, names, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": SCHEMES},
    }


Names = Mapping[Any, Any]  # {(model, mode): reference to its schema}
Schemas = Mapping[str, Any]  # of the document, by name


def _schemas(promises: list[Described]) -> tuple[Names, dict[str, Any]]:
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(ProblemDocument, "serialization"): None}
    for promise in promises:
        if promise.body is not None:
            wanted[(promise.body, "validation")] = None
        for content in promise.answers.values():
            if isinstance(content, type):
                wanted[(content, "serialization")] = None
    names, definitions = models_json_schema(list(wanted), ref_template=REFS)
    return names, definitions["$defs"]


def _operation(path: str, method: str, promise: Described, names: Names, schemas: Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": promise.summary,
        "operationId": re.sub(r"\W+", "_", f"{method}{path}").strip("_"),
        "tags": [promise.tag],
        "security": SECURITY[promise.who],
        "responses": _answers(promise, names, schemas) | _refusals(path, method, promise, names),
    }
    if role := least_role(method, promise):
        operation["x-role"] = role
    parameters = [*_path_parameters(path), *_query_parameters(promise), *_header_parameters(promise)]
    if parameters:
        operation["parameters"] = parameters
    if promise.body is not None or promise.raw_body:
        schema: Any = names[(promise.body, "validation")] if promise.body else {"type": "object"}
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": _shown(schema, schemas)},
        }
    return operation


def _answers(promise: Described, names: Names, schemas: Schemas) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, content in promise.answers.items():
        responses[str(status)] = {"description": HTTPStatus(status).phrase}
        if isinstance(content, type):
            media = {"application/json": _shown(names[(content, "serialization")], schemas)}
            responses[str(status)]["content"] = media
        elif content is not None:
            responses[str(status)]["content"] = {media: {} for media in content.split(", ")}
    return responses


def _refusals(path: str, method: str, promise: Described, names: Names) -> dict[str, Any]:
    """Each status with its codes: as a sentence, as what the schema allows, and one of them as an example."""
    responses: dict[str, Any] = {}
    whole = names[(ProblemDocument, "serialization")]
    found = codes_of(method, promise)
    if ":uuid}" in path:
        found.setdefault(404, ("not_found",))  # the router's own word for what is no id
    for status, codes in sorted(found.items()):
        only = {"properties": {"code": {"enum": list(codes)}}}
        schema = {"allOf": [whole, only]} if codes and status not in OPEN else whole
        example = problem(status, codes[0] if codes else "malformed")
        responses[str(status)] = {
            "description": f"{HTTPStatus(status).phrase}: {', '.join(codes)}"
            if codes
            else "Refused; see `code`.",
            "content": {MEDIA_TYPE: {"schema": schema, "example": example}},
        }
    return responses


def _shown(schema: Any, schemas: Schemas) -> dict[str, Any]:
    return {"schema": schema, "example": example_of(schema, schemas)}


def _path_parameters(path: str) -> Iterator[dict[str, Any]]:
    for name, converter in _FIELD.findall(path):
        schema = {"type": "string"} | ({"format": "uuid"} if converter == "uuid" else {})
        example = ID if converter == "uuid" else to_camel(name)
        yield {"name": to_camel(name), "in": "path", "required": True, "schema": schema, "example": example}


def _query_parameters(promise: Described) -> Iterator[dict[str, Any]]:
    if promise.query is None:
        return
    whole = promise.query.model_json_schema(ref_template=REFS)
    for name, schema in whole["properties"].items():
        yield {"name": name, "in": "query", "required": name in whole.get("required", ()), "schema": schema}


def _header_parameters(promise: Described) -> Iterator[dict[str, Any]]:
    for name, purpose in promise.headers.items():
        yield {
            "name": name,
            "in": "header",
            "required": False,
            "description": purpose,
            "schema": {"type": "string"},
        }
