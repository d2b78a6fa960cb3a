"""The reservation dialect: reserve for nothing, give for money, read what was delivered (PROVIDERS.md §7.2)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from bitloot.answer import Answer
from bitloot.errors import Ambiguous, BitLootError, Blocked, Permanent, Retryable
from bitloot.fetch import Fetch, Gate, Headers, path_part
from bitloot.moments import read_moment
from bitloot.states import SupplierStatus
from bitloot.suppliers.base import (
    Capabilities,
    Hint,
    Keys,
    Listed,
    Placed,
    Quote,
    Standing,
    SupplierKey,
    Wanted,
)
from bitloot.suppliers.bearer import ClientCredentials
from bitloot.suppliers.reservations_webhook import PROOF_HEADERS, WORDS, Verifier, read_hint, read_webhook

__all__ = ["Reservations"]

#: Seconds for a call that only reads.
READ_SECONDS = 15.0

#: Words of a reservation whose `give` was taken.
GIVEN = frozenset({"processing", "ready", "delivered"})

#: What an object has that tells of an error, whatever the status of its answer; whether it was given is then in doubt.
ERROR_NAMES = frozenset({"error", "errors", "kind", "code"})

#: A reservation that will bring no key any more.
ENDED = frozenset({SupplierStatus.CANCELED, SupplierStatus.FAILED, SupplierStatus.REFUNDED})

#: What `delivered` and the reservation itself may answer while there is nothing to tell.
_NOTHING_YET = frozenset({"not_found", "http_405", "http_409", "http_425", "http_501"})

#: A `give` that is refused like this may have been given before.
_CONFLICT = frozenset({"http_409", "out_of_stock"})


class Reservations:
    """`credentials` is None where the supplier wants no Authorization. `timeout` is seconds for a call that buys."""

    name = "reservations"
    capabilities = Capabilities(
        two_phase=True,
        lookup=False,
        duplicate_guard=False,
        inline_keys=True,
        images=False,
        listing=False,
        keys_tell=True,
    )

    def __init__(
        self,
        base_url: str,
        verifier: Verifier,
        credentials: ClientCredentials | None = None,
        *,
        timeout: float = 45,
        gate: Gate | None = None,
    ) -> None:
        reading = min(timeout, READ_SECONDS)
        self._reads = Fetch(
            base_url, name=self.name, read_timeout=reading, deadline=reading, classify=_classify, gate=gate
        )
        self._buys = Fetch(
            base_url, name=self.name, read_timeout=timeout, deadline=timeout, classify=_classify, gate=gate
        )
        self._verifier = verifier
        self._credentials = credentials

    def quote(self, product_ref: str, quantity: int) -> Quote | None:
        """The dialect has no such call; the catalog's price stands."""
        return None

    def begin(self, purchase_ref: str, wanted: Wanted) -> Placed:
        """Spends nothing, so that an Ambiguous begin may be repeated (PROVIDERS.md §7.4)."""
        wish = {"orderId": purchase_ref, "productId": wanted.product_ref, "quantity": wanted.quantity}
        answer = self._authorized(
            lambda headers: self._buys.post("/reservations", json=wish, headers=headers, harmless=True)
        )
        fields = answer.json()
        ref = fields.get("reservationId") if isinstance(fields, dict) else None
        if not isinstance(ref, str | int) or isinstance(ref, bool) or not str(ref):
            raise answer.unreadable("no reservationId")
        return Placed(
            path_part(str(ref)), _status(fields), wanted.quantity, read_moment(fields.get("createdAt"))
        )

    def commit(self, supplier_ref: str) -> Standing:
        """Spends money. A 2xx without a body, or with a JSON object that names no error, means that it was given."""
        path = f"/reservations/{path_part(supplier_ref)}/give"
        try:
            answer = self._authorized(lambda headers: self._buys.post(path, headers=headers))
        except Permanent as error:
            refusal = error
        else:
            fields = answer.json() if answer.body.strip() else {}
            if not isinstance(fields, dict):
                raise answer.unreadable("not an object")
            if _word(fields) not in WORDS and fields.keys() & ERROR_NAMES:
                raise answer.unreadable("an error under a 2xx")
            return Standing(supplier_ref, _status(fields), 0, None, read_moment(fields.get("updatedAt")))
        return self._standing_after(refusal, supplier_ref)

    def _standing_after(self, refusal: Permanent, supplier_ref: str) -> Standing:
        """A refused `give` may be the second one, after an answer that was lost. So ask before giving up."""
        try:
            standing = self.status(supplier_ref)
        except BitLootError as error:
            code = error.code
        else:
            if standing.paid:
                return standing
            if standing.status in ENDED:
                raise Permanent("reservations: the reservation is over", code="reservation_over")
            if refusal.code not in _CONFLICT:
                raise refusal
            code = "conflict"
        raise Ambiguous(f"reservations: a give was refused and may stand all the same ({code})", code=code)

    def find(self, purchase_ref: str) -> Sequence[Placed]:
        """The dialect cannot be asked by our reference; "none" would be a lie that buys twice."""
        raise Permanent("reservations: there is no search", code="unsupported")

    def orders_between(
        self, since: datetime, until: datetime, product_ref: str | None = None
    ) -> Sequence[Listed]:
        """The dialect has no list of reservations."""
        raise Permanent("reservations: there is no list", code="unsupported")

    def status(self, supplier_ref: str, expected: int | None = None) -> Standing:
        """By what was delivered; the reservation's own word, where there is one, tells how it ended without.

        Where all `expected` codes are there, its own word would change nothing, and is not asked for.
        Raises Ambiguous for a word that we do not know while nothing was delivered.
        """
        codes = self._codes(supplier_ref)
        if expected is not None and len(codes) >= expected:
            return Standing(supplier_ref, SupplierStatus.DELIVERED, len(codes), expected, paid=True)
        told = self._told(supplier_ref)
        quantity = told.get("quantity")
        expected = quantity if type(quantity) is int and quantity > 0 else None
        said = _word(told)
        word = _status(told)
        if codes:
            whole = expected is None or len(codes) >= expected
            word = SupplierStatus.DELIVERED if whole else SupplierStatus.PARTLY_DELIVERED
        elif said and said not in WORDS:
            raise Ambiguous("reservations: a status that we do not know", code="unknown_status")
        elif word is SupplierStatus.DELIVERED:
            word = SupplierStatus.PENDING  # said, but not there yet
        moment = read_moment(told.get("updatedAt"))
        paid = True if codes or said in GIVEN else False if said else None
        return Standing(supplier_ref, word, len(codes), expected, moment, paid)

    def fetch_keys(self, supplier_ref: str, expected: int) -> Keys:
        codes = self._codes(supplier_ref)
        seen: Counter[str] = Counter()
        keys = []
        for code in codes:
            keys.append(
                SupplierKey(_key_id(supplier_ref, seen[code], code), "text/plain", code.encode("utf-8"))
            )
            seen[code] += 1
        return Keys(tuple(keys), complete=len(keys) >= expected)

    def balance(self) -> tuple[Decimal, str] | None:
        """The dialect has no such call."""
        return None

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Hint:
        return read_webhook(headers, body, self._verifier)

    def reread_webhook(self, headers: Mapping[str, str], body: bytes, proof: str) -> Hint:
        return read_hint(body, proof)

    def claims(self, headers: Mapping[str, str]) -> bool:
        return any(name in headers for name in PROOF_HEADERS)

    def _codes(self, supplier_ref: str) -> list[str]:
        """What was delivered; empty while nothing was."""
        answer = self._read(f"/reservations/{path_part(supplier_ref)}/delivered")
        if answer is None or answer.status == 202 or not answer.body.strip():
            return []
        fields = answer.json()
        codes = fields.get("codes") if isinstance(fields, dict) else None
        if codes is None and isinstance(fields, dict):
            return []
        if not isinstance(codes, list) or not all(isinstance(code, str) and code for code in codes):
            raise answer.unreadable("no codes")
        return codes

    def _told(self, supplier_ref: str) -> Mapping[str, Any]:
        """What the reservation says of itself; empty where the supplier has no such call, whatever else is there."""
        answer = self._read(f"/reservations/{path_part(supplier_ref)}")
        try:
            fields = answer.json() if answer is not None else {}
        except Retryable:
            return {}
        return fields if isinstance(fields, dict) else {}

    def _read(self, path: str) -> Answer | None:
        """A read; None where there is nothing yet, or no such call."""
        try:
            return self._authorized(lambda headers: self._reads.get(path, headers=headers))
        except BitLootError as error:
            if error.code not in _NOTHING_YET:
                raise
        return None

    def _authorized(self, send: Callable[[Headers], Answer]) -> Answer:
        """Sends with a bearer. A 401 certainly did nothing, so with a new bearer even a POST may go once more."""
        if self._credentials is None:
            return send({})
        bearer = self._credentials.bearer()
        try:
            return send(bearer.header)
        except Blocked as error:
            if error.code != "unauthorized":
                raise
        return send(self._credentials.bearer(instead_of=bearer).header)


def _classify(answer: Answer) -> BitLootError | None:
    """402 is about our account there; a 409 may say that it is sold out. Everything else goes by its status."""
    if answer.status == 402:
        return Blocked("reservations: the account has no funds", code="insufficient_balance")
    if answer.method == "POST" and answer.status == 409 and answer.word("error") == "out_of_stock":
        return Permanent("reservations: not so many are left", code="out_of_stock")
    return None


def _word(fields: Mapping[str, Any]) -> str:
    return str(fields.get("status") or "").strip().lower()


def _status(fields: Mapping[str, Any]) -> SupplierStatus:
    """A word that we do not know says nothing: what counts here is what was delivered."""
    return WORDS.get(_word(fields), SupplierStatus.PENDING)


def _key_id(supplier_ref: str, nth: int, code: str) -> str:
    """Stable for one key. `nth` counts equal codes only: codes that come later or in another order change nothing."""
    digest = hashlib.sha256(f"{supplier_ref}\n{code}".encode()).hexdigest()
    return f"{supplier_ref}:{nth}:{digest[:16]}"
