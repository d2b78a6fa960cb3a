"""What the stand-ins are and what they offer: the page at their address, and the same as JSON for programs."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

import falcon
from falcon import Request, Response

from web.standins.answers import say
from web.standins.menu import MENU

__all__ = ["CONTROL", "PROVIDERS", "add_front"]

#: (address, whom it plays).
PROVIDERS = (
    ("/nowpayments/v1", "NOWPayments: payments, and signed IPNs to the shop"),
    ("/kinguin", "Kinguin’s eCommerce API: products, orders, keys, webhooks"),
    ("/reservations-api", "the reservation dialect: reserve, give, delivered, webhooks"),
    ("/resend", "Resend: mails, each once by its idempotency key"),
)

#: (method, address, what it does); docs/standins.md has the bodies.
CONTROL = (
    ("GET", "/control/nowpayments/payments", "every payment that was opened"),
    (
        "POST",
        "/control/nowpayments/payments/{id}/pay",
        "money arrives: {amount?, status?, currency?, steps?, wait?}",
    ),
    ("POST", "/control/nowpayments/payments/{id}/ipn", "IPNs now, also forged ones"),
    ("GET", "/control/kinguin/orders", "every order that Kinguin took"),
    ("POST", "/control/kinguin/orders/{id}/webhook", "a webhook now"),
    ("POST", "/control/kinguin/orders/{id}/move", "the supplier changes its mind"),
    ("POST", "/control/kinguin/balance", "the money on our account there"),
    ("GET", "/control/reservations", "every reservation; …/{id}/webhook and …/{id}/move as above"),
    ("POST", "/control/bearers/revoke", "the dialect’s tokens are useless at once"),
    ("GET", "/control/faults", "the faults that are set, and how often each bit"),
    ("POST", "/control/faults", 'a fault by its name: {"name": "429", "share": 0.2}'),
    ("DELETE", "/control/faults", "no more faults"),
    ("GET", "/control/faults/menu", "every fault by name"),
    ("GET", "/control/charges", "what was charged; more than 1 a line is a key bought twice"),
    ("GET", "/control/mail", "letters, whole"),
    ("GET", "/control/mails", "how many mails were accepted under each idempotency key"),
    ("GET", "/control/keys", "every key handed out, in plain"),
    ("GET", "/control/notices", "every try of an IPN or webhook, with the shop’s answer"),
    ("GET", "/control/bites", "how often each fault bit"),
    ("GET", "/control/ledger", "all that had an effect"),
    ("GET", "/control/stats", "counts of it"),
    ("POST", "/control/config", "knobs: delivery_seconds, webhooks, …"),
    ("POST", "/control/reset", "forget everything but the ledger"),
)

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2.5rem auto; padding: 0 1.25rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; }
td { border-top: 1px solid #8885; padding: 0.35rem 1rem 0.35rem 0; vertical-align: top; overflow-wrap: anywhere; }
td:first-child { white-space: nowrap; }
code { font-family: ui-monospace, monospace; font-size: 0.92em; }
pre { overflow-x: auto; border: 1px solid #8885; border-radius: 0.5rem; padding: 0.75rem 1rem; }
@media (max-width: 40rem) { tr { display: block; padding: 0.4rem 0; border-top: 1px solid #8885; }
  td { display: block; border: 0; padding: 0; } }
"""

ABOUT = (
    "These play the providers for development: no money moves, no letter leaves. Everything under"
    " <code>/control</code> answers on this machine only, in JSON; docs/standins.md describes it."
)


def add_front(app: falcon.App[Any, Any]) -> None:
    front = Front()
    app.add_route("/", front)
    app.add_route("/control", front)


class Front:
    def on_get(self, req: Request, resp: Response) -> None:
        if "text/html" not in req.accept:
            control = [{"method": method, "path": path, "does": does} for method, path, does in CONTROL]
            plays = [{"path": path, "plays": plays} for path, plays in PROVIDERS]
            say(resp, 200, {"standins": plays, "control": control})
            return
        resp.content_type = "text/html; charset=utf-8"
        resp.text = _page(f"{req.scheme}://{req.host}:{req.port}")


def _page(address: str) -> str:
    control = [(f"{method} {path}", does) for method, path, does in CONTROL]
    faults = [(dish.name, dish.line) for dish in MENU.values()]
    example = f'curl -X POST {address}/control/faults -d \'{{"name": "accepted_reset"}}\''
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>BitLoot’s stand-ins</title><style>{STYLE}</style></head><body>"
        f"<h1>BitLoot’s stand-ins</h1><p>{ABOUT}</p>"
        f"<h2>Whom they play</h2>{_table(PROVIDERS)}"
        f"<h2>Control</h2>{_table(control)}"
        f"<h2>Faults</h2><p>Set one by its name; it bites once unless told otherwise:</p>"
        f"<pre>{html.escape(example, quote=False)}</pre>{_table(faults)}</body></html>"
    )


def _table(rows: Iterable[Sequence[str]]) -> str:
    lines = (
        f"<tr><td><code>{html.escape(name)}</code></td><td>{html.escape(text, quote=False)}</td></tr>"
        for name, text in rows
    )
    return f"<table>{''.join(lines)}</table>"
