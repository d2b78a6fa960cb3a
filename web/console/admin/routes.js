// Addresses: every view and every filter has its own. One view is shown at a time, and the newest wish wins.

import { at, make, refill } from "/assets/admin/make.js";

const ROOT = "/console";
const views = []; // [parts, view, name]
let turn = 0;
let present = null; // {hears, again, rest, leave} of the view that is shown

export function route(pattern, name, view) {
  views.push([pattern.split("/").filter(Boolean), view, name]);
}

function find(path) {
  const parts = path.slice(ROOT.length).split("/").filter(Boolean).map(decodeURIComponent);
  for (const [wanted, view, name] of views) {
    if (wanted.length !== parts.length) continue;
    const params = {};
    const fits = wanted.every((part, n) => (part.startsWith(":") ? ((params[part.slice(1)] = parts[n]), true) : part === parts[n]));
    if (fits) return { view, name, params };
  }
  return null;
}

export const here = () => ({ path: location.pathname, query: Object.fromEntries(new URLSearchParams(location.search)) });

export const shown = () => present;

// A heading, and the sentence that says what went wrong.
export function trouble(error, again) {
  const title = error.status === 404 ? "Nothing here" : "This could not be shown";
  const retry = again && make("button", { type: "button", on: { click: again } }, "Try again");
  return [make("h1", { tabindex: "-1" }, title), make("p", { class: "trouble", role: "alert" }, error.message), retry];
}

function settle(title, { focus = true } = {}) {
  document.title = `${title} · BitLoot`;
  if (focus) at("main").querySelector("h1")?.focus({ preventScroll: true });
}

// A view: async ({params, query}) => {title, nodes, again?, hears?, rest?, leave?}.
export async function show({ focus = true } = {}) {
  const mine = ++turn;
  const found = find(location.pathname);
  for (const link of document.querySelectorAll("#nav a")) {
    if (link.dataset.view === found?.name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  at("main").setAttribute("aria-busy", "true");
  let made;
  try {
    if (!found) throw Object.assign(new Error("This address belongs to no view of the console."), { status: 404 });
    made = await found.view({ params: found.params, query: here().query });
  } catch (error) {
    if (mine !== turn || error.name === "AbortError") return;
    made = { title: "Trouble", nodes: trouble(error, () => show()) };
  }
  if (mine !== turn) return;
  present?.leave?.();
  present = made;
  refill(at("main"), ...made.nodes);
  at("main").removeAttribute("aria-busy");
  settle(made.title, { focus });
  document.dispatchEvent(new CustomEvent("shown"));
}

// Nothing is shown, and whatever is on its way comes too late.
export function clear() {
  turn += 1;
  present?.leave?.();
  present = null;
}

const signedIn = () => document.body.dataset.signed === "in";

export function go(address, { replace = false, focus = true } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", address);
  if (!replace) scrollTo(0, 0);
  return show({ focus });
}

// Follows links and the browser's own way back.
export function listen() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!signedIn() || !link || !plain || link.target || link.hasAttribute("download")) return;
    const address = new URL(link.href);
    if (address.origin !== location.origin || !/^\/console(\/|$)/.test(address.pathname) || link.hash) return;
    event.preventDefault();
    go(address.pathname + address.search);
  });
  addEventListener("popstate", () => signedIn() && show());
}
