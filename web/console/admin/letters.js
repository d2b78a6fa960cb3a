// Letters: what was written to buyers, and what became of it. Never what they say, which holds a right.

import { list } from "/assets/admin/list.js";
import { opens } from "/assets/admin/table.js";
import { ago } from "/assets/admin/times.js";
import { chip, orderLink, titled } from "/assets/admin/words.js";

export const letters = list({
  title: "Letters",
  about: "Every letter to a buyer, how often it was tried, and what the mail provider says became of it.",
  path: "/admin/letters",
  filters: [
    { name: "kind", label: "Kind", options: ["order_received", "payment_confirmed", "underpaid", "cannot_deliver", "keys_ready", "refund", "guest_code"] },
    { name: "state", label: "State", options: ["kept", "sending", "sent", "failed"] },
    { name: "fate", label: "Fate", options: ["delivered", "delayed", "bounced", "complained"] },
    { name: "since", label: "Written", kind: "period" },
    { name: "recipient", label: "To", hint: "Mail address", wide: true },
    { name: "orderId", label: "Order", hint: "Order id", more: true },
    { name: "until", label: "Written before", kind: "moment", more: true },
  ],
  exports: true,
  columns: [
    { head: "Letter", cell: (row) => opens(`/console/orders/${row.orderId}`, titled(row.kind)) },
    { head: "State", cell: (row) => chip(row.state) },
    { head: "Fate", cell: (row) => chip(row.fate) },
    { head: "To", wide: true, cell: (row) => row.recipient },
    { head: "Order", cell: (row) => orderLink(row.orderId) },
    { head: "Tries", num: true, cell: (row) => String(row.attempts) },
    { head: "Written", cell: (row) => ago(row.createdAt) },
  ],
  key: (row) => row.id,
  address: (row) => `/console/orders/${row.orderId}`,
  empty: "No letter was written yet.",
  hears: (event) => event.type.startsWith("admin:job") || event.type.startsWith("fulfillment:"),
});
