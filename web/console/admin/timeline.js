// Everything that happened to an order, on one line of time: moves, notices, purchases, letters, accesses.

import { make } from "/assets/admin/make.js";
import { clock, day, span } from "/assets/admin/times.js";
import { plain, written } from "/assets/admin/words.js";

const HIDDEN = "bitloot:timeline-without";

const NAMES = { move: "Moves", notice: "Notices", purchase: "Purchases", call: "Calls", letter: "Letters", access: "Accesses", case: "Cases", payment: "Payments", key: "Keys", job: "Dead jobs", replay: "Replays" };

// Where an entry leads, by its kind.
const PLACES = { notice: "webhook-logs", case: "cases", payment: "payments", purchase: "reservations", job: "jobs" };

function without() {
  return new Set((sessionStorage.getItem(HIDDEN) || "").split(" ").filter(Boolean));
}

function address(entry) {
  const ref = entry.ref && typeof entry.ref === "object" ? entry.ref.id : entry.ref;
  return PLACES[entry.kind] && ref ? `/console/${PLACES[entry.kind]}/${ref}` : null;
}

function told(details) {
  if (details === null || details === undefined || details === "") return null;
  if (typeof details === "string") return make("p", {}, details);
  const pairs = Object.entries(details).filter(([, value]) => value !== null && value !== undefined && value !== "" && !(typeof value === "object" && !Object.keys(value).length));
  if (!pairs.length) return null;
  return make("dl", { class: "told-facts" }, pairs.map(([name, value]) => make("div", {}, make("dt", {}, plain(name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`))), make("dd", {}, typeof value === "object" ? make("code", {}, JSON.stringify(value)) : String(value)))));
}

function item(entry, before) {
  const gap = before ? (new Date(entry.at) - new Date(before.at)) / 1000 : null;
  const place = address(entry);
  return make(
    "li",
    { class: `entry ${entry.kind}`, data: { kind: entry.kind } },
    make("div", { class: "when" }, clock(entry.at), gap !== null && make("span", { class: "soft gap" }, `+${span(gap)}`)),
    make("div", { class: "what" }, make("span", { class: "kind" }, entry.kind), place ? make("a", { href: place }, entry.title) : make("strong", {}, entry.title), told(entry.details)),
  );
}

function byDay(entries) {
  const days = new Map();
  entries.forEach((entry, n) => {
    const name = day(entry.at);
    days.set(name, [...(days.get(name) || []), item(entry, entries[n - 1])]);
  });
  return [...days].map(([name, items]) => make("div", {}, make("h3", {}, name), make("ol", { class: "timeline" }, items)));
}

// entries: [{at, kind, title, details, ref}], oldest first. Kinds are switched off for this tab.
export function timeline(entries) {
  const off = without();
  const kinds = [...new Set(entries.map((entry) => entry.kind))];
  const line = make("div");
  const draw = () => {
    const kept = entries.filter((entry) => !off.has(entry.kind));
    line.replaceChildren(...(kept.length ? byDay(kept) : [make("p", { class: "soft" }, "Nothing to show with these kinds.")]));
  };
  const buttons = kinds.map((kind) => {
    const count = entries.filter((entry) => entry.kind === kind).length;
    const button = make("button", { class: "toggle", type: "button", "aria-pressed": String(!off.has(kind)), data: { mark: `kind-${kind}` } }, make("span", { class: `dot ${kind}` }), `${NAMES[kind] || plain(kind)} ${count}`);
    button.addEventListener("click", () => {
      if (!off.delete(kind)) off.add(kind);
      sessionStorage.setItem(HIDDEN, [...off].join(" "));
      button.setAttribute("aria-pressed", String(!off.has(kind)));
      draw();
    });
    return button;
  });
  draw();
  return make("section", { class: "card", "aria-label": "Timeline" }, make("h2", {}, "Timeline"), make("div", { class: "toggles", role: "group", "aria-label": "Shown kinds" }, buttons), line);
}
