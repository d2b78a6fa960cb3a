// How things of the trade are written: states as chips, amounts, ids.

import { make } from "/assets/admin/make.js";
import { clock } from "/assets/admin/times.js";

const GOOD = "fulfilled finished stored sent delivered granted moved matched verified true confirmed ok done resolved retried active known";
const WAIT = "created paid waiting ready sending confirming placed intent committing queued sealed open_payment asked";
const WARN = "review refund_due hold partial partially_paid ambiguous blocked open late underpaid overpaid deferred unknown";
const BAD = "failed manual dead refused forged bounced complained revoked withdrawn missed";

const TONES = new Map(
  Object.entries({ good: GOOD, wait: WAIT, warn: WARN, bad: BAD }).flatMap(([tone, words]) =>
    words.split(" ").map((word) => [word, tone]),
  ),
);

export const plain = (word) => String(word ?? "").replaceAll("_", " ");

export const titled = (word) => plain(word).replace(/^./, (letter) => letter.toUpperCase());

export function chip(word, tone = TONES.get(String(word)) || "calm") {
  if (word === null || word === undefined || word === "") return make("span", { class: "soft" }, "–");
  return make("span", { class: `chip ${tone}` }, plain(word));
}

// A sentence in which `words of the machine` stand between backticks.
export const prose = (text) => text.split("`").map((part, n) => (n % 2 ? make("code", {}, part) : part));

export function money(amount, currency) {
  if (amount === null || amount === undefined) return "–";
  const [whole, part] = String(amount).split("."); // text, digit for digit: no float comes near an amount
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return `${part ? `${grouped}.${part}` : grouped} ${(currency || "").toUpperCase()}`.trim();
}

const LONG = 20; // characters of an id that are shown whole

// Ids by their first part; the whole one is the title, and what is copied.
export function short(id) {
  if (/^[0-9a-f]{8}-/.test(id || "")) return id.slice(0, 8);
  return id && id.length > LONG ? `${id.slice(0, 11)}…` : id || "–";
}

export function idText(id) {
  return id ? make("code", { class: "id", title: id }, short(id)) : make("span", { class: "soft" }, "–");
}

export function idLink(address, id, given = {}) {
  return id ? make("a", { class: "id", href: address, title: id, ...given }, short(id)) : idText(id);
}

export const orderLink = (id) => idLink(`/console/orders/${id}`, id);

export function copyButton(text, what) {
  const label = `Copy ${what}`;
  const button = make("button", { class: "quiet small", type: "button" }, label);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select it by hand";
    }
    setTimeout(() => (button.textContent = label), 2000);
  });
  return button;
}

// {name: value} as a list of facts; nodes stay nodes, what is missing is left out.
export function facts(pairs, className = "facts") {
  const told = Object.entries(pairs).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return make(
    "dl",
    { class: className },
    told.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value instanceof Node ? value : String(value)))),
  );
}

const MOMENT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/;

// [{label, text}], as the shop tells figures, as a list of facts; times by the reader's clock.
export function told(figures, className = "facts") {
  return make(
    "dl",
    { class: className },
    figures.map(({ label, text }) => make("div", {}, make("dt", {}, label), make("dd", {}, MOMENT.test(text) ? clock(text) : text))),
  );
}

// Any JSON, written out for reading.
export const written = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

// {"why": "spam"} as {"Why": "spam"}, for facts(); what is nested is written out.
export const named = (given) => Object.fromEntries(Object.entries(given).map(([name, value]) => [titled(name), written(value)]));
