// Cases: questions for a person, and the moves that are permitted now.

import { ask } from "/assets/admin/house.js";
import { list } from "/assets/admin/list.js";
import { make, refill } from "/assets/admin/make.js";
import { press } from "/assets/admin/press.js";
import { mayAct } from "/assets/admin/session.js";
import { opens } from "/assets/admin/table.js";
import { ago } from "/assets/admin/times.js";
import { chip, facts, idText, named, orderLink, plain, prose, titled, told } from "/assets/admin/words.js";

const hears = (event) => event.type.startsWith("fulfillment:") || event.type.startsWith("payment:");

export const KINDS = [
  "underpaid", "overpaid", "late", "wrong_asset", "repeated_deposit", "price_mismatch", "currency_mismatch", "incomplete",
  "foreign_order", "paid_in_review", "paid_again", "gateway_disagrees", "gateway_refuses", "refunded_at_gateway", "refund",
  "purchase_in_doubt", "bought_twice", "reference_taken", "purchase_failed", "purchase_ended", "keys_not_to_be_had",
  "key_unreadable", "duplicate_key", "surplus_keys", "ended_after_delivery", "orphan_purchase", "letter_failed",
  "letter_in_doubt", "stuck",
];

export const cases = list({
  title: "Cases",
  about: "Questions that only a person can answer. Each says what may be done about it now.",
  path: "/admin/cases",
  filters: [
    { name: "state", label: "State", options: ["open", "resolved"] },
    { name: "kind", label: "Kind", options: KINDS },
    { name: "orderId", label: "Order", hint: "Order id", wide: true },
  ],
  columns: [
    { head: "Case", cell: (row) => opens(`/console/cases/${row.id}`, titled(row.kind)) },
    { head: "State", cell: (row) => chip(row.state) },
    { head: "Order", cell: (row) => orderLink(row.orderId) },
    { head: "Order is", cell: (row) => chip(row.orderStatus) },
    { head: "May be, or was", cell: (row) => row.moves.map((move) => plain(move.name)).join(", ") || (row.resolution ? plain(row.resolution) : "–") },
    { head: "Opened", cell: (row) => ago(row.openedAt) },
  ],
  key: (row) => row.id,
  address: (row) => `/console/cases/${row.id}`,
  exports: true,
  empty: "No cases. Nothing waits for a person.",
  hears,
});

const BASIS = {
  refund_due: [
    { name: "amount", label: "Amount", hint: "What goes back, in the coin that came. Left out: what the case's figures tell." },
    { name: "coin", label: "Coin" },
    { name: "address", label: "Address", hint: "Where the money goes. Not known yet: give it with “refunded”, in the case that this opens." },
  ],
  refunded: [
    { name: "address", label: "Address", hint: "Where the money went, unless the figures tell it." },
    { name: "transaction", label: "Transaction", hint: "By which the money went." },
  ],
  adopt: [{ name: "ref", label: "The supplier's order", required: true, hint: "The id by which the supplier knows it." }],
};

function resolve(found, move, again) {
  press({
    title: `${titled(move.name)}: ${plain(found.kind)}`,
    says: prose(move.says),
    label: `Resolve as “${plain(move.name)}”`,
    danger: ["refund_due", "reject", "not_bought"].includes(move.name),
    fields: BASIS[move.name],
    path: `/admin/cases/${found.id}/resolve`,
    body: ({ reason, ...basis }) => ({ move: move.name, reason, ...(Object.keys(basis).length && { basis }) }),
    done: (answer) => {
      const waits = answer.waitsFor.length ? ` The order still waits for: ${answer.waitsFor.map(plain).join(", ")}.` : "";
      return `Resolved. The order is ${plain(answer.case.orderStatus)}.${waits}`;
    },
    after: again,
  });
}

function movesOf(found, again) {
  if (!found.moves.length) return null;
  const rows = found.moves.map((move) => {
    const button = make("button", { class: "quiet", type: "button", disabled: !mayAct(), data: { mark: `move-${move.name}` }, on: { click: () => resolve(found, move, again) } }, `${titled(move.name)}…`);
    return make("li", {}, button, make("p", {}, prose(move.says)));
  });
  const why = !mayAct() && make("p", { class: "soft" }, "Your role may look, and not answer.");
  return make("section", { class: "card" }, make("h2", {}, "What may be done now"), why, make("ul", { class: "moves" }, rows));
}

export async function oneCase({ params }) {
  const body = make("div");
  async function look() {
    const found = await ask(`/admin/cases/${params.id}`);
    const again = () => look();
    refill(
      body,
      make("header", { class: "head" }, make("p", { class: "crumb" }, make("a", { href: "/console/cases" }, "Cases")),
        make("h1", { tabindex: "-1" }, titled(found.kind)), make("p", { class: "chips" }, chip(found.state))),
      make("section", { class: "card" }, facts({
        Order: orderLink(found.orderId), "Order is": chip(found.orderStatus), About: idText(found.subject),
        Opened: ago(found.openedAt), Resolved: found.resolvedAt && ago(found.resolvedAt), By: found.resolvedBy,
        As: found.resolution && plain(found.resolution), Reason: found.reason,
      })),
      movesOf(found, again),
      make("section", { class: "card" }, make("h2", {}, "Figures"),
        found.told.length ? told(found.told) : make("p", { class: "soft" }, "This kind of case has none.")),
      found.basis && make("section", { class: "card" }, make("h2", {}, "What the answer rests on"), facts(named(found.basis))),
    );
    return found;
  }
  const found = await look();
  return { title: `Case: ${plain(found.kind)}`, nodes: [body], again: () => look().catch(() => {}), hears: (event) => event.order === found.orderId };
}
