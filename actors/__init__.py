"""The steps that carry an order through. The broker comes first: an actor binds to it when its module is imported."""

from actors import broker  # noqa: I001  # the order is the point
from actors import (
    alert,
    check_payment,
    check_purchase,
    clear,
    encrypt_store,
    finalize,
    mail_sign_in,
    notify,
    replay,
    reserve,
    sweep,
)
from actors import write_letter

__all__ = [
    "alert",
    "broker",
    "check_payment",
    "check_purchase",
    "clear",
    "encrypt_store",
    "finalize",
    "mail_sign_in",
    "notify",
    "replay",
    "reserve",
    "sweep",
    "write_letter",
]
