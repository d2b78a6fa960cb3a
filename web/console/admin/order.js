// One order: where it stands, what may be done, what it is made of, and all that happened to it.

import { actions } from "/assets/admin/actions.js";
import { ask } from "/assets/admin/house.js";
import { make, refill } from "/assets/admin/make.js";
import { table } from "/assets/admin/table.js";
import { timeline } from "/assets/admin/timeline.js";
import { ago } from "/assets/admin/times.js";
import { chip, copyButton, facts, idLink, money, plain, short } from "/assets/admin/words.js";

const STEPS = ["created", "paid", "waiting", "ready", "fulfilled"];

function steps(state) {
  const place = STEPS.indexOf(state);
  if (place < 0) return null;
  return make("ol", { class: "steps", "aria-label": "Progress" }, STEPS.map((step, n) => {
    const done = n < place || state === "fulfilled";
    return make("li", { class: done ? "done" : n === place ? "now" : null, "aria-current": n === place ? "step" : null }, step);
  }));
}

function part(title, rows, columns, empty, more = {}) {
  const told = rows?.length ? make("div", { class: "card flush" }, table({ caption: title, columns, rows, key: (row) => row.id || `${row.kind}-${row.createdAt}`, ...more })) : make("p", { class: "soft" }, empty);
  return make("section", { class: "part" }, make("h2", {}, title), told);
}

const PAYMENTS = [
  { head: "Payment", cell: (row) => idLink(`/console/payments/${row.id}`, row.gatewayPaymentId || row.paymentId) },
  { head: "State", cell: (row) => chip(row.state || row.status) },
  { head: "Asked", num: true, cell: (row) => money(row.payAmount, row.payCurrency) },
  { head: "Paid", num: true, cell: (row) => money(row.actuallyPaid, row.payCurrency) },
  { head: "Confirmed", cell: (row) => ago(row.confirmedAt) },
];

const PURCHASES = [
  { head: "Bought", cell: (row) => idLink(`/console/reservations/${row.id}`, `${row.quantity} × ${row.name}`) },
  { head: "State", cell: (row) => chip(row.state) },
  { head: "Supplier", cell: (row) => row.supplier },
  { head: "Reference", cell: (row) => make("code", {}, row.supplierRef || row.purchaseRef) },
  { head: "Keys", num: true, cell: (row) => `${row.keysStored} of ${row.keysExpected}` },
  { head: "Moved", cell: (row) => ago(row.movedAt) },
];

const LETTERS = [
  { head: "Letter", cell: (row) => make("strong", {}, plain(row.kind)) },
  { head: "State", cell: (row) => chip(row.state) },
  { head: "Fate", cell: (row) => chip(row.fate) },
  { head: "Tries", num: true, cell: (row) => String(row.attempts) },
  { head: "Written", cell: (row) => ago(row.createdAt) },
];

const CASES = [
  { head: "Case", cell: (row) => idLink(`/console/cases/${row.id}`, plain(row.kind)) },
  { head: "State", cell: (row) => chip(row.state) },
  { head: "Resolved as", cell: (row) => (row.resolution ? plain(row.resolution) : "–") },
  { head: "Opened", cell: (row) => ago(row.openedAt) },
];

const LINES = [
  { head: "Line", num: true, cell: (row) => String(row.position) },
  { head: "Product", wide: true, cell: (row) => make("strong", {}, row.name) },
  { head: "Quantity", num: true, cell: (row) => String(row.quantity) },
  { head: "Each", num: true, cell: (row) => money(row.unitPrice, row.currency) },
];

function head(order) {
  return make(
    "header",
    { class: "head" },
    make("p", { class: "crumb" }, make("a", { href: "/console/orders" }, "Orders")),
    make("h1", { tabindex: "-1" }, `Order ${short(order.id)}`),
    make("p", { class: "chips" }, chip(order.state), order.hold && chip(`on hold: ${order.hold}`, "warn"), copyButton(order.id, "the order id")),
    steps(order.state),
  );
}

function told(found, events, after) {
  const { order } = found;
  const open = (found.cases || []).filter((one) => one.state === "open");
  return [
    head(order),
    open.length > 0 && make("p", { class: "callout" }, open.length === 1 ? "A person must answer: " : "Persons must answer: ", open.map((one, n) => [n ? ", " : "", make("a", { href: `/console/cases/${one.id}` }, plain(one.kind))])),
    make("div", { class: "split" },
      make("section", { class: "card", "aria-label": "Facts" }, facts({
        Buyer: order.email, Price: money(order.price, order.currency), "Paid in": (order.payCurrency || "").toUpperCase(), Placed: ago(order.createdAt), Moved: ago(order.movedAt),
        Id: make("code", {}, order.id), Audit: make("a", { href: `/console/key-audit?orderId=${order.id}` }, "Who looked"), Webhooks: make("a", { href: `/console/webhook-logs?orderId=${order.id}` }, "What was told"),
      })),
      actions(order.id, found.actions || [], after)),
    timeline(events),
    part("Lines", found.lines, LINES.map((column) => (column.head === "Each" ? { ...column, cell: (row) => money(row.unitPrice, order.currency) } : column)), "No lines."),
    part("Payments", found.payments, PAYMENTS, "No payment was begun."),
    part("Purchases", found.purchases, PURCHASES, "Nothing was bought yet."),
    part("Letters", found.letters, LETTERS, "No letter was written yet."),
    part("Cases", found.cases, CASES, "No case was opened."),
  ];
}

export async function order({ params }) {
  const body = make("div");
  let state = "";
  async function look() {
    const [found, events] = await Promise.all([ask(`/admin/orders/${params.id}`), ask(`/admin/orders/${params.id}/timeline`)]);
    refill(body, ...told(found, events.data || events.entries || events.timeline || events, look));
    if (state && state !== found.order.state) document.dispatchEvent(new CustomEvent("said", { detail: `The order is now ${plain(found.order.state)}.` }));
    state = found.order.state;
  }
  await look();
  return { title: `Order ${short(params.id)}`, nodes: [body], again: () => look().catch(() => {}), hears: (event) => event.order === params.id };
}
