// Making elements. What is data goes in as text, never as markup.

export const at = (id) => document.getElementById(id);

// make("a", { class: "x", href: "/y", on: { click } }, "text", node, null): nothing is made of null, false and undefined.
export function make(tag, given = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, heard] of Object.entries(value)) made.addEventListener(event, heard);
    else if (name === "data") Object.assign(made.dataset, value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...inside.flat(3).filter((one) => one !== null && one !== undefined && one !== false));
  return made;
}

export function drawing(tag, given = {}, ...inside) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(given)) made.setAttribute(name, String(value));
  made.append(...inside);
  return made;
}

const markOf = (node) => node.id || node.dataset.mark || node.getAttribute("href") || "";

// Puts other nodes in place of what a box holds. Where the reader was stays: the focus, and what was folded open.
export function refill(box, ...nodes) {
  const active = box.contains(document.activeElement) ? markOf(document.activeElement) : "";
  const open = new Set([...box.querySelectorAll("details[open]")].map(markOf));
  const shut = new Set([...box.querySelectorAll("details:not([open])")].map(markOf));
  box.replaceChildren(...nodes.flat().filter(Boolean));
  for (const folded of box.querySelectorAll("details[data-mark]")) {
    if (open.has(markOf(folded))) folded.open = true;
    else if (shut.has(markOf(folded))) folded.open = false;
  }
  if (active) [...box.querySelectorAll("a, button, input, select, textarea, summary")].find((node) => markOf(node) === active)?.focus();
}
