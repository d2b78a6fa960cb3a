// What an operator may do to an order. What may not be done now says why; what cannot be undone says so.

import { make } from "/assets/admin/make.js";
import { press } from "/assets/admin/press.js";
import { plain } from "/assets/admin/words.js";

const LETTERS = [
  ["keys_ready", "Keys ready (a fresh link; older ones end)"],
  ["order_received", "Order received"],
  ["payment_confirmed", "Payment confirmed"],
  ["underpaid", "Underpaid"],
  ["refund", "Refund"],
];

const sure = (label) => ({ name: "sure", label, kind: "check", required: true });

const ACTIONS = {
  hold: { label: "Hold", says: "The order is parked: nothing is bought for it until it is released." },
  release: { label: "Release", says: "The order goes on from where it was held." },
  retry: { label: "Retry", says: "The step of the order’s state is sent again. Nothing is bought twice: purchase and payment are looked at first." },
  "resend-letter": { label: "Resend letter", says: "To the order’s own address, and no other.", fields: [{ name: "kind", label: "Letter", options: LETTERS, required: true }] },
  cancel: { label: "Cancel", danger: true, says: "The order ends without keys. Money that came for it is due back." },
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

function sentence(known, answer) {
  if (answer.detail) return answer.detail;
  return answer.done === false ? `${known.label}: nothing was left to do.` : `${known.label}: done.`;
}

function open(id, name, after) {
  const known = ACTIONS[name] || { label: plain(name), says: "" };
  press({
    title: `${known.label}: order ${id.slice(0, 8)}`,
    says: known.says,
    label: known.label,
    danger: known.danger,
    fields: known.fields,
    path: `/admin/orders/${id}/${name}`,
    done: (answer) => sentence(known, answer),
    after,
  });
}

// given: [{name, allowed, why}] as the shop tells them for this order and this person.
export function actions(id, given, after) {
  const sorted = [...given].sort((one, other) => order(one.name) - order(other.name));
  const label = (one) => ACTIONS[one.name]?.label || plain(one.name);
  const button = (one) =>
    make("button", { class: ACTIONS[one.name]?.danger ? "quiet dangerous" : "quiet", type: "button", data: { mark: `action-${one.name}` }, on: { click: () => open(id, one.name, after) } }, `${label(one)}…`);
  const may = sorted.filter((one) => one.allowed);
  const not = sorted.filter((one) => !one.allowed);
  return make(
    "section",
    { class: "card acts", "aria-label": "Actions" },
    make("h2", {}, "What you may do"),
    may.length ? make("div", { class: "buttons" }, may.map(button)) : make("p", { class: "soft" }, "Nothing, as things stand."),
    not.length > 0 && make("details", { data: { mark: "not-now" } }, make("summary", {}, `Not now (${not.length})`), make("dl", { class: "whys" }, not.map((one) => make("div", {}, make("dt", {}, label(one)), make("dd", {}, one.why || "Not as things stand."))))),
  );
}
