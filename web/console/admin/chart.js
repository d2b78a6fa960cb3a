// A small chart: bars of the median, with a mark for the slowest twentieth. The same figures stand in a table for readers.

import { drawing, make } from "/assets/admin/make.js";
import { span } from "/assets/admin/times.js";

const WIDE = 640;
const HIGH = 190;
const FOOT = 26;
const LEFT = 58;

// Steps of an axis that end at or above `most`: 1, 2 or 5 of some power of ten.
function ceiling(most) {
  const power = 10 ** Math.floor(Math.log10(most || 1));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= most);
}

function grid(most) {
  return [0, 0.5, 1].map((part) => {
    const y = 12 + (HIGH - FOOT - 12) * (1 - part);
    const label = drawing("text", { x: LEFT - 10, y: y + 4, "text-anchor": "end", class: "axis" });
    label.textContent = span(most * part);
    return drawing("g", {}, drawing("line", { x1: LEFT, x2: WIDE, y1: y, y2: y, class: part ? "grid" : "base" }), label);
  });
}

// days: [{name, p50, p95, orders}]; seconds, null where nothing was delivered.
export function chart(days) {
  const most = ceiling(Math.max(...days.map((day) => day.p95 ?? day.p50 ?? 0), 0.1));
  const slot = (WIDE - LEFT) / days.length;
  const high = (seconds) => ((HIGH - FOOT - 12) * seconds) / most;
  const bars = days.map((day, n) => {
    const x = LEFT + slot * n + slot / 2;
    const name = drawing("text", { x, y: HIGH - 8, "text-anchor": "middle", class: "axis" });
    name.textContent = day.name;
    const parts = [name];
    if (day.p50 !== null) parts.push(drawing("rect", { x: x - 13, width: 26, rx: 4, y: HIGH - FOOT - high(day.p50), height: Math.max(high(day.p50), 2), class: "p50" }));
    if (day.p95 !== null) parts.push(drawing("line", { x1: x - 17, x2: x + 17, y1: HIGH - FOOT - high(day.p95), y2: HIGH - FOOT - high(day.p95), class: "p95" }));
    return drawing("g", {}, ...parts);
  });
  const picture = drawing("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, class: "chart", "aria-hidden": "true" }, ...grid(most), ...bars);
  const row = (day) => make("tr", {}, make("th", { scope: "row" }, day.name), [String(day.orders), span(day.p50), span(day.p95)].map((text) => make("td", { class: "num" }, text)));
  const head = make("tr", {}, make("th", { scope: "col" }, "Day"), ["Paid orders", "p50", "p95"].map((text) => make("th", { scope: "col", class: "num" }, text)));
  const figures = make("details", { data: { mark: "chart-figures" } }, make("summary", {}, "The figures"), make("table", {}, make("thead", {}, head), make("tbody", {}, days.map(row))));
  const legend = make("p", { class: "legend soft" }, make("span", { class: "swatch p50" }), "half are quicker (p50)", make("span", { class: "swatch p95" }), "19 of 20 are quicker (p95)");
  return make("figure", {}, make("figcaption", {}, legend), picture, figures);
}
