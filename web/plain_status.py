"""Where an order stands, for browsers without JavaScript: asked with the order's mail address, told in one sentence."""

from __future__ import annotations

import html
import uuid
from collections.abc import Mapping
from string import Template
from urllib.parse import parse_qs

from falcon import Request, Response

from bitloot.settings import Settings
from bitloot.states import OrderState
from db.order_facts import OrderFacts, order_facts
from web.body import read_body
from web.deadline import database
from web.describe import describe
from web.errors import Problem
from web.fulfilment import problem_of
from web.guests import order_for
from web.pages import HTML, File, OrderPage
from web.tries import limit_address

__all__ = ["PROBLEMS", "TEXTS", "PlainOrderPage", "order_policy"]

#: As web/console/order.js says it.
TEXTS: Mapping[OrderState, str] = {
    OrderState.CREATED: "Waiting for your payment",
    OrderState.PAID: "Paid. Thank you!",
    OrderState.WAITING: "Your keys are being bought",
    OrderState.READY: "Your keys are on their way",
    OrderState.FULFILLED: "Your keys are here",
    OrderState.EXPIRED: "This order has expired",
    OrderState.REVIEW: "We are looking at your payment",
    OrderState.FAILED: "Something went wrong at our supplier",
    OrderState.REFUND_DUE: "You get your money back",
    OrderState.REFUNDED: "Refunded",
}

#: In place of what is said of failed orders and those in review, where more is known.
PROBLEMS: Mapping[str, str] = {
    "underpaid": "A part of the payment is missing",
    "partly": "Not all of it could be bought",
    "sold_out": "Sold out at our supplier",
}

UNKNOWN = "No such order for this address"

#: A form with one address is shorter than this (bytes).
MAX_FORM = 4096


class PlainOrderPage(OrderPage):
    """GET is the static page; its form, which only browsers without JavaScript show, comes back here."""

    def __init__(self, page: File, plain: File, settings: Settings) -> None:
        super().__init__(page)
        self._plain = Template(plain.data.decode())
        self._settings = settings
        self._policy = order_policy(page.policy, settings.store_origin)

    @describe("An order's page", who="anyone", tag="pages", answers=HTML, refusals=[])
    def on_get(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:  # type: ignore[override]
        super().on_get(req, resp, order_id)
        resp.set_header("Content-Security-Policy", self._policy)

    @describe(
        "Where an order stands, as a page",
        who="anyone",
        tag="fulfillment",
        answers={200: "text/html"},
        codes={400: ["bad_form"], 415: ["not_a_form"]},
        refusals=[400, 413, 415, 429, 503],
    )
    def on_post(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        with database():
            limit_address(req, self._settings)
            order = order_for(order_id, _email_of(req))
            facts = order_facts(order_id) if order is not None else None
        headline = UNKNOWN if facts is None else _headline(facts)
        explanation = f"Order {str(order_id)[:8]}, as it stands now."
        told = self._plain.substitute(headline=html.escape(headline), explanation=html.escape(explanation))
        resp.content_type = "text/html; charset=utf-8"
        resp.set_header("Content-Security-Policy", self._policy)
        resp.data = told.encode()


def _headline(facts: OrderFacts) -> str:
    return PROBLEMS.get(problem_of(facts) or "", TEXTS[facts.order.state])


def _email_of(req: Request) -> str:
    if (req.content_type or "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise Problem(415, "not_a_form", "Send the page's own form.")
    try:
        fields = parse_qs(read_body(req, MAX_FORM).decode("utf-8", "replace"), max_num_fields=5)
    except ValueError:
        raise Problem(400, "bad_form", "Send the page's own form.") from None
    return fields.get("email", [""])[0]


def order_policy(policy: str, store: str) -> str:
    """This page alone sends a form, to itself, and fetches from the store, whose objects are sealed."""
    own = policy.replace("form-action 'none'", "form-action 'self'")
    return own.replace("connect-src 'self'", f"connect-src 'self' {store}".rstrip())
