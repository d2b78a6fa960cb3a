"""NOWPayments: opens payments, reads them, and believes only notices that it signed (PROVIDERS.md §3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from bitloot import strict_json
from bitloot.answer import Answer
from bitloot.errors import Ambiguous, BitLootError, Malformed, Permanent
from bitloot.fetch import Fetch, Gate, path_part
from bitloot.gateways.base import OtherNews, PaymentNews, PaymentOpened, PaymentRequest
from bitloot.gateways.ipn_signature import SIGNATURE_HEADER, prove
from bitloot.gateways.nowpayments_fields import opened, other_news, payment_news

__all__ = ["NowPayments"]


class NowPayments:
    """`base_url` ends in /v1. Sandbox and production have separate keys and IPN secrets."""

    name = "nowpayments"

    def __init__(
        self,
        base_url: str,
        api_key: SecretStr,
        ipn_secret: SecretStr,
        *,
        previous_secret: SecretStr | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._fetch = Fetch(
            base_url,
            name=self.name,
            headers={"x-api-key": api_key},
            max_bytes=256 * 1024,
            classify=_classify,
            gate=gate,
        )
        self._ipn_secret = ipn_secret
        self._previous_secret = previous_secret or SecretStr("")

    def create_payment(self, request: PaymentRequest) -> PaymentOpened:
        """Opens a payment. There is no idempotency key: after Ambiguous just open another (PROVIDERS.md §3.2)."""
        answer = self._fetch.post(
            "/payment",
            json={
                "price_amount": request.price,
                "price_currency": request.currency,
                "pay_currency": request.pay_currency,
                "order_id": request.order_id,
                "order_description": request.description,
                "ipn_callback_url": request.ipn_url,
            },
        )
        try:
            return opened(answer.json(), request)
        except Malformed as error:
            code = error.code
        raise answer.unreadable(code)

    def read_payment(self, payment_id: str) -> PaymentNews:
        """Asks where a payment stands; needs the API key that opened it. Ambiguous on a status nobody knows."""
        answer = self._fetch.get(f"/payment/{path_part(payment_id)}")
        try:
            news = payment_news(answer.json(), proof=None)
        except Malformed as error:
            code = error.code
        else:
            if news.payment_id == payment_id:
                return news
            code = "another_payment"
        raise _unreadable(answer, code)

    def parse_ipn(self, headers: Mapping[str, str], body: bytes) -> PaymentNews | OtherNews:
        """Believes `body` only by its signature. Raises BadSignature, or Malformed for what was signed in vain."""
        secret, previous = self._ipn_secret.get_secret_value(), self._previous_secret.get_secret_value()
        return self.reread_ipn(body, prove(headers.get(SIGNATURE_HEADER), body, secret, previous))

    def reread_ipn(self, body: bytes, proof: str) -> PaymentNews | OtherNews:
        """Raises Malformed."""
        content = strict_json.loads(body)
        return other_news(content) or payment_news(content, proof)

    def health(self) -> None:
        """Raises unless the gateway answers; a wrong API key shows only in real calls."""
        answer = self._fetch.get("/status")
        content: Any = answer.json()
        if not isinstance(content, dict) or content.get("message") != "OK":
            raise answer.unreadable("not OK")


def _classify(answer: Answer) -> BitLootError | None:
    """Gives a refusal the provider's own name, such as `amount_minimal_error`; 403 is a bad key (§3.1)."""
    named = answer.word("code") if answer.status in (400, 422) else None
    return Permanent(f"nowpayments: refused ({named})", code=named.lower()) if named else None


def _unreadable(answer: Answer, code: str) -> BitLootError:
    if code == "unknown_status":
        return Ambiguous("nowpayments: the payment has a status that we do not know", code=code)
    return answer.unreadable(code)
