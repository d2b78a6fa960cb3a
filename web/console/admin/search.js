// One field for any id: of ours, of a provider, of a supplier, or a mail address. A single find is opened at once.

import { ask } from "/assets/admin/house.js";
import { make } from "/assets/admin/make.js";
import { go } from "/assets/admin/routes.js";
import { chip, money, plain, short } from "/assets/admin/words.js";

const WHOLE = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

const order = (row) => ({ kind: "Order", address: `/console/orders/${row.id}`, name: `${short(row.id)}, ${row.email}`, state: row.state, more: money(row.price, row.currency) });

// Where an id of ours may lead: [path of its detail, what it is].
const OWN = [
  ["cases", (found) => ({ kind: "Case", address: `/console/cases/${found.id}`, name: plain(found.kind), state: found.state })],
  ["webhook-logs", (found) => ({ kind: "Webhook", address: `/console/webhook-logs/${found.id}`, name: `${found.source}: ${found.event}`, state: found.verdict })],
  ["jobs", (found) => ({ kind: "Dead job", address: `/console/jobs/${found.id}`, name: found.actor, state: found.state })],
  ["payments", (found) => ({ kind: "Payment", address: `/console/payments/${found.id}`, name: found.gatewayPaymentId, state: found.state })],
  ["reservations", (found) => ({ kind: "Reservation", address: `/console/reservations/${found.id}`, name: found.name, state: found.state })],
];

const none = (error) => {
  if (error.status === 404 || error.status === 422) return null;
  throw error;
};

async function orders(text) {
  const told = await ask("/admin/orders", { q: text, limit: 20 }).catch(none);
  return (told?.data || []).map(order);
}

async function own(text) {
  if (!WHOLE.test(text)) return [];
  const found = await Promise.all(OWN.map(async ([path, told]) => {
    const one = await ask(`/admin/${path}/${text.toLowerCase()}`).catch(none);
    return one && told(one);
  }));
  return found.filter(Boolean);
}

const row = (find) =>
  make("li", {}, make("span", { class: "soft" }, find.kind), make("a", { href: find.address, data: { open: "1" } }, find.name), chip(find.state), find.more && make("span", { class: "soft" }, find.more));

export async function search({ query }) {
  const text = (query.q || "").trim();
  const finds = text ? (await Promise.all([own(text), orders(text)])).flat() : [];
  if (finds.length === 1) {
    await go(finds[0].address, { replace: true });
    throw new DOMException("gone on", "AbortError");
  }
  const told = finds.length
    ? make("ul", { class: "card finds" }, finds.map(row))
    : make("div", { class: "empty" }, make("p", {}, text ? `Nothing is called “${text}” here. Ids of ours may be shortened to their first part; those of providers are whole.` : "Type an id or a mail address into the field above."));
  return { title: "Search", nodes: [make("header", { class: "head" }, make("h1", { tabindex: "-1" }, text ? `Found for “${text}”` : "Search")), told] };
}
