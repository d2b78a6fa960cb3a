"""The edge: every route on one screen."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import falcon

from bitloot.settings import Settings
from bitloot.shop import Shop, open_shop
from web.admin.cases import CaseResolve, OneCase
from web.admin.dashboard import Dashboard
from web.admin.job_retries import JobRetries
from web.admin.jobs import JobRetry, OneJob
from web.admin.key_audit import KeyAudit
from web.admin.key_audit_export import KeyAuditExport
from web.admin.kpi import Kpis
from web.admin.lists import list_routes
from web.admin.orders import order_views
from web.admin.refused_notices import RefusedContent, RefusedNotices
from web.admin.replays import WebhookReplay, WebhookReplays
from web.admin.steering import order_acts
from web.admin.webhook_logs import WebhookContent, WebhookLog
from web.door import open_door
from web.downloads import DownloadLink
from web.error_page import ErrorPages
from web.errors import add_error_handlers
from web.fulfilment import Deliver, FulfilmentStatus
from web.grants import Grant
from web.guests import GuestCode, GuestSession
from web.health import Alive, Ready
from web.ipn import Ipn
from web.kinguin import KinguinStatus, KinguinWebhooks
from web.live import Live, RelayAddress
from web.metrics import Metrics
from web.middleware import AccessLine, RequestId, SafeHeaders, SafeResponse, Traces
from web.objects import Objects
from web.openapi import OpenApi, Route
from web.orders import OneOrder, Orders
from web.pages import ADMIN_FOLDER, Assets, ConsolePage, Page, read_folder
from web.plain_status import PlainOrderPage
from web.receipts import OrderReceipt, ReceiptPublicKeys
from web.resend import ResendWebhooks
from web.reveal import Reveal
from web.session import Session

__all__ = ["create_app", "routes"]

#: What pages of CORS_ORIGINS may read of an answer besides its body.
EXPOSED = ("Retry-After", "X-Request-Id", "Content-Disposition")


def create_app(settings: Settings, shop: Shop | None = None) -> falcon.App[Any, Any]:
    """The WSGI application. Opens no connection; the db package must be configured before the first request."""
    # In this order on the way in, in reverse on the way out.
    middleware: list[Any] = [
        RequestId(),
        Traces(),
        SafeHeaders(https=settings.public_url.startswith("https://"), cors=bool(settings.cors_origins)),
        AccessLine(),
        ErrorPages(read_folder(settings.relay_address, shop=settings.shop_name)["error.html"]),
    ]
    if settings.cors_origins:  # without credentials: pages of others act by tokens, never by our cookie
        middleware.append(falcon.CORSMiddleware(settings.cors_origins, expose_headers=EXPOSED))
    app: falcon.App[Any, Any] = falcon.App(middleware=middleware, response_type=SafeResponse)
    add_error_handlers(app)
    for path, resource in routes(shop or open_shop(settings)):
        app.add_route(path, resource)
    return app


def routes(shop: Shop) -> list[Route]:
    gate, sessions = open_door(shop)
    files = read_folder(shop.settings.relay_address, shop=shop.settings.shop_name)
    desk = read_folder(shop.settings.relay_address, ADMIN_FOLDER)
    openapi = OpenApi(shop.settings.shop_name, version("bitloot"))
    found: list[Route] = [
        ("/orders", Orders(shop)),
        ("/orders/{order_id:uuid}", OneOrder(gate)),
        ("/orders/{order_id:uuid}/receipt", OrderReceipt(shop, gate)),
        ("/receipts/public-key", ReceiptPublicKeys(shop)),
        ("/payments/ipn", Ipn(shop)),
        ("/kinguin/webhooks", KinguinWebhooks(shop)),
        ("/resend/webhooks", ResendWebhooks(shop)),
        ("/kinguin/status/{reservation_id}", KinguinStatus(shop, gate)),
        ("/fulfillment/{order_id:uuid}/status", FulfilmentStatus(shop.settings, gate)),
        ("/fulfillment/{order_id:uuid}/events", Live(shop, gate)),
        ("/fulfillment/{order_id:uuid}/download-link", DownloadLink(shop, gate)),
        ("/fulfillment/{order_id:uuid}/session", Session(shop)),
        *sessions,
        ("/fulfillment/{order_id:uuid}/code", GuestCode(shop)),
        ("/fulfillment/{order_id:uuid}/guest-session", GuestSession(shop)),
        ("/fulfillment/{order_id:uuid}/reveal", Reveal(shop, gate)),
        ("/fulfillment/{order_id:uuid}/grant", Grant(shop, gate)),
        ("/fulfillment/{order_id:uuid}/deliver", Deliver(gate)),
        ("/relay", RelayAddress(shop.settings)),
        *list_routes(shop, gate),
        ("/admin/webhook-logs/{notice_id:uuid}", WebhookLog(gate)),
        ("/admin/webhook-logs/{notice_id:uuid}/content", WebhookContent(shop, gate)),
        ("/admin/webhook-logs/{notice_id:uuid}/replay", WebhookReplay(shop, gate)),
        ("/admin/webhook-logs/replay", WebhookReplays(shop, gate)),
        ("/admin/webhook-logs/refused", RefusedNotices(gate)),
        ("/admin/webhook-logs/refused/{refused_id:uuid}", RefusedContent(shop, gate)),
        ("/admin/key-audit/{order_id:uuid}", KeyAudit(gate)),
        ("/admin/dashboard", Dashboard(shop, gate)),
        *order_views(gate),
        *order_acts(shop, gate),
        ("/admin/key-audit/{order_id:uuid}/export", KeyAuditExport(gate)),
        ("/admin/jobs/{job_id:uuid}", OneJob(gate)),
        ("/admin/jobs/{job_id:uuid}/retry", JobRetry(gate)),
        ("/admin/jobs/retry", JobRetries(gate)),
        ("/admin/kpi", Kpis(gate)),
        ("/admin/cases/{case_id:uuid}", OneCase(gate)),
        ("/admin/cases/{case_id:uuid}/resolve", CaseResolve(shop, gate)),
        ("/healthz", Alive()),
        ("/readyz", Ready(shop)),
        ("/metrics", Metrics(gate, shop)),
        ("/openapi.json", openapi),
        ("/docs", Page(files["docs.html"])),
        ("/", Page(files["index.html"])),
        ("/o/{order_id:uuid}", PlainOrderPage(files["order.html"], files["plain.html"], shop.settings)),
        ("/assets/{name}", Assets(files)),
        ("/console", console := ConsolePage(desk["index.html"])),
        ("/console/{view:path}", console),
        ("/assets/admin/{name}", Assets(desk)),
    ]
    if shop.store.name == "directory":
        found.append(("/objects/{name:path}", Objects(shop)))
    openapi.tell(found)
    return found
