// What providers told us: every IPN and webhook, and what was refused at the door.

import { ask } from "/assets/admin/house.js";
import { list } from "/assets/admin/list.js";
import { make, refill } from "/assets/admin/make.js";
import { replayMany } from "/assets/admin/replay.js";
import { mayAct } from "/assets/admin/session.js";
import { opens } from "/assets/admin/table.js";
import { ago } from "/assets/admin/times.js";
import { chip, facts, orderLink, plain, short, written } from "/assets/admin/words.js";

export const FILTERS = [
  { name: "source", label: "From", options: ["nowpayments", "kinguin", "resend"] },
  { name: "event", label: "Event", hint: "finished, order.status …" },
  { name: "outcome", label: "Outcome", hint: "moved, noted, matched …" },
  { name: "since", label: "Received", kind: "period" },
  { name: "externalId", label: "Provider's id", hint: "Payment or order id there", wide: true },
  { name: "orderId", label: "Order", hint: "Order id", wide: true, more: true },
  { name: "verdict", label: "Proof", hint: "verified …", more: true },
  { name: "until", label: "Received before", kind: "moment", more: true },
];

const PICKED = new Set(FILTERS.map((one) => one.name));

function above(question, told) {
  const filter = Object.fromEntries(Object.entries(question).filter(([name]) => PICKED.has(name)));
  const refused = make("a", { href: "/console/webhook-logs/refused" }, "Refused deliveries");
  const many = told.total > 0 && make(
    "button",
    { class: "quiet", type: "button", disabled: !mayAct(), data: { mark: "replay-many" }, on: { click: () => replayMany(filter) } },
    `Replay these ${told.total.toLocaleString()}…`,
  );
  return [make("div", { class: "tools" }, many, refused)];
}

export const notices = list({
  title: "Webhooks",
  about: "Every notice of a provider, as it came. Bodies stay sealed; a look at one is recorded.",
  path: "/admin/webhook-logs",
  filters: FILTERS,
  above,
  columns: [
    { head: "Notice", cell: (row) => opens(`/console/webhook-logs/${row.id}`, plain(row.event) || "–") },
    { head: "From", cell: (row) => row.source },
    { head: "Proof", cell: (row) => chip(row.verdict) },
    { head: "Outcome", cell: (row) => chip(row.outcome) },
    { head: "Order", cell: (row) => (row.orderId ? orderLink(row.orderId) : "–") },
    { head: "Provider's id", cell: (row) => (row.externalId ? make("code", { class: "id" }, short(row.externalId)) : "–") },
    { head: "Repeats", num: true, cell: (row) => String(row.repeats) },
    { head: "Replays", num: true, cell: (row) => String(row.replays) },
    { head: "Received", cell: (row) => ago(row.receivedAt) },
  ],
  key: (row) => row.id,
  address: (row) => `/console/webhook-logs/${row.id}`,
  exports: true,
  empty: "No provider has told us anything yet.",
  hears: (event) => event.type === "webhook:received",
});

export const refused = list({
  title: "Refused deliveries",
  about: "What came and was not believed: untrusted, kept for diagnosis, the oldest give way.",
  path: "/admin/webhook-logs/refused",
  filters: [],
  columns: [
    { head: "Claimed to be", cell: (row) => opens(`/console/webhook-logs/refused/${row.id}`, row.source) },
    { head: "Why", cell: (row) => chip(row.verdict, "bad") },
    { head: "Address", cell: (row) => make("code", {}, row.address || "–") },
    { head: "Bytes", num: true, cell: (row) => row.size.toLocaleString() },
    { head: "Repeats", num: true, cell: (row) => String(row.repeats) },
    { head: "Received", cell: (row) => ago(row.receivedAt) },
  ],
  key: (row) => row.id,
  address: (row) => `/console/webhook-logs/refused/${row.id}`,
  empty: "Nothing was refused.",
  hears: (event) => event.type === "webhook:received",
});

export async function oneRefused({ params }) {
  const box = make("div");
  const button = make("button", { type: "button", on: { click: open } }, "Show what it said");
  async function open() {
    const told = await ask(`/admin/webhook-logs/refused/${params.id}`);
    refill(box, make("h3", {}, "Headers"), facts(told.headers, "facts mono"), make("h3", {}, "Body, redacted"), make("pre", { tabindex: "0" }, written(told.body)));
  }
  refill(box, button);
  const head = make("header", { class: "head" }, make("p", { class: "crumb" }, make("a", { href: "/console/webhook-logs/refused" }, "Refused deliveries")),
    make("h1", { tabindex: "-1" }, `Refused ${short(params.id)}`), make("p", { class: "soft" }, "Untrusted: anyone may have sent it. The look is recorded."));
  return { title: "Refused delivery", nodes: [head, make("section", { class: "card" }, box)] };
}
