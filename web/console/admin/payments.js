// Payments at the gateway, and one of them with all that was told about it.

import { ask } from "/assets/admin/house.js";
import { list } from "/assets/admin/list.js";
import { make, refill } from "/assets/admin/make.js";
import { opens, table } from "/assets/admin/table.js";
import { ago } from "/assets/admin/times.js";
import { chip, copyButton, facts, money, orderLink, plain } from "/assets/admin/words.js";

const STATES = "waiting confirming confirmed sending finished partially_paid failed refunded expired".split(" ");
const hears = (event) => event.type.startsWith("payment:") || event.type === "webhook:received";

export const payments = list({
  title: "Payments",
  about: "What the gateway says of each payment. Nothing is bought before it has confirmed it to our own question, or a person has accepted it.",
  path: "/admin/payments",
  filters: [
    { name: "state", label: "State", options: STATES },
    { name: "confirmed", label: "Confirmed", options: [["true", "by the gateway"], ["false", "not yet"]] },
    { name: "since", label: "Created", kind: "period" },
    { name: "paymentId", label: "Gateway’s id", hint: "Payment id there", wide: true },
    { name: "payCurrency", label: "Coin", hint: "btc", more: true },
    { name: "payAddress", label: "Pay address", more: true, wide: true },
    { name: "orderId", label: "Order", hint: "Order id", more: true, wide: true },
    { name: "until", label: "Created before", kind: "moment", more: true },
  ],
  exports: true,
  columns: [
    { head: "Payment", cell: (row) => opens(`/console/payments/${row.id}`, row.gatewayPaymentId) },
    { head: "State", cell: (row) => chip(row.state) },
    { head: "Order", cell: (row) => orderLink(row.orderId) },
    { head: "Order is", cell: (row) => chip(row.orderState) },
    { head: "Price", num: true, cell: (row) => money(row.price, row.currency) },
    { head: "Asked", num: true, cell: (row) => money(row.payAmount, row.payCurrency) },
    { head: "Paid", num: true, cell: (row) => money(row.actuallyPaid, row.payCurrency) },
    { head: "Confirmed", cell: (row) => ago(row.confirmedAt) },
    { head: "Created", sort: "createdAt", cell: (row) => ago(row.createdAt) },
  ],
  usual: "-createdAt",
  key: (row) => row.id,
  address: (row) => `/console/payments/${row.id}`,
  empty: "No payment was begun yet.",
  hears,
});

const NOTICES = {
  caption: "Notices about this payment",
  columns: [
    { head: "Notice", cell: (row) => opens(`/console/webhook-logs/${row.id}`, plain(row.event)) },
    { head: "Proof", cell: (row) => chip(row.verdict) },
    { head: "Repeats", num: true, cell: (row) => String(row.repeats) },
    { head: "Received", cell: (row) => ago(row.receivedAt) },
  ],
  key: (row) => row.id,
  address: true,
};

export async function payment({ params }) {
  const body = make("div");
  async function look() {
    const found = await ask(`/admin/payments/${params.id}`);
    const { notices } = found;
    refill(
      body,
      make("header", { class: "head" }, make("p", { class: "crumb" }, make("a", { href: "/console/payments" }, "Payments")),
        make("h1", { tabindex: "-1" }, `Payment ${found.gatewayPaymentId}`), make("p", { class: "chips" }, chip(found.state), copyButton(found.gatewayPaymentId, "payment id"))),
      make("section", { class: "card" }, facts({
        Order: orderLink(found.orderId), "Order is": chip(found.orderState), Gateway: found.gateway,
        Price: money(found.price, found.currency), Asked: money(found.payAmount, found.payCurrency),
        Paid: found.actuallyPaid ? money(found.actuallyPaid, found.payCurrency) : "nothing yet", "Pay address": make("code", {}, found.payAddress),
        Memo: found.payinExtraId, "Quote holds until": found.validUntil && ago(found.validUntil), "Told by notice": found.toldAt && ago(found.toldAt),
        "Confirmed by the gateway": found.confirmedAt && ago(found.confirmedAt), "Asked again": found.pollAt && ago(found.pollAt), Created: ago(found.createdAt),
      })),
      make("h2", {}, "What we were told"),
      notices.length ? make("div", { class: "card flush" }, table({ ...NOTICES, rows: notices })) : make("div", { class: "empty" }, make("p", {}, "No notice named this payment.")),
    );
    return found;
  }
  const found = await look();
  return { title: `Payment ${found.gatewayPaymentId}`, nodes: [body], again: () => look().catch(() => {}), hears };
}
