// The keyboard: letters that go somewhere, and the page that lists them. They can be switched off on each device.

import { at, make } from "/assets/admin/make.js";
import { dialog } from "/assets/admin/press.js";
import { go } from "/assets/admin/routes.js";

const OFF = "bitloot:no-keys";
const PATIENCE = 1200; // ms between g and what follows it

const PLACES = {
  d: ["", "Dashboard"], o: ["/orders", "Orders"], c: ["/cases", "Cases"], w: ["/webhook-logs", "Webhooks"], j: ["/jobs", "Dead jobs"],
  p: ["/payments", "Payments"], r: ["/reservations", "Reservations"], l: ["/letters", "Letters"], k: ["/key-audit", "Key audit"],
};

let going = 0; // until when a letter names a place

const on = () => localStorage.getItem(OFF) === null;

function step(by) {
  const links = [...document.querySelectorAll("main a[data-open]")];
  if (!links.length) return;
  const now = links.findIndex((link) => link.closest("tr, li") === document.activeElement?.closest("tr, li"));
  links[Math.min(links.length - 1, Math.max(0, now + by))].focus();
}

const press = (selector) => document.querySelector(selector)?.click();

const LETTERS = {
  "/": () => at("search-field").select(),
  "?": help,
  g: () => (going = Date.now() + PATIENCE),
  j: () => step(1),
  k: () => step(-1),
  "[": () => press('main a[rel="prev"]'),
  "]": () => press('main a[rel="next"]'),
  f: () => document.querySelector("main .filters :is(select, input)")?.focus(),
};

const SAID = [
  ["/", "Search by any id"], ["?", "This page"], ["j", "Next row"], ["k", "Row before"], ["Enter", "Open the row"],
  ["[", "Page before"], ["]", "Next page"], ["f", "Filters"], ["Esc", "Close a dialog"],
  ...Object.entries(PLACES).map(([letter, [, name]]) => [`g ${letter}`, name]),
];

export function help() {
  const rows = SAID.map(([letters, what]) => make("div", {}, make("dt", {}, letters.split(" ").map((letter) => make("kbd", {}, letter))), make("dd", {}, what)));
  const box = make("input", { id: "keys-on", type: "checkbox", checked: on() });
  box.addEventListener("change", () => (box.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")));
  const quit = make("button", { type: "button", on: { click: () => shown.close() } }, "Close");
  const shown = dialog({
    title: "Keyboard shortcuts",
    nodes: [make("dl", { class: "keys" }, rows), make("div", { class: "field check" }, box, make("label", { for: "keys-on" }, "Shortcuts are on, on this device")), quit],
  });
  quit.focus();
}

export function listen() {
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea, dialog");
    if (document.body.dataset.signed !== "in" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && event.target.id === "search-field") return event.target.blur();
    if (typing || !on()) return;
    const place = Date.now() < going && PLACES[event.key];
    going = 0;
    const pressed = place ? () => go(`/console${place[0]}`) : LETTERS[event.key];
    if (!pressed) return;
    event.preventDefault();
    pressed();
  });
}
