// A small chart: bars of the median, with a mark for the slowest twentieth. The same figures stand in a table for readers.

import { drawing, make } from "/assets/admin/make.js";
import { span } from "/assets/admin/times.js";

const narrow = matchMedia("(max-width: 40rem)"); // there the picture is drawn smaller, so that its words stay readable
const HIGH = 190;
const FOOT = 26;
const LEFT = 58;

// Steps of an axis that end at or above `most`: 1, 2 or 5 of some power of ten.
function ceiling(most) {
  const power = 10 ** Math.floor(Math.log10(most || 1));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= most);
}

// A time, or in words why there is none: of those that were paid so many have no key that this one has none either.
export const waited = (seconds, orders) => (seconds === null && orders ? "no key" : span(seconds));

function grid(most, wide) {
  return [0, 0.5, 1].map((part) => {
    const y = 12 + (HIGH - FOOT - 12) * (1 - part);
    const label = drawing("text", { x: LEFT - 10, y: y + 4, "text-anchor": "end", class: "axis" });
    label.textContent = span(most * part);
    return drawing("g", {}, drawing("line", { x1: LEFT, x2: wide, y1: y, y2: y, class: part ? "grid" : "base" }), label);
  });
}

function picture(days) {
  const wide = narrow.matches ? 330 : 640;
  const most = ceiling(Math.max(...days.map((day) => day.p95 ?? day.p50 ?? 0), 0.1));
  const slot = (wide - LEFT) / days.length;
  const high = (seconds) => ((HIGH - FOOT - 12) * seconds) / most;
  const bars = days.map((day, n) => {
    const x = LEFT + slot * n + slot / 2;
    const name = drawing("text", { x, y: HIGH - 8, "text-anchor": "middle", class: "axis" });
    name.textContent = narrow.matches ? day.brief : day.name;
    const parts = [name];
    if (day.p50 === null && day.orders) {
      const none = drawing("text", { x, y: HIGH - FOOT - 8, "text-anchor": "middle", class: "axis" });
      none.textContent = "no key";
      parts.push(none);
    }
    if (day.p50 !== null) parts.push(drawing("rect", { x: x - 13, width: 26, rx: 4, y: HIGH - FOOT - high(day.p50), height: Math.max(high(day.p50), 2), class: "p50" }));
    if (day.p95 !== null) parts.push(drawing("line", { x1: x - 17, x2: x + 17, y1: HIGH - FOOT - high(day.p95), y2: HIGH - FOOT - high(day.p95), class: "p95" }));
    return drawing("g", {}, ...parts);
  });
  return drawing("svg", { viewBox: `0 0 ${wide} ${HIGH}`, class: "chart", "aria-hidden": "true" }, ...grid(most, wide), ...bars);
}

// What the picture cannot show: days of which half, or one in twenty, still wait.
function missing(days) {
  const told = days.filter((day) => day.orders && day.p95 === null).map((day) => `${day.name}: ${day.missed} of ${day.orders}`);
  if (!told.length) return null;
  return make("p", { class: "soft" }, `Paid without a key yet: ${told.join(", ")}. Where the order at p50 or p95 is one of them it has no time, and nothing is drawn.`);
}

// days: [{name, brief, p50, p95, orders, missed}]; seconds, null where that order has no key.
export function chart(days) {
  const row = (day) => make("tr", {}, make("th", { scope: "row" }, day.name), [String(day.orders), waited(day.p50, day.orders), waited(day.p95, day.orders)].map((text) => make("td", { class: "num" }, text)));
  const head = make("tr", {}, make("th", { scope: "col" }, "Day"), ["Paid orders", "p50", "p95"].map((text) => make("th", { scope: "col", class: "num" }, text)));
  const figures = make("details", { data: { mark: "chart-figures" } }, make("summary", {}, "The figures"), make("table", {}, make("thead", {}, head), make("tbody", {}, days.map(row))));
  const legend = make("p", { class: "legend soft" }, make("span", {}, make("span", { class: "swatch p50" }), "half are quicker (p50)"), make("span", {}, make("span", { class: "swatch p95" }), "19 of 20 are quicker (p95)"));
  const drawn = days.some((day) => day.p50 !== null) && [make("figcaption", {}, legend), picture(days)];
  return make("figure", {}, drawn, missing(days), figures);
}
