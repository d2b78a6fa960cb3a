// What differs between two notices, field by field.

import { make } from "/assets/admin/make.js";
import { written } from "/assets/admin/words.js";

// {a: {b: 1}} as [["a.b", 1]].
function flat(value, path = "") {
  if (value === null || typeof value !== "object") return [[path || "body", value]];
  return Object.entries(value).flatMap(([name, inside]) => flat(inside, path ? `${path}.${name}` : name));
}

const cell = (value) => (value === undefined ? make("span", { class: "soft" }, "not there") : make("code", {}, written(value)));

export function differences(older, newer) {
  const before = new Map(flat(older));
  const after = new Map(flat(newer));
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const changed = names.filter((name) => written(before.get(name) ?? null) !== written(after.get(name) ?? null) || before.has(name) !== after.has(name));
  if (!changed.length) return make("p", {}, `Nothing differs: ${names.length} fields are equal.`);
  const rows = changed.map((name) =>
    make("tr", {}, make("th", { scope: "row" }, make("code", {}, name)), make("td", {}, make("del", {}, cell(before.get(name)))), make("td", {}, make("ins", {}, cell(after.get(name))))),
  );
  const head = make("tr", {}, ["Field", "The other", "This one"].map((text) => make("th", { scope: "col" }, text)));
  return make(
    "div",
    {},
    make("p", {}, `${changed.length} of ${names.length} fields differ.`),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Differences" }, make("table", { class: "diff" }, make("thead", {}, head), make("tbody", {}, rows))),
  );
}
