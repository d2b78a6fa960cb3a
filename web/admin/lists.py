"""Every list of admins on one screen."""

from __future__ import annotations

from bitloot.shop import Shop
from db.access_list import ACCESSES
from db.cases import CASES
from db.jobs import JOBS
from db.letter_list import LETTERS
from db.notice_list import NOTICES
from db.order_list import ORDERS
from db.payment_list import PAYMENTS
from db.product_list import PRODUCTS
from db.purchase_list import PURCHASES
from web.admin.answers import Access, Notice, Reservation
from web.admin.case_answers import CaseView, case_view
from web.admin.job_answers import Job
from web.admin.listing import AdminExport, AdminList, Told
from web.admin.payments import AdminPayment
from web.admin.queries import (
    AccessesQuery,
    CaseQuery,
    JobQuery,
    LetterQuery,
    NoticeQuery,
    OrderQuery,
    PaymentQuery,
    ProductQuery,
    ReservationQuery,
)
from web.admin.reservations import OneReservation
from web.admin.row_answers import LetterRow, OrderRow, PaymentRow, ProductRow
from web.admin.streams import Exports
from web.auth import OWNER, Gate
from web.openapi import Route

__all__ = ["LISTS", "list_routes"]

LISTS = (
    Told("Orders", ORDERS, OrderQuery, OrderRow),
    Told("Payments", PAYMENTS, PaymentQuery, PaymentRow),
    Told("Purchases", PURCHASES, ReservationQuery, Reservation),
    Told("IPNs and webhooks", NOTICES, NoticeQuery, Notice),
    Told("Dead jobs", JOBS, JobQuery, Job),
    Told("Cases", CASES, CaseQuery, CaseView, view=case_view),
    Told("Letters", LETTERS, LetterQuery, LetterRow),
    Told("Products", PRODUCTS, ProductQuery, ProductRow),
    Told("Who looked at keys, or did anything else", ACCESSES, AccessesQuery, Access, export_roles=OWNER),
)


def list_routes(shop: Shop, gate: Gate) -> list[Route]:
    """Each list and its export, and one row in full where nothing else shows it."""
    exports = Exports()
    found: list[Route] = [
        ("/admin/payments/{payment_id:uuid}", AdminPayment(gate)),
        ("/admin/reservations/{purchase_id:uuid}", OneReservation(shop, gate)),
    ]
    for told in LISTS:
        path = f"/admin/{told.listing.name}"
        found += [(path, AdminList(gate, told)), (f"{path}/export", AdminExport(gate, told, exports))]
    return found
