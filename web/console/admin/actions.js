// What an operator may do to an order. What may not be done now says why; what cannot be undone says so.

import { make } from "/assets/admin/make.js";
import { press } from "/assets/admin/press.js";
import { mayAct, who } from "/assets/admin/session.js";
import { plain, prose, short } from "/assets/admin/words.js";

const LETTERS = [
  ["keys_ready", "Keys ready (a fresh link; older ones end)"],
  ["order_received", "Order received"],
  ["payment_confirmed", "Payment confirmed"],
  ["underpaid", "Underpaid"],
  ["cannot_deliver", "Could not be bought"],
  ["refund", "Refund"],
];

const BACK = [
  { name: "amount", label: "Amount", hint: "In the coin that came." },
  { name: "coin", label: "Coin" },
  { name: "address", label: "Address", hint: "Where the money goes." },
];

const sure = (label) => ({ name: "sure", label, kind: "check", required: true });

const ACTIONS = {
  hold: { label: "Hold", says: "The order is parked: nothing is bought for it until it is released." },
  release: { label: "Release", says: "The order goes on from where it was held." },
  retry: { label: "Retry", says: "The step of the order’s state is sent again. Nothing is bought twice: purchase and payment are looked at first." },
  "resend-letter": { label: "Resend letter", says: "To the order’s own address, and no other.", fields: [{ name: "kind", label: "Letter", options: LETTERS, required: true }] },
  cancel: { label: "Cancel", danger: true, says: "The order ends without keys. Money that came for it is due back.", fields: BACK },
  refunded: {
    label: "Mark refunded", danger: true, says: "You say that the money has gone back. The right to the order’s keys ends with it.",
    fields: [{ name: "transaction", label: "Transaction", hint: "By which it went back, if there is one." }, sure("The money has gone back.")],
  },
  revoke: {
    label: "Revoke keys", danger: true, says: "The order’s keys are destroyed: neither the buyer nor we can read them again. There is no way back.",
    fields: [sure("Destroy the keys of this order, for good.")],
  },
};

const order = (name) => Object.keys(ACTIONS).indexOf(name);

// What the shop wants beside the reason: a letter's kind by itself, everything about money as the basis.
function bodyOf({ reason, kind, ...basis }) {
  return { reason, ...(kind && { kind }), ...(Object.keys(basis).length && { basis }) };
}

function sentence(known, answer) {
  return answer.status ? `${known.label}: done. The order is ${plain(answer.status)}.` : `${known.label}: done.`;
}

function open(found, name, after) {
  const known = ACTIONS[name];
  const written = new Set(found.letters.map((letter) => letter.kind));
  const fields = name === "resend-letter" ? [{ ...known.fields[0], options: LETTERS.filter(([kind]) => written.has(kind)) }] : known.fields;
  press({
    title: `${known.label}: order ${short(found.id)}`,
    says: known.says,
    label: known.label,
    danger: known.danger,
    fields,
    path: `/admin/orders/${found.id}/${name}`,
    body: bodyOf,
    done: (answer) => sentence(known, answer),
    after,
  });
}

// What nobody but this person's role forbids, in a sentence; null if his role allows it.
function roleForbids(name) {
  if (!mayAct()) return "Your role may look, and not act.";
  return name === "revoke" && who().role !== "owner" ? "Only an owner may do this." : null;
}

// found.actions: [{name, allowed, why}] as the shop judges the order.
export function actions(found, after) {
  const given = found.actions.filter((one) => ACTIONS[one.name]).sort((one, other) => order(one.name) - order(other.name));
  const judged = given.map((one) => ({ ...one, known: ACTIONS[one.name], why: one.allowed ? roleForbids(one.name) : one.why }));
  const may = judged.filter((one) => one.why === null);
  const not = judged.filter((one) => one.why !== null);
  const button = ({ name, known }) =>
    make("button", { class: known.danger ? "quiet dangerous" : "quiet", type: "button", data: { mark: `action-${name}` }, on: { click: () => open(found, name, after) } }, `${known.label}…`);
  const why = (one) => make("div", {}, make("dt", {}, one.known.label), make("dd", {}, prose(one.why)));
  return make(
    "section",
    { class: "card acts", "aria-label": "Actions" },
    make("h2", {}, "What you may do"),
    may.length ? make("div", { class: "buttons" }, may.map(button)) : make("p", { class: "soft" }, "Nothing, as things stand."),
    not.length > 0 && make("details", { data: { mark: "not-now" } }, make("summary", {}, `Not now (${not.length})`), make("dl", { class: "whys" }, not.map(why))),
  );
}
