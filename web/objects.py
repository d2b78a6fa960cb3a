"""The directory store's signed links: sealed bytes for whoever holds one."""

from __future__ import annotations

from falcon import Request, Response
from pydantic import BaseModel, Field

from bitloot.errors import Permanent
from bitloot.shop import Shop
from bitloot.tokens import BadToken
from web.auth import not_found
from web.describe import describe
from web.errors import Problem

__all__ = ["Objects"]


class Signed(BaseModel):
    expires: int = Field(ge=0, le=2**53, description="Unix time.")
    signature: str


class Objects:
    """Serves only what a link was signed for, and only ever sealed."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    @describe(
        "A sealed object, by its signed link",
        who="anyone",
        tag="fulfillment",
        query=Signed,
        answers={200: "application/octet-stream"},
        codes={400: ["bad_request"], 403: ["bad_token", "expired_token"]},
        refusals=[400, 403, 404, 503],
    )
    def on_get(self, req: Request, resp: Response, name: str) -> None:
        expires = req.get_param_as_int("expires", required=True, min_value=0, max_value=2**53)
        signature = req.get_param("signature", required=True)
        try:
            self._shop.tokens.check_path(f"/objects/{name}", expires, signature)
        except BadToken as error:
            raise Problem(403, error.code, "This link does not open this object, or no longer.") from None
        try:
            resp.data = self._shop.store.get(name)
        except Permanent:
            raise not_found() from None
        resp.content_type = "application/octet-stream"
        resp.downloadable_as = name.rpartition("/")[2]
