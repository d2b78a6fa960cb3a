"""The menu: what can happen to a call that buys."""

from __future__ import annotations

from web.standins.dishes import BUYS, dish, html_page, json_error

__all__ = ["CALLS"]

CALLS = (
    dish(
        "accepted_reset", "bought, then the connection is reset without an answer", BUYS, "drop_after_effect"
    ),
    dish(
        "accepted_closed",
        "bought, then the connection is closed without an answer",
        BUYS,
        "drop_after_effect",
        how="fin",
    ),
    dish(
        "accepted_cut",
        "bought, then a reset in the middle of the answer's body",
        BUYS,
        "drop_after_effect",
        cut="body",
    ),
    dish(
        "accepted_cut_closed",
        "bought, then closed in the middle of the answer's body",
        BUYS,
        "drop_after_effect",
        cut="body",
        how="fin",
    ),
    dish("refused_reset", "nothing bought, the connection is reset", BUYS, "drop_before_effect"),
    dish("truncated_json", "bought, and a whole answer that holds half a JSON text", BUYS, "truncate"),
    dish("slow_before", "answers after `seconds`, and buys only then", BUYS, "delay", seconds=10),
    dish("slow_after", "buys at once, answers after `seconds`", BUYS, "delay", seconds=10, after=True),
    dish("byte_by_byte", "buys at once, answers one byte per `seconds`", BUYS, "drip", seconds=1),
    dish(
        "500_before",
        "500 with a JSON error; nothing was bought",
        BUYS,
        "status",
        **json_error(500, "Error", "Internal error"),
    ),
    dish(
        "500_after",
        "500 with a JSON error, though it was bought",
        BUYS,
        "status",
        after=True,
        **json_error(500, "Error", "Internal error"),
    ),
    dish("502_html", "502 with an HTML page of the edge", BUYS, "status", **html_page(502, "Bad Gateway")),
    dish(
        "503_html",
        "503 with an HTML page of the edge",
        BUYS,
        "status",
        **html_page(503, "Service Temporarily Unavailable"),
    ),
    dish(
        "200_error",
        "200 with an error in its body; nothing was bought",
        BUYS,
        "status",
        **json_error(500, "Error", "Internal error", said=200),
    ),
    dish(
        "429",
        "429 with Retry-After in seconds (`retry_after`)",
        BUYS,
        "status",
        retry_after=2,
        **html_page(429, "Too Many Requests"),
    ),
    dish(
        "429_date",
        "429 with Retry-After as a date",
        BUYS,
        "status",
        retry_after=2,
        retry_date=True,
        **html_page(429, "Too Many Requests"),
    ),
    dish(
        "429_bare", "429 as HTML without Retry-After", BUYS, "status", **html_page(429, "Too Many Requests")
    ),
    dish(
        "401",
        "401: the key is refused",
        BUYS,
        "status",
        **json_error(401, "Authorization", "Invalid API key"),
    ),
    dish("307", "307 to the same address: who follows it buys", BUYS, "status", status=307),
)
