"""The menu: what can happen to webhooks, IPNs and mails."""

from __future__ import annotations

import json
from typing import Any

from web.standins.dishes import BUYS, dish

__all__ = ["IPNS", "MAILS", "NOTICES"]

IPN = "nowpayments.ipn"


def _error(status: int, name: str) -> dict[str, Any]:
    body = {"statusCode": status, "name": name, "message": name.replace("_", " ")}
    return {"status": status, "body": json.dumps(body), "content_type": "application/json"}


NOTICES = tuple(
    made
    for word, point in (("webhook", "*.webhook"), ("ipn", IPN))
    for made in (
        dish(f"{word}_never", "not sent", point, "no_webhook", count=None),
        dish(f"{word}_repeated", "sent `times` times", point, "webhook_times", times=5, count=None),
        dish(
            f"{word}_reordered",
            "`times` of them leave in another order, held `seconds` at most",
            point,
            "webhook_reordered",
            times=2 if word == "webhook" else 5,
            seconds=1,
            count=None,
        ),
        dish(f"{word}_delayed", "sent `seconds` late", point, "delay", seconds=5, count=None),
        dish(
            f"{word}_forged",
            "one with another content under the old proof before each (`only`: instead)",
            point,
            "webhook_forged",
            count=None,
        ),
        dish(
            f"{word}_wrong_secret",
            "one signed with a wrong secret before each (`only`: instead)",
            point,
            "webhook_wrong_secret",
            count=None,
        ),
    )
)

IPNS = (
    dish("webhook_first", "the webhook comes before the purchase's answer", BUYS, "notice_first"),
    dish(
        "ipn_first", "an IPN comes before the payment's answer", "nowpayments.create_payment", "notice_first"
    ),
    *(
        dish(f"ipn_{variant}", line, IPN, "ipn_variant", variant=variant, count=None)
        for variant, line in (
            ("small_floats", "fees like 0.0000021 and 1e-7"),
            ("non_ascii", "a description beyond ASCII, with a slash and quotes"),
            ("nested_fee", "objects within objects, keys in no order"),
            ("null_order_id", "`order_id` null"),
            ("arrays", "`payment_extra_ids` and objects in arrays"),
            ("epoch_millis", "all times as epoch milliseconds"),
            ("iso_dates", "the older body: ISO times, no fee"),
            ("child", "a repeated deposit's own IPN, with `parent_payment_id`, before each"),
            ("payout", "an IPN of a payout before each: `id` and `status`, no payment"),
        )
    ),
)

MAILS = (
    dish(
        "mail_429",
        "Resend: 429 with Retry-After",
        "resend.send",
        "status",
        retry_after=1,
        **_error(429, "rate_limit_exceeded"),
    ),
    dish(
        "mail_500",
        "Resend: 500; nothing was sent",
        "resend.send",
        "status",
        **_error(500, "application_error"),
    ),
    dish(
        "mail_500_after",
        "Resend: 500, though it was sent",
        "resend.send",
        "status",
        after=True,
        **_error(500, "application_error"),
    ),
    dish(
        "mail_reply_lost",
        "Resend: accepted, then the connection is reset",
        "resend.send",
        "drop_after_effect",
    ),
)
