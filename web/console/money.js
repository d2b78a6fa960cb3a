// What the buyer is to pay, and what came of it where that is not the same.

import { at } from "/assets/keys.js";

const BOUGHT = ["paid", "waiting", "ready", "fulfilled"]; // what was asked for came

export function showPayment(order) {
  const payment = order.payment;
  at("payment").hidden = order.status !== "created" || !payment;
  if (at("payment").hidden) return;
  at("pay-amount").textContent = `${payment.payAmount} ${payment.payCurrency.toUpperCase()}`;
  at("pay-amount").dataset.value = payment.payAmount;
  at("pay-address").textContent = payment.payAddress;
  at("memo-field").hidden = !payment.payinExtraId;
  at("pay-memo").textContent = payment.payinExtraId || "";
  const until = payment.validUntil && new Date(payment.validUntil);
  at("pay-until").hidden = !until;
  at("pay-until").textContent = until ? `This quote holds until ${inUtc(until)}.` : "";
  at("pay-price").textContent = `${order.price} ${order.currency.toUpperCase()}`;
}

// As letters write it: 2026-11-29 01:43 UTC.
const inUtc = (moment) => `${moment.toISOString().slice(0, 16).replace("T", " ")} UTC`;

// Too little or too much: what came, what was asked for, and the difference.
export function showWhatCame(order, problem) {
  const payment = order.payment;
  const short = problem === "underpaid" && payment?.missing;
  const surplus = BOUGHT.includes(order.status) && payment?.surplus;
  at("came").hidden = !short && !surplus;
  if (at("came").hidden) return;
  const coins = (amount) => `${amount} ${payment.payCurrency.toUpperCase()}`;
  at("came-received").textContent = coins(payment.actuallyPaid);
  at("came-asked").textContent = coins(payment.payAmount);
  at("came-word").textContent = short ? "Missing" : "Too much";
  at("came-difference").textContent = coins(short || surplus);
  at("came-told").textContent = short
    ? "Please do not send the rest on your own: the address may no longer take it."
    : "More came than we asked for. Your order goes on all the same, and a person looks at the surplus.";
}
