// Orders: the list that every question begins with.

import { KINDS } from "/assets/admin/cases.js";
import { list } from "/assets/admin/list.js";
import { opens } from "/assets/admin/table.js";
import { ago } from "/assets/admin/times.js";
import { chip, money, short } from "/assets/admin/words.js";

export const STATES = "created paid waiting ready fulfilled expired review failed refund_due refunded".split(" ");

const things = (items) => items.map((item) => (item.quantity > 1 ? `${item.quantity} × ${item.name}` : item.name)).join(", ");

export const orders = list({
  title: "Orders",
  about: "Where every order stands. One that waits for a person has an open case.",
  path: "/admin/orders",
  filters: [
    { name: "q", label: "Id or mail", hint: "Any id, or how a mail begins", wide: true },
    { name: "state", label: "State", options: STATES },
    { name: "openCase", label: "Open case", options: [["true", "with one"], ["false", "without"]] },
    { name: "since", label: "Placed", kind: "period" },
    { name: "held", label: "On hold", options: [["true", "held"], ["false", "not held"]], more: true },
    { name: "caseKind", label: "Kind of case", options: KINDS, more: true },
    { name: "supplier", label: "Supplier", options: ["kinguin", "reservations", "pool"], more: true },
    { name: "gateway", label: "Gateway", options: ["nowpayments"], more: true },
    { name: "payCurrency", label: "Coin", hint: "btc", more: true },
    { name: "priceFrom", label: "Price from", more: true },
    { name: "priceTo", label: "Price to", more: true },
    { name: "until", label: "Placed before", kind: "moment", more: true },
  ],
  exports: true,
  usual: "-createdAt",
  columns: [
    { head: "Order", cell: (row) => opens(`/console/orders/${row.id}`, short(row.id)) },
    { head: "State", cell: (row) => [chip(row.state), row.hold && chip("on hold", "warn"), row.openCases > 0 && chip(row.openCases > 1 ? `${row.openCases} cases` : "case", "warn")] },
    { head: "Buyer", wide: true, cell: (row) => row.email },
    { head: "What", wide: true, cell: (row) => things(row.items) },
    { head: "Price", num: true, cell: (row) => money(row.price, row.currency) },
    { head: "Payment", cell: (row) => chip(row.paymentState) },
    { head: "Placed", sort: "createdAt", cell: (row) => ago(row.createdAt) },
    { head: "Moved", cell: (row) => ago(row.movedAt) },
  ],
  key: (row) => row.id,
  address: (row) => `/console/orders/${row.id}`,
  empty: "No order was placed yet.",
  hears: (event) => Boolean(event.order),
});
