"""Which codes a refusal may carry: those that any route of its kind has, and those that a responder names itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from web.describe import Described

__all__ = ["OPEN", "codes_of", "ordinary_codes"]

#: Whoever is away behind us has a word of his own for it: here codes beside those that are named may come.
OPEN = frozenset({503})

#: Whoever reads a body may say these of it.
UNREADABLE = (
    *("malformed", "no_body", "short_body", "unreadable_body"),
    *("json_syntax", "json_encoding", "json_depth", "json_duplicate_key", "json_constant", "json_number"),
    *("json_text", "json_too_large"),
)

#: By status, whoever asks.
PLAIN: Mapping[int, tuple[str, ...]] = {
    400: UNREADABLE,
    404: ("not_found",),
    413: ("body_too_large",),
    415: ("not_json", "content_encoded"),
    422: ("invalid", "unstorable"),
    429: ("too_many_tries",),
    503: ("database_unavailable", "overloaded"),
}

#: Of acts that are done once for each Idempotency-Key (web/admin/once.py).
REPEATED: Mapping[int, tuple[str, ...]] = {
    400: ("bad_idempotency_key",),
    409: ("idempotency_in_progress", "outcome_unknown", "answered_before"),
    422: ("idempotency_conflict",),
}

#: Of bearer tokens, and of sessions where those are taken.
TOKENS = ("token_missing", "bad_token", "expired_token", "revoked_token")


def ordinary_codes(method: str, promise: Described) -> Iterator[tuple[int, tuple[str, ...]]]:
    """(status, codes) of what is refused before a responder decides anything."""
    yield from PLAIN.items()
    admins, buyers = "admin" in promise.who, "buyer" in promise.who
    if admins or buyers:
        yield 401, (*TOKENS, "session_over", *(["ended_right"] if buyers else []))
        yield 403, ("forbidden", *([] if method.lower() == "get" else ["cross_site"]))
    if promise.raw_body:
        yield 401, ("bad_signature",)
        yield 403, ("foreign_sender",)


def codes_of(method: str, promise: Described) -> dict[int, tuple[str, ...]]:
    """{status: codes}; empty where any may come: what is amiss with a provider's body is told in many words."""
    ordinary = dict(ordinary_codes(method, promise))
    repeats = REPEATED if "admin" in promise.who and "Idempotency-Key" in promise.headers else {}
    found = {
        status: (*ordinary.get(status, ()), *repeats.get(status, ()), *promise.codes.get(status, ()))
        for status in promise.refusals
    }
    return found | ({400: ()} if promise.raw_body else {})
