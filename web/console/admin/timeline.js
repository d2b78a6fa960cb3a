// Everything that happened to an order, on one line of time: moves, notices, purchases, letters, accesses.

import { make } from "/assets/admin/make.js";
import { clock, day, span } from "/assets/admin/times.js";
import { plain, told } from "/assets/admin/words.js";

const HIDDEN = "bitloot:timeline-without";

const NAMES = { move: "Moves", notice: "Notices", purchase: "Purchases", call: "Calls", letter: "Letters", access: "Accesses", case: "Cases", payment: "Payments", key: "Keys", job: "Dead jobs", replay: "Replays" };

// Where an entry leads, by its kind.
const PLACES = { notice: "webhook-logs", replay: "webhook-logs", case: "cases", payment: "payments", purchase: "reservations", job: "jobs" };

function without() {
  return new Set((sessionStorage.getItem(HIDDEN) || "").split(" ").filter(Boolean));
}

function address(entry) {
  return PLACES[entry.kind] ? `/console/${PLACES[entry.kind]}/${entry.ref}` : null;
}

function item(entry, before) {
  const gap = before ? (new Date(entry.at) - new Date(before.at)) / 1000 : null;
  const place = address(entry);
  return make(
    "li",
    { class: `entry ${entry.kind}`, data: { kind: entry.kind } },
    make("div", { class: "when" }, clock(entry.at), gap !== null && make("span", { class: "soft gap" }, `+${span(gap)}`)),
    make("div", { class: "what" }, make("span", { class: "kind" }, entry.kind), place ? make("a", { href: place }, plain(entry.title)) : make("strong", {}, plain(entry.title)), entry.told.length > 0 && told(entry.told, "told-facts")),
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
export function timeline(entries, truncated) {
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
  return make("section", { class: "card", "aria-label": "Timeline" }, make("h2", {}, "Timeline"), make("div", { class: "toggles", role: "group", "aria-label": "Shown kinds" }, buttons),
    truncated && make("p", { class: "hint" }, "There is more: what is older than this was left out."), line);
}
