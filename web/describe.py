"""What each responder promises, written beside it; /openapi.json is made of nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

from bitloot.tokens import Role

__all__ = ["Described", "Who", "describe", "described", "least_role"]

#: Who may call: buyers and admins show a bearer token, providers sign.
Who = Literal["anyone", "buyer", "admin", "buyer or admin", "NOWPayments", "Kinguin", "Resend"]

Responder = TypeVar("Responder", bound=Callable[..., None])


@dataclass(frozen=True)
class Described:
    summary: str
    who: Who
    tag: str
    answers: Mapping[
        int, type[BaseModel] | str | None
    ]  # a model, other media types ("a/b, c/d"), or no content
    refusals: Sequence[int]
    body: type[BaseModel] | None = None
    raw_body: bool = False  # JSON whose shape is the provider's
    query: type[BaseModel] | None = None
    role: Role | None = None  # the least that an admin needs, where `least_role` would say another
    codes: Mapping[int, Sequence[str]] = field(
        default_factory=dict
    )  # besides web/refusal_codes.py's ordinary ones
    headers: Mapping[str, str] = field(default_factory=dict)  # request headers: {name: what for}


def describe(summary: str, *, who: Who, tag: str, **promises: Any) -> Callable[[Responder], Responder]:
    """Attaches a `Described`; see there for `promises`."""

    def attach(responder: Responder) -> Responder:
        promise = Described(summary=summary, who=who, tag=tag, **promises)
        setattr(responder, "described", promise)  # noqa: B010  # mypy knows no attribute of a function
        return responder

    return attach


def described(responder: object) -> Described | None:
    found = getattr(responder, "described", None)
    return found if isinstance(found, Described) else None


def least_role(method: str, promise: Described) -> Role | None:
    """What an admin needs here: looking is for all of them, acting for operators, unless the promise says otherwise.

    None where no admin is asked for.
    """
    if promise.who not in {"admin", "buyer or admin"}:
        return None
    return promise.role or ("read-only" if method.lower() == "get" else "operator")
