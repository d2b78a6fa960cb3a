// One order: where it stands, what may be done, what it is made of, and all that happened to it.

import { actions } from "/assets/admin/actions.js";
import { ask } from "/assets/admin/house.js";
import { make, refill } from "/assets/admin/make.js";
import { table } from "/assets/admin/table.js";
import { timeline } from "/assets/admin/timeline.js";
import { tell } from "/assets/admin/told.js";
import { ago } from "/assets/admin/times.js";
import { chip, copyButton, facts, idLink, idText, money, plain, short, titled } from "/assets/admin/words.js";

const MOST_TOLD = 4; // figures of a case beside its order; its own page has all

const STEPS = ["created", "paid", "waiting", "ready", "fulfilled"];

function steps(state) {
  const place = STEPS.indexOf(state);
  if (place < 0) return null;
  return make("ol", { class: "steps", "aria-label": "Progress" }, STEPS.map((step, n) => {
    const done = n < place || state === "fulfilled";
    return make("li", { class: done ? "done" : n === place ? "now" : null, "aria-current": n === place ? "step" : null }, step);
  }));
}

function part(title, rows, columns, empty) {
  const told = rows.length ? make("div", { class: "card flush" }, table({ caption: title, columns, rows, key: (row) => row.id })) : make("p", { class: "soft" }, empty);
  return make("section", { class: "part" }, make("h2", {}, title), told);
}

const PAYMENTS = [
  { head: "Payment", cell: (row) => idLink(`/console/payments/${row.id}`, row.gatewayPaymentId) },
  { head: "State", cell: (row) => chip(row.state) },
  { head: "Asked", num: true, cell: (row) => money(row.payAmount, row.payCurrency) },
  { head: "Paid", num: true, cell: (row) => money(row.actuallyPaid, row.payCurrency) },
  { head: "Confirmed", cell: (row) => ago(row.confirmedAt) },
];

const PURCHASES = [
  { head: "Bought", cell: (row) => make("a", { href: `/console/reservations/${row.id}` }, `${row.quantity} × ${row.name}`) },
  { head: "State", cell: (row) => [chip(row.state), row.why && make("div", { class: "soft" }, row.why)] },
  { head: "Supplier", cell: (row) => row.supplier },
  { head: "Reference", cell: (row) => idText(row.supplierRef || row.purchaseRef) },
  { head: "Keys", num: true, cell: (row) => `${row.keysStored} of ${row.keysExpected}` },
  { head: "Moved", cell: (row) => ago(row.movedAt) },
];

const LETTERS = [
  { head: "Letter", cell: (row) => make("strong", {}, titled(row.kind)) },
  { head: "State", cell: (row) => chip(row.state) },
  { head: "Fate", cell: (row) => chip(row.fate) },
  { head: "Tries", num: true, cell: (row) => String(row.attempts) },
  { head: "Written", cell: (row) => ago(row.createdAt) },
];

const CASES = [
  { head: "Case", cell: (row) => make("a", { href: `/console/cases/${row.id}` }, titled(row.kind)) },
  { head: "State", cell: (row) => chip(row.state) },
  { head: "Resolved as", cell: (row) => (row.resolution ? plain(row.resolution) : "–") },
  { head: "Opened", cell: (row) => ago(row.openedAt) },
];

const LINES = [
  { head: "Line", num: true, cell: (row) => String(row.position) },
  { head: "Product", wide: true, cell: (row) => make("strong", {}, row.name) },
  { head: "Quantity", num: true, cell: (row) => String(row.quantity) },
  { head: "Each", num: true, cell: (row) => row.unitPrice },
  { head: "From", cell: (row) => row.supplier },
];

function head(order) {
  return make(
    "header",
    { class: "head" },
    make("p", { class: "crumb" }, make("a", { href: "/console/orders" }, "Orders")),
    make("h1", { tabindex: "-1" }, `Order ${short(order.id)}`),
    make("p", { class: "chips" }, chip(order.state), order.hold && chip(`on hold: ${order.hold}`, "warn"), copyButton(order.id, "id")),
    steps(order.state),
  );
}

const TIMES = ["never", "once", "twice"];

function keysOf(found) {
  const stored = found.keys.length === 1 ? "1 key, sealed and stored" : `${found.keys.length} keys, sealed and stored`;
  if (!found.keys.length) return "none yet";
  if (found.right.withdrawn) return `withdrawn: ${plain(found.right.withdrawn)}`;
  return found.hasKeys ? `${stored}; shown ${TIMES[found.right.reveals] || `${found.right.reveals} times`}` : "destroyed";
}

function factsOf(found) {
  return facts({
    Buyer: found.email, Price: money(found.price, found.currency), "Paid in": found.payCurrency.toUpperCase(), Keys: keysOf(found),
    Placed: ago(found.createdAt), Moved: ago(found.movedAt), "Looked at again": found.dueAt && ago(found.dueAt),
    Audit: make("a", { href: `/console/key-audit?orderId=${found.id}` }, "Who looked"), Webhooks: make("a", { href: `/console/webhook-logs?orderId=${found.id}` }, "What was told"),
    Id: make("code", {}, found.id),
  });
}

// An open case: what it asks, the figures that tell it, and the way to its answer.
function question(one) {
  const known = one.told.filter(({ label }) => !label.endsWith("reference"));
  const told = known.slice(0, MOST_TOLD).map(({ label, text }) => (label === "Why" ? text : `${label} ${text}`));
  return make("div", { class: "callout ask" },
    make("p", {}, make("strong", {}, titled(one.kind)), told.length > 0 && ` · ${told.join(" · ")}`),
    make("a", { class: "button small", href: `/console/cases/${one.id}`, data: { mark: `answer-${one.id}` } }, "Answer the case"));
}

function callouts(found) {
  return [
    found.held && make("p", { class: "callout" }, `Held by ${found.held.by}, `, ago(found.held.since), `: ${found.held.why}`),
    ...found.cases.filter((one) => one.state === "open").map(question),
  ];
}

function told(found, line, after) {
  const lines = LINES.map((column) => (column.head === "Each" ? { ...column, cell: (row) => money(row.unitPrice, found.currency) } : column));
  return [
    head(found),
    ...callouts(found),
    make("div", { class: "split" }, make("section", { class: "card", "aria-label": "Facts" }, factsOf(found)), actions(found, after)),
    timeline(line.data, line.truncated),
    part("Lines", found.lines, lines, "No lines."),
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
    const path = `/admin/orders/${params.id}`;
    const [found, line] = await Promise.all([ask(path), ask(`${path}/timeline`)]);
    refill(body, ...told(found, line, look));
    if (state && state !== found.state) tell(`The order is now ${plain(found.state)}.`);
    state = found.state;
  }
  await look();
  return { title: `Order ${short(params.id)}`, nodes: [body], again: () => look().catch(() => {}), hears: (event) => event.order === params.id };
}
