// Times: how long ago for the eye, the exact moment as a title; counted on while the page is open.

import { make } from "/assets/admin/make.js";

const STEPS = [
  [60, 1, "s"],
  [3600, 60, "min"],
  [86400, 3600, "h"],
  [30 * 86400, 86400, "d"],
];

export function since(moment, now = Date.now()) {
  const seconds = Math.round((now - moment.getTime()) / 1000);
  const far = Math.abs(seconds);
  if (far < 5) return "just now";
  const step = STEPS.find(([limit]) => far < limit);
  if (!step) return moment.toLocaleDateString(undefined, { year: "numeric", month: "short", day: "numeric" });
  const told = `${Math.floor(far / step[1])} ${step[2]}`;
  return seconds < 0 ? `in ${told}` : `${told} ago`;
}

export const exact = (moment) =>
  `${moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" })} (${moment.toISOString()})`;

export function ago(text) {
  if (!text) return make("span", { class: "soft" }, "–");
  const moment = new Date(text);
  return make("time", { datetime: text, title: exact(moment), data: { ago: "1" } }, since(moment));
}

// With milliseconds, for a line of time.
export function clock(text) {
  const moment = new Date(text);
  const told = moment.toLocaleTimeString(undefined, { hour12: false, hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const parts = `${told}.${String(moment.getMilliseconds()).padStart(3, "0")}`;
  return make("time", { datetime: text, title: exact(moment) }, parts);
}

export const day = (text) =>
  new Date(text).toLocaleDateString(undefined, { weekday: "short", year: "numeric", month: "short", day: "numeric" });

// A length of time, given in seconds.
export function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const parts = seconds < 3600 ? [seconds / 60, "min", seconds % 60, "s"] : [seconds / 3600, "h", (seconds % 3600) / 60, "min"];
  const rest = Math.round(parts[2]);
  return `${Math.floor(parts[0])} ${parts[1]}${rest ? ` ${rest} ${parts[3]}` : ""}`;
}

// "24h", "7d" in an address mean the same tomorrow; the shop is asked for a moment.
export function momentOf(text, now = Date.now()) {
  const found = /^(\d{1,4})(h|d)$/.exec(text);
  if (found) return new Date(now - Number(found[1]) * (found[2] === "h" ? 3600e3 : 86400e3)).toISOString();
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? text : moment.toISOString();
}

setInterval(() => {
  for (const shown of document.querySelectorAll("time[data-ago]")) {
    const told = since(new Date(shown.dateTime));
    if (shown.textContent !== told) shown.textContent = told;
  }
}, 15000);
