"""Buyers whose link is gone: the address of the order, and a code by mail."""

from __future__ import annotations

import hmac
import uuid

from falcon import Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from actors.courier import post
from actors.write_letter import write_letter
from bitloot.shop import Shop
from db import Order
from db.base import transaction
from db.guest_codes import take_code
from db.letters_due import ask_letter
from db.rights import renew_reveals, right_of
from db.tries import count_try
from web.answers import Ok, answer
from web.auth import Viewer
from web.body import read_model
from web.deadline import database
from web.describe import describe
from web.errors import Problem
from web.record import record, record_refusal
from web.session import SessionView, session_for
from web.tries import limit_address

__all__ = ["GuestCode", "GuestSession", "order_for"]

#: Codes that one order is mailed within a while (seconds), at most.
MOST_CODES, WHILE = 3, 900.0

GUEST = Viewer("guest")


class Guest(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True)

    email: str = Field(min_length=3, max_length=254)


class GuestWithCode(Guest):
    code: str = Field(min_length=8, max_length=20, description="Eight digits; spaces do not count.")


class GuestCode:
    """Mails a code to the order's own address. The answer says nothing: neither of the order nor of the address."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    @describe(
        "Ask for a code by mail",
        who="anyone",
        tag="fulfillment",
        body=Guest,
        answers={202: Ok},
        refusals=[400, 413, 415, 422, 429, 503],
    )
    def on_post(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        email = read_model(req, Guest).email
        due = None
        with database():
            limit_address(req, self._shop.settings)
            order = order_for(order_id, email)
            told = {"order": str(order_id)}
            if order is not None and count_try(f"codes:{order_id}", MOST_CODES, WHILE) is None:
                with transaction():
                    due = ask_letter(order_id, "guest_code")
                    record(req, GUEST, order_id, "guest_code", "granted", told)
            else:
                record_refusal(req, GUEST, order.id if order else None, "guest_code", told)
        if due is not None:
            post(write_letter, str(due))
        answer(resp, Ok(), 202)


class GuestSession:
    """Exchanges the code for a session, and renews what was used up: whoever reads the mail is the buyer."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    @describe(
        "Exchange a mailed code for an access token",
        who="anyone",
        tag="fulfillment",
        body=GuestWithCode,
        answers={201: SessionView},
        codes={401: ["bad_code"]},
        refusals=[400, 401, 413, 415, 422, 429, 503],
    )
    def on_post(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        told = read_model(req, GuestWithCode)
        digest = self._shop.tokens.code_digest(order_id, "".join(told.code.split()))
        with database():
            limit_address(req, self._shop.settings)
            order = order_for(order_id, told.email)
            if order is None or not self._taken(req, order_id, digest):
                asked = {"order": str(order_id)}
                record_refusal(req, GUEST, order.id if order else None, "guest_session", asked)
                raise Problem(401, "bad_code", "This code does not open this order, or no longer.")
            generation = right_of(order_id).generation
        answer(resp, session_for(self._shop, order_id, generation), 201)

    def _taken(self, req: Request, order_id: uuid.UUID, digest: str) -> bool:
        """Whether the code was right. Used up, what it renews, and its record in one commit: or it is good still."""
        with transaction():
            good = take_code(order_id, digest)
            if good:
                renew_reveals(order_id)
                record(req, GUEST, order_id, "guest_session", "granted", {"order": str(order_id)})
        return good


def order_for(order_id: uuid.UUID, email: str) -> Order | None:
    """The order, if it was placed with this address."""
    order = Order.find(order_id)
    known = (order.email if order is not None else "nobody@invalid").casefold().encode()
    same = hmac.compare_digest(known, email.strip().casefold().encode())
    return order if same else None
